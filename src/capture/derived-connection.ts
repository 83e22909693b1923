import type { Conversation, ExchangeAdapter, Json, Reading } from '../exchanges/exchange.js'
import type { Capability } from '../model/capability.js'
import { datasetKey } from '../model/dataset.js'
import { CollectorError, type ErrorCode } from '../model/error.js'
import { type BookSnapshot, CHANNEL_OF, frameNumber, type MarketData, type Receipt } from '../model/event.js'
import type { LedgerFact } from '../model/ledger.js'
import type { JournalRecord } from '../model/record.js'
import type { Nanos } from '../model/time.js'
import type { DecideBody, OpenBody, RestPurpose } from './bodies.js'
import type { Instant } from './coverage.js'
import { type DriftWatch, due, type Looks } from './drift-watch.js'
import { datasetOf, type FrameContext, LISTENING_NUMBERS, Listening, type ListeningState } from './listening.js'
import { Numbers } from './numbers.js'
import type { PageOutcome } from './page.js'
import type { Sink } from './sink.js'

/** What derivation would like done. Live, the driving side obeys and the answer comes back as a record; on replay it is ignored. */
export type Wish =
  | { readonly wish: 'send'; readonly connection: number; readonly messages: readonly string[] }
  /** Another connection has taken over all that this one had. */
  | { readonly wish: 'replaced'; readonly connection: number }
  /** Fetch a REST snapshot of this subscription's book. */
  | { readonly wish: 'snapshot'; readonly connection: number; readonly id: string }
  /** Fetch one to compare the book with, if it can be had: nothing depends on it. */
  | { readonly wish: 'compare'; readonly connection: number; readonly id: string }
  /** A page of the past was derived: what it gave, and how to go on. */
  | { readonly wish: 'page'; readonly connection: number; readonly n: number; readonly outcome: PageOutcome }
  /** The connection is of no use any more. `pauseMs`: the exchange is down, wait this long before the next. */
  | {
      readonly wish: 'reconnect'
      readonly connection: number
      readonly code: ErrorCode
      readonly detail: string
      readonly pauseMs?: number
    }
  /** The exchange announced that it will end the connection: there is a moment in which another can take over. */
  | { readonly wish: 'ending'; readonly connection: number }

export interface DerivedConnectionState {
  number: number
  body: OpenBody
  conversation: Json
  lastFrameMono: Nanos | null
  listening: [string, ListeningState][]
}

type InRecord = Extract<JournalRecord, { type: 'in' }>
type RestRecord = Extract<JournalRecord, { type: 'rest' }>
type Tick = Extract<JournalRecord, { type: 'tick' }>

/** Some announce a restart that takes a moment, some one of hours: the back-off of a connection that does not last finds out which. */
const MAINTENANCE_PAUSE_MS = 1000
const text = new TextDecoder('utf-8', { fatal: true })

/** Nothing is said where only REST is asked. */
const SILENCE: Conversation = {
  state: null,
  open: () => [],
  read: () => ({ kind: 'unknown', reason: 'a frame without a socket', events: [] }),
  unsubscribe: () => [],
  resync: () => [],
}

/** Of so many books each is compared as often as the exchange's rules say; of more, less often, so that the snapshots stay few. */
const BOOKS_AT_FULL_PACE = 50

function comparisonEveryMs({ book }: ExchangeAdapter, { subscriptions }: OpenBody): number | undefined {
  const books = subscriptions.filter(({ channel }) => channel === 'book').length
  return book.refreshEveryMs && book.refreshEveryMs * Math.max(1, Math.ceil(books / BOOKS_AT_FULL_PACE))
}

function isOf(event: MarketData, { channel, symbol }: OpenBody['subscriptions'][number]): boolean {
  return CHANNEL_OF[event.kind] === channel && event.symbol === symbol
}

/** Where a connection reports to its lane. */
export interface LaneHooks {
  readonly emit: (fact: LedgerFact) => void
  /** Listening to this dataset was refused. */
  readonly refused: (dataset: string, code: ErrorCode, detail: string) => void
  /** The wall clock without its steps. */
  readonly even: (mono: Nanos) => Nanos
  readonly watch: DriftWatch
}

/** Counts of readings by kind, for status. */
export type ReadingCounts = Record<Reading['kind'], number>

/** One connection as derivation sees it: the conversation with the exchange, and what is listened to. */
export class DerivedConnection {
  readonly number: number
  readonly body: OpenBody
  readonly counts: ReadingCounts = {
    data: 0,
    ack: 0,
    reject: 0,
    heartbeat: 0,
    notice: 0,
    failure: 0,
    bad: 0,
    unknown: 0,
  }
  lastFrameWall: Nanos | undefined
  /** Whose data the last frame was. */
  lastSubscription: string | undefined
  lastFrameMono: Nanos | null = null
  private readonly adapter: ExchangeAdapter
  private readonly conversation: Conversation
  private readonly hooks: LaneHooks
  private readonly looks: Looks
  private readonly listening = new Map<string, Listening>()
  /** The same in the order of the plan. */
  private readonly inOrder: readonly Listening[]

  constructor(
    number: number,
    body: OpenBody,
    adapter: ExchangeAdapter,
    sink: Sink,
    hooks: LaneHooks,
    state?: DerivedConnectionState,
  ) {
    this.number = number
    this.body = body
    this.adapter = adapter
    this.hooks = hooks
    this.looks = hooks.watch.looksOf(adapter.id)
    this.conversation = body.polled
      ? SILENCE
      : adapter.live.converse({ path: body.path, subscriptions: body.subscriptions }, state?.conversation)
    const saved = new Map(state?.listening)
    const compareEveryMs = comparisonEveryMs(adapter, body)
    const numbers = Numbers.make(body.subscriptions.length * LISTENING_NUMBERS)
    for (const [at, sub] of body.subscriptions.entries()) {
      const declared = adapter.capabilities.find(({ channel }) => channel === sub.channel)
      if (!declared) throw new CollectorError('UNSUPPORTED', `${body.exchange} has no channel ${sub.channel}`)
      const whole = sub.depth !== undefined && declared.wholeDepths?.includes(sub.depth)
      const capability: Capability = whole ? { ...declared, proof: 'none' } : declared
      this.listening.set(
        sub.id,
        new Listening(
          body.exchange,
          sub,
          capability,
          adapter.book,
          sink,
          hooks,
          compareEveryMs,
          saved.get(sub.id),
          numbers.from(at * LISTENING_NUMBERS),
        ),
      )
    }
    this.inOrder = [...this.listening.values()]
    if (state) this.lastFrameMono = state.lastFrameMono
  }

  save(): DerivedConnectionState {
    return {
      number: this.number,
      body: this.body,
      conversation: this.conversation.state,
      lastFrameMono: this.lastFrameMono,
      listening: [...this.listening].map(([id, each]) => [id, each.save()]),
    }
  }

  /** What is listened to, by subscription id. */
  get subscriptions(): ReadonlyMap<string, Listening> {
    return this.listening
  }

  get datasets(): string[] {
    return this.body.subscriptions.flatMap((sub) => {
      const dataset = datasetOf(this.body.exchange, sub)
      return dataset ? [datasetKey(dataset)] : []
    })
  }

  get timeSteps(): number[] {
    return this.body.subscriptions.filter(({ channel }) => channel === 'book').map(({ time_step }) => time_step)
  }

  start(): Wish[] {
    return this.send(this.conversation.open())
  }

  private send(messages: readonly string[]): Wish[] {
    return messages.length ? [{ wish: 'send', connection: this.number, messages }] : []
  }

  /** `arrived`: the earliest instant at which it can have come to this machine. */
  frame(record: InRecord, arrived: Nanos): Wish[] {
    this.lastFrameMono = arrived
    this.lastFrameWall = record.wall
    const receipt = this.receipt(record, record.n)
    const at: FrameContext = { receipt, mono: record.mono, arrived, row: 0 }
    let reading: Reading
    let frame = ''
    try {
      frame = text.decode(record.frame)
      reading = this.conversation.read(frame)
    } catch {
      reading = { kind: 'bad', reason: 'not UTF-8 text', events: [] }
    }
    this.counts[reading.kind]++
    const own = reading.kind === 'data' ? this.ownerOf(reading.subscription, reading.at) : undefined
    this.watchFor(reading, own, frame, record)
    const wishes = [...this.meaning(reading, at), ...this.send(reading.reply ?? [])]
    this.lastSubscription = reading.kind === 'data' ? reading.subscription : undefined
    const shared = reading.kind === 'data' && reading.shared ? this.owners(reading.shared) : undefined
    for (const each of shared ?? (own ? [own] : [])) if (each.status === 'pending') this.confirmed(each, record.mono)
    for (const event of reading.events) {
      if (event.kind === 'break') {
        wishes.push(...this.lost(event.symbol, event.code, event.detail))
        continue
      }
      const owner = shared ? shared.find(({ sub }) => isOf(event, sub)) : own
      if (!owner?.gone) owner?.event(event, at)
    }
    // A frame of data can only make its own book want a snapshot; with hundreds of subscriptions the others wait for the tick.
    const data = reading.kind === 'data' && reading.events.every(({ kind }) => kind !== 'break')
    if (own && data) wishes.push(...this.resync(own, record.mono))
    else for (const each of this.listening.values()) wishes.push(...this.resync(each, record.mono))
    return wishes
  }

  /** Looks whether the exchange sends something else than it documents. */
  private watchFor(reading: Reading, own: Listening | undefined, frame: string, { wall, mono, n }: InRecord): void {
    const { watch } = this.hooks
    if (reading.kind === 'data') {
      const channel = own?.sub.channel
      if (channel === undefined || !due(this.looks, channel, reading.events[0]?.kind ?? '', mono)) return
      watch.message(this.adapter, channel, frame, { wall, mono, frame: frameNumber(this.number, n) })
    } else if (reading.kind === 'bad' || reading.kind === 'unknown') {
      const id = reading.kind === 'bad' ? reading.subscription : undefined
      const channel = id === undefined ? undefined : this.listening.get(id)?.sub.channel
      watch.unread(this.adapter.id, channel ?? null, reading.reason, { wall, mono, frame: frameNumber(this.number, n) })
    }
  }

  private receipt({ wall, mono }: { readonly wall: Nanos; readonly mono: Nanos }, n: number): Receipt {
    return { receiveTime: wall, even: this.hooks.even(mono), frame: frameNumber(this.number, n) }
  }

  private ownerOf(id: string, at: number | undefined): Listening | undefined {
    return at === undefined ? this.listening.get(id) : this.inOrder[at]
  }

  private owners(ids: readonly string[]): Listening[] {
    return ids.flatMap((id) => this.listening.get(id) ?? [])
  }

  private meaning(reading: Reading, at: FrameContext): Wish[] {
    switch (reading.kind) {
      case 'ack':
        for (const id of reading.confirmed) {
          const each = this.listening.get(id)
          if (each) this.confirmed(each, at.mono)
        }
        for (const id of reading.released) {
          const each = this.listening.get(id)
          // A resync is an unsubscription followed by a subscription: only an end that was asked for is one.
          if (each?.status === 'released') each.status = 'ended'
        }
        return []
      case 'reject':
        for (const id of reading.rejected) {
          const each = this.listening.get(id)
          if (!each || each.gone) continue
          each.status = 'rejected'
          each.broken(reading.code, reading.message)
          this.hooks.refused(each.dataset, reading.code, reading.message)
        }
        return []
      case 'notice':
        if (reading.action === 'reconnect') return [{ wish: 'ending', connection: this.number }]
        if (reading.action === 'pause')
          return this.reconnect('EXCHANGE_DOWN', `maintenance (${reading.name})`, MAINTENANCE_PAUSE_MS)
        return []
      case 'bad':
      case 'unknown': {
        const named =
          reading.kind === 'bad' && reading.subscription !== undefined
            ? this.listening.get(reading.subscription)
            : undefined
        const code = reading.kind === 'bad' ? 'BAD_MESSAGE' : 'UNKNOWN_MESSAGE'
        if (named) named.broken(code, reading.reason)
        else {
          // It names nothing: where the venue proves nothing itself, the loss would stay unseen.
          for (const each of this.listening.values()) {
            if (each.uncounted) each.broken(code, reading.reason)
            else each.coverage?.doubt()
          }
        }
        return []
      }
      case 'failure':
        return reading.code === 'RATE_LIMITED' || reading.code === 'BANNED'
          ? this.reconnect(reading.code, reading.message)
          : []
      default:
        return []
    }
  }

  private confirmed(each: Listening, mono: Nanos): void {
    if (each.gone) return
    if (each.confirm(mono) && this.adapter.book.firstSnapshot === 'rest') each.needSnapshot()
  }

  /** A venue's own counter shows a loss: of one symbol, or of the whole connection, which then is of no use. */
  private lost(symbol: string | undefined, code: ErrorCode, detail: string): Wish[] {
    for (const each of this.listening.values()) {
      if (!each.gone && (symbol === undefined || each.sub.symbol === symbol)) each.broken(code, detail)
    }
    return symbol === undefined ? this.reconnect(code, detail) : []
  }

  private reconnect(code: ErrorCode, detail: string, pauseMs?: number): Wish[] {
    return [{ wish: 'reconnect', connection: this.number, code, detail, ...(pauseMs === undefined ? {} : { pauseMs }) }]
  }

  private resync(each: Listening, mono: Nanos): Wish[] {
    if (each.status !== 'confirmed' || !each.takeResync(mono)) return []
    if (this.adapter.book.firstSnapshot === 'rest')
      return [{ wish: 'snapshot', connection: this.number, id: each.sub.id }]
    return this.send(this.conversation.resync(each.sub.id))
  }

  /** What a REST call brought. */
  answer(purpose: RestPurpose, record: RestRecord): Wish[] {
    if (purpose.what === 'snapshot') return this.snapshot(purpose.id, record)
    if (purpose.what === 'compare') return this.compared(purpose.id, record)
    if (purpose.what !== 'poll') return []
    const asked = this.owners(purpose.ids).filter(({ gone }) => !gone)
    const poll = this.adapter.polls?.find(({ channel }) => channel === asked[0]?.sub.channel)
    if (!poll) return []
    let events: readonly MarketData[]
    try {
      const body = text.decode(record.body)
      events = poll.call(asked.map(({ sub }) => sub)).read(body)
      const { wall, mono, n } = record
      if (due(this.looks, poll.channel, 'poll', mono))
        this.hooks.watch.message(this.adapter, poll.channel, body, { wall, mono, frame: frameNumber(this.number, n) })
    } catch (error) {
      const code = error instanceof CollectorError ? error.code : 'BAD_MESSAGE'
      for (const each of asked) each.broken(code, error instanceof Error ? error.message : String(error))
      return []
    }
    this.lastFrameWall = record.wall
    const receipt = this.receipt(record, record.n)
    const at: FrameContext = { receipt, mono: record.mono, row: 0 }
    for (const each of asked) {
      if (each.status === 'pending') each.confirm(record.mono)
      const own = events.filter(({ symbol }) => symbol === each.sub.symbol)
      if (!own.length) each.broken('BAD_MESSAGE', 'the answer does not speak of it')
      for (const event of own) each.polled(event, at)
    }
    return []
  }

  /** The answer to a `snapshot` wish. */
  private snapshot(id: string, record: RestRecord): Wish[] {
    const each = this.listening.get(id)
    const call = each && this.adapter.book.snapshot?.(each.sub)
    if (!each || !call || each.gone) return []
    let event: BookSnapshot
    try {
      event = call.read(text.decode(record.body))
    } catch (error) {
      each.stats.message = error instanceof Error ? error.message : String(error)
      each.needSnapshot()
      return this.resync(each, record.mono)
    }
    const receipt = this.receipt(record, record.n)
    each.bookSnapshot(event, { receipt, mono: record.mono, row: 0 })
    return this.resync(each, record.mono)
  }

  /** The answer to a `compare` wish. */
  private compared(id: string, record: RestRecord): Wish[] {
    const each = this.listening.get(id)
    const call = each && this.adapter.book.snapshot?.(each.sub)
    if (!each || !call || each.gone) return []
    let snapshot: BookSnapshot | undefined
    try {
      snapshot = call.read(text.decode(record.body))
    } catch (error) {
      each.stats.message = error instanceof Error ? error.message : String(error)
    }
    each.compared(snapshot, record.mono)
    return []
  }

  tick(record: Tick): Wish[] {
    const wishes: Wish[] = []
    const receipt = this.receipt(record, 0)
    for (const each of this.listening.values()) {
      if (each.gone) continue
      const heard = !each.isSilent
      each.tick(record.mono, { receipt, mono: record.mono, row: 0 })
      if (heard && each.isSilent) this.hooks.refused(each.dataset, 'CONNECTION_SILENT', each.stats.message ?? '')
      if (each.compare(record.mono)) wishes.push({ wish: 'compare', connection: this.number, id: each.sub.id })
      wishes.push(...this.resync(each, record.mono))
    }
    return wishes
  }

  decide(body: DecideBody, mono: Nanos): Wish[] {
    switch (body.what) {
      case 'alive':
        this.lastFrameMono = mono
        return []
      case 'unsubscribe': {
        for (const id of body.ids) {
          const each = this.listening.get(id)
          if (!each) continue
          each.coverage?.end()
          each.status = 'released'
        }
        const messages = this.conversation.unsubscribe(body.ids)
        // What shared its topic with another subscription has nothing to end: no answer will come.
        if (!messages.length) for (const each of this.owners(body.ids)) each.status = 'ended'
        return this.send(messages)
      }
      case 'resync': {
        const each = this.listening.get(body.id)
        if (!each) return []
        each.needSnapshot()
        return this.resync(each, mono)
      }
      case 'missed':
        for (const each of this.owners(body.ids)) if (!each.gone) each.broken(body.code, body.detail)
        return []
      case 'lost':
        return []
      case 'discarded':
        for (const each of this.listening.values()) each.broken('BACKLOG_FULL', `${body.frames} frames discarded`)
        return []
    }
  }

  storeSnapshots(step: number, boundary: Nanos): void {
    for (const each of this.listening.values()) {
      if (each.sub.time_step === step && each.status === 'confirmed') each.storeSnapshot(boundary)
    }
  }

  /** What came by the last sign of life has arrived: coverage may grow up to there. */
  flush(): void {
    let newest: Instant | undefined
    for (const { prompt } of this.listening.values())
      if (prompt && (!newest || prompt.mono > newest.mono)) newest = prompt
    for (const each of this.listening.values()) {
      if (each.status !== 'confirmed') continue
      if (this.lastFrameMono !== null) each.alive(this.lastFrameMono, newest)
      each.coverage?.flush()
    }
  }

  close(code: ErrorCode, detail: string): void {
    this.flush()
    for (const each of this.listening.values()) if (!each.gone) each.coverage?.break(code, detail)
  }
}
