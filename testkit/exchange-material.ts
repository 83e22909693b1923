import { createHash } from 'node:crypto'
import { type ExchangeAdapter, type Reading, type Subscription, subscriptionId } from '../src/exchanges/exchange.js'
import type { AdapterEvent, MarketData } from '../src/model/event.js'
import { type Capture, capturesOf, type Recorded, readRecordFolder, readRecordings } from './recordings.js'

/** A received frame and what the adapter made of it. */
export interface Read {
  readonly record: Recorded
  readonly reading: Reading
}

/** A capture read through, one conversation per connection. `steps` holds its REST answers too, in order. */
export interface ReadCapture {
  readonly name: string
  readonly documented: boolean
  readonly steps: readonly (Read | Recorded)[]
  readonly reads: readonly Read[]
}

export interface MaterialOptions {
  /** Folder of the frames written by hand from the documentation. */
  readonly frames: string
  /** The subscriptions that the documented capture `session` makes; it is read with this plan, all else as a stranger's. */
  readonly session: readonly Subscription[]
  /** Names of files of third-party recordings, and which of their lines speak today's protocol (all, when not given). */
  readonly recordings?: readonly string[]
  readonly speaks?: (record: Recorded) => boolean
}

/** All that an adapter is judged by. */
export interface Material {
  readonly captures: readonly ReadCapture[]
  /** Lines that stand alone: each is a connection of its own. */
  readonly examples: readonly Read[]
  /** Answers of REST polls (`detail: poll`). */
  readonly polled: readonly Read[]
  readonly instruments: readonly Recorded[]
  readonly sent: readonly Recorded[]
  /** Whether third-party recordings are there. */
  readonly recorded: boolean
}

const STRANGER = { path: '', subscriptions: [], accept: 'all' } as const

export function isRead(step: Read | Recorded): step is Read {
  return 'reading' in step
}

export function loadMaterial(adapter: ExchangeAdapter, options: MaterialOptions): Material {
  const documented = readRecordFolder(options.frames)
  const foreign = (options.recordings ?? []).flatMap((name) => readRecordings(name) ?? [])
  const recorded = foreign.filter((record) => record.kind === 'recorded' && (options.speaks?.(record) ?? true))
  const all = [...documented, ...recorded]
  const read = ({ name, records }: Capture, isDocumented: boolean): ReadCapture => {
    const plan = isDocumented && name === 'session' ? { path: '', subscriptions: options.session } : STRANGER
    const converse = () => {
      const conversation = adapter.live.converse(plan)
      // What it sends numbers its requests, which the recorded answers name.
      if (plan !== STRANGER) conversation.open()
      return conversation
    }
    const conversations = new Map<string | null, ReturnType<typeof converse>>()
    const steps = records.flatMap((record): (Read | Recorded)[] => {
      if (record.direction === 'out') return []
      if (record.transport === 'http') return [record]
      const conversation = conversations.get(record.conn) ?? converse()
      conversations.set(record.conn, conversation)
      return [{ record, reading: conversation.read(record.message) }]
    })
    return { name, documented: isDocumented, steps, reads: steps.filter(isRead) }
  }
  return {
    captures: [
      ...capturesOf(documented).map((each) => read(each, true)),
      ...capturesOf(recorded).map((each) => read(each, false)),
    ],
    examples: all
      .filter(({ capture, direction, transport }) => capture === null && direction === 'in' && transport === 'ws')
      .map((record) => ({ record, reading: adapter.live.converse(STRANGER).read(record.message) })),
    polled: all
      .filter(({ detail, transport }) => detail === 'poll' && transport === 'http')
      .map((record) => ({ record, reading: readPoll(adapter, record) })),
    instruments: all.filter(({ detail, transport }) => detail === 'instruments' && transport === 'http'),
    sent: documented.filter(({ capture, direction }) => capture === 'session' && direction === 'out'),
    recorded: recorded.length > 0,
  }
}

/** The answer of a poll, as if it were a frame. */
function readPoll(adapter: ExchangeAdapter, { channel, symbol, message, place }: Recorded): Reading {
  const poll = adapter.polls?.find((each) => each.channel === (channel === 'oi' ? 'open_interest' : channel))
  if (!poll) throw new Error(`${place}: ${channel} is not polled`)
  const asked = { channel: poll.channel, symbol: symbol ?? '', pair: 'A/B' }
  const id = subscriptionId(asked)
  return { kind: 'data', subscription: id, events: poll.call([{ ...asked, id }]).read(message) }
}

export function isMarketData(event: AdapterEvent): event is MarketData {
  return event.kind !== 'break'
}

/** The market data of reads, with the frame that each came in. */
export function* eventsIn(reads: readonly Read[]): Generator<{ event: MarketData; read: Read }> {
  for (const read of reads) for (const event of read.reading.events) if (isMarketData(event)) yield { event, read }
}

/** An event as one line of text. */
export function eventLine(event: AdapterEvent): string {
  return JSON.stringify(event, (_name, value) => (typeof value === 'bigint' ? value.toString() : value))
}

/** Count and hash of the events of each subscription of a capture: what may be kept of recordings that are not ours. */
export function fingerprints(capture: ReadCapture): Map<string, string> {
  const lines = new Map<string, string[]>()
  for (const { event, read } of eventsIn(capture.reads)) {
    const own = read.reading.kind === 'data' ? read.reading.subscription : event.symbol
    const key = `${capture.name} ${own}`
    const members = lines.get(key) ?? []
    members.push(eventLine(event))
    lines.set(key, members)
  }
  const print = (members: readonly string[]) =>
    `${members.length} ${createHash('sha256').update(members.join('\n')).digest('hex')}`
  return new Map([...lines].map(([key, members]) => [key, print(members)]))
}
