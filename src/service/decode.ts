import { bookRows, ohlcRow, plainRow } from '../capture/rows.js'
import type { Conversation, ExchangeAdapter, Reading } from '../exchanges/exchange.js'
import { maybeGunzip, readLines } from '../lib/lines.js'
import { CHANNELS, type Channel } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { type AdapterEvent, frameNumber, type Receipt } from '../model/event.js'
import { type FrameRecord, parseFrameRecord } from '../model/frame-record.js'
import { type Strange, strangeIn } from '../model/shape.js'
import { type Nanos, nanosFromIso } from '../model/time.js'

/** How many frames were read as what. */
export type DecodeCounts = Record<Reading['kind'], number>

export interface DecodeReport {
  readonly counts: DecodeCounts
  /** Events written; the rows of a book are one event. */
  readonly events: number
  /** Records that are no received WebSocket frame: sent messages, REST answers. */
  readonly skipped: number
  /** The first frames that were `bad` or `unknown`, by line. */
  /** What is not as the exchange documents it, by channel, and in how many frames. */
  readonly drifts: readonly (Strange & { readonly channel: Channel; readonly count: number })[]
  readonly problems: readonly { readonly line: number; readonly kind: 'bad' | 'unknown'; readonly reason: string }[]
}

/** Whether every frame was understood. */
export function understood(report: DecodeReport): boolean {
  return report.counts.bad + report.counts.unknown === 0
}

const LONGEST_LINE = 64 * 1024 * 1024
const PROBLEMS_KEPT = 20
const DRIFTS_KEPT = 200
/** Connections remembered at a time; the one that began first is forgotten then. */
const CONVERSATIONS_KEPT = 1000
const CHUNK = 64 * 1024
/** Stands for "later than any exchange time" where the receive time is not known. */
const END_OF_TIME: Nanos = 2n ** 63n - 1n

/**
 * Reads frames, one a line (the raw text, or a record of a recording; gzip allowed), and writes their events as ndjson: `exchange`, `kind`,
 * `symbol` and the columns of the store. Numbers are the texts of the wire, times nanoseconds as text, `null` what is not known. Candles that
 * are still open are written too, `closed` tells. Each `capture` and `conn` is a connection of its own; raw lines are one together.
 * Throws CollectorError BAD_MESSAGE when the input is damaged gzip, and what the input throws.
 */
export async function decode(
  adapter: ExchangeAdapter,
  input: AsyncIterable<Uint8Array>,
  write: (text: string) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<DecodeReport> {
  const decoding = new Decoding(adapter)
  for await (const lines of readLines(unzipped(input), LONGEST_LINE)) {
    signal?.throwIfAborted()
    for (const line of lines) {
      if (line.text === undefined) decoding.unreadable(line.number, line.problem ?? 'not readable')
      else decoding.line(line.number, line.text)
      if (decoding.pendingChars > CHUNK) await write(decoding.take())
    }
  }
  if (decoding.pendingChars > 0) await write(decoding.take())
  return decoding.report
}

async function* unzipped(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* maybeGunzip(input)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('Z_')) throw error
    throw new CollectorError('BAD_MESSAGE', `the input is damaged gzip (${code})`, { cause: error })
  }
}

interface Connection {
  readonly number: number
  readonly conversation: Conversation
  frames: number
}

class Decoding {
  private readonly adapter: ExchangeAdapter
  private readonly connections = new Map<string, Connection>()
  private opened = 0
  private pending: string[] = []
  pendingChars = 0
  private readonly counts: DecodeCounts = {
    data: 0,
    ack: 0,
    reject: 0,
    heartbeat: 0,
    notice: 0,
    failure: 0,
    bad: 0,
    unknown: 0,
  }
  private events = 0
  private skipped = 0
  private readonly drifts = new Map<string, DecodeReport['drifts'][number]>()
  private readonly problems: DecodeReport['problems'][number][] = []

  constructor(adapter: ExchangeAdapter) {
    this.adapter = adapter
  }

  get report(): DecodeReport {
    return {
      counts: { ...this.counts },
      events: this.events,
      skipped: this.skipped,
      drifts: [...this.drifts.values()],
      problems: [...this.problems],
    }
  }

  take(): string {
    const text = this.pending.join('')
    this.pending = []
    this.pendingChars = 0
    return text
  }

  unreadable(line: number, reason: string): void {
    this.count(line, { kind: 'bad', reason, events: [] })
  }

  line(number: number, text: string): void {
    if (text === '') return
    const record = parseFrameRecord(text)
    if (record && (record.direction !== 'in' || record.transport !== 'ws')) {
      this.skipped++
      return
    }
    const connection = this.connection(record)
    const message = record?.message ?? text
    const reading = connection.conversation.read(message)
    this.count(number, reading)
    this.compare(message, reading)
    const receiveTime = nanosFromIso(record?.recv)
    const receipt = {
      receiveTime: receiveTime ?? END_OF_TIME,
      frame: frameNumber(connection.number, connection.frames++),
    }
    let row = 0
    for (const event of reading.events) {
      const rows = this.rowsOf(event, receipt, row)
      row += rows.length
      this.events++
      for (const each of rows) this.out(receiveTime === undefined ? { ...each, receive_time: null } : each)
    }
  }

  private connection(record: FrameRecord | undefined): Connection {
    const key = record ? `${record.capture ?? ''}\n${record.conn ?? ''}` : ''
    const known = this.connections.get(key)
    if (known) return known
    // Some venues tell by the path what the frames leave out.
    const path = record?.url && URL.canParse(record.url) ? new URL(record.url).pathname : ''
    const conversation = this.adapter.live.converse({ path, subscriptions: [], accept: 'all' })
    const connection = { number: this.opened++, conversation, frames: 0 }
    this.connections.set(key, connection)
    const [oldest] = this.connections.keys()
    if (this.connections.size > CONVERSATIONS_KEPT && oldest !== undefined) this.connections.delete(oldest)
    return connection
  }

  private count(line: number, reading: Reading): void {
    this.counts[reading.kind]++
    if (reading.kind !== 'bad' && reading.kind !== 'unknown') return
    if (this.problems.length < PROBLEMS_KEPT) this.problems.push({ line, kind: reading.kind, reason: reading.reason })
  }

  /** With what the exchange documents. */
  private compare(message: string, reading: Reading): void {
    if (reading.kind !== 'data') return
    const name = /^\w+/.exec(reading.subscription)?.[0]
    const channel = CHANNELS.find((each) => each === name)
    const shape = channel && this.adapter.shapes[channel]
    if (!shape) return
    for (const strange of strangeIn(JSON.parse(message), shape)) {
      const key = `${channel} ${strange.what} ${strange.name}`
      const count = (this.drifts.get(key)?.count ?? 0) + 1
      if (count > 1 || this.drifts.size < DRIFTS_KEPT) this.drifts.set(key, { ...strange, channel, count })
    }
  }

  private rowsOf(event: AdapterEvent, receipt: Receipt, row: number): object[] {
    const { symbol } = event
    const named = (kind: string) => ({ exchange: this.adapter.id, kind, symbol: symbol ?? null })
    switch (event.kind) {
      case 'candle':
        return [
          {
            ...named('ohlc'),
            interval: event.interval,
            closed: event.closed ?? null,
            ...ohlcRow(event, receipt, row),
          },
        ]
      case 'break':
        return [{ ...named('break'), code: event.code, detail: event.detail, ...receiptOf(receipt) }]
      case 'book_snapshot':
      case 'book_delta':
        return bookRows(event, receipt, row).map((each) => ({ ...named('book_deltas'), ...each }))
      default: {
        const { kind, row: values } = plainRow(event, receipt, row)
        return [{ ...named(kind), ...values }]
      }
    }
  }

  private out(row: object): void {
    const line = `${JSON.stringify(row, textOf)}\n`
    this.pending.push(line)
    this.pendingChars += line.length
  }
}

function receiptOf({ receiveTime, frame }: Receipt) {
  return { receive_time: receiveTime, frame }
}

/** Big numbers as text; the partition's day is no column. */
function textOf(name: string, value: unknown): unknown {
  if (name === 'day') return undefined
  return typeof value === 'bigint' ? value.toString() : value
}
