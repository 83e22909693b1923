import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { bigParse, bigStringify } from '../lib/big-json.js'
import { CHANNELS, KIND_OF, parseDatasetKey } from '../model/dataset.js'
import type { ErrorCode } from '../model/error.js'
import type { LedgerFact } from '../model/ledger.js'
import type { JournalRecord } from '../model/record.js'
import { type Nanos, SECOND } from '../model/time.js'
import { type ArrivalState, Arrivals } from './arrivals.js'
import { decideBody, openBody, restPurpose, wantedBody } from './bodies.js'
import { DerivedConnection, type DerivedConnectionState, type LaneHooks, type Wish } from './derived-connection.js'
import { DriftWatch } from './drift-watch.js'
import { EvenClock } from './even-clock.js'
import { Handover } from './handover.js'
import { derivePage } from './page.js'
import type { Sink } from './sink.js'

/** Changes whenever saved states of an older program can no longer be continued. */
const DECODER = 1

interface WantedState {
  /** When it was asked for (our clock); stands in for the exchange's where nothing ever came. */
  requested: Nanos
  /** From when on it counts as wanted; null until that is known. */
  from: Nanos | null
  /** Last instant that is held. */
  until: Nanos | null
}

interface LaneState {
  decoder: number
  wanted: [string, WantedState][]
  connections: DerivedConnectionState[]
  anchor: { wall: Nanos; mono: Nanos } | null
  boundaries: [number, Nanos][]
  handovers?: [number, readonly string[]][]
  /** Absent in states of earlier versions. */
  arrivals?: ArrivalState
  even?: EvenClock['state']
}

/**
 * One lane's records in, rows and ledger facts out, and wishes for the side that drives sockets (durability D1–D3). The same code runs live, in
 * recovery and in rebuilds: it uses no clock, timer, random or config but what the records say.
 */
export class Deriver {
  private readonly adapter: (exchange: string) => ExchangeAdapter
  private readonly sink: Sink
  private readonly wanted = new Map<string, WantedState>()
  private readonly open = new Map<number, DerivedConnection>()
  private readonly handovers = new Map<number, Handover>()
  private anchor: LaneState['anchor'] = null
  /** Next `time_step` boundary by step in seconds, on the anchored monotonic clock. */
  private readonly boundaries = new Map<number, Nanos>()
  private soonest: Nanos | null = null
  private arrivals = new Arrivals()
  private even = new EvenClock()
  /** What exchanges send beside their documentation: for people to see. */
  readonly watch = new DriftWatch()
  /** When the record came that is being derived. */
  private wall: Nanos = 0n

  constructor(adapter: (exchange: string) => ExchangeAdapter, sink: Sink) {
    this.adapter = adapter
    this.sink = sink
  }

  /** Continues a saved state; throws nothing: `false` when it is of another decoder and must not be used. */
  restore(body: string): boolean {
    const state = bigParse(body) as LaneState // our own record, guarded by the journal's checksum and the decoder's number
    if (state.decoder !== DECODER) return false
    for (const [key, wanted] of state.wanted) this.wanted.set(key, wanted)
    for (const saved of state.connections) {
      this.open.set(
        saved.number,
        new DerivedConnection(
          saved.number,
          saved.body,
          this.adapter(saved.body.exchange),
          this.sink,
          this.hooks,
          saved,
        ),
      )
    }
    for (const [number, ids] of state.handovers ?? []) {
      const connection = this.open.get(number)
      if (connection) this.handovers.set(number, new Handover(connection, [], ids))
    }
    this.anchor = state.anchor
    this.arrivals = new Arrivals(state.arrivals)
    this.even = new EvenClock(state.even)
    for (const [step, at] of state.boundaries) this.boundaries.set(step, at)
    this.findSoonest()
    return true
  }

  save(): string {
    const state: LaneState = {
      decoder: DECODER,
      wanted: [...this.wanted],
      connections: [...this.open.values()].map((connection) => connection.save()),
      anchor: this.anchor,
      boundaries: [...this.boundaries],
      handovers: [...this.handovers].map(([number, { state }]) => [number, state]),
      arrivals: this.arrivals.state,
      even: this.even.state,
    }
    return bigStringify(state)
  }

  /** The connections that are open, by number. */
  get connections(): ReadonlyMap<number, DerivedConnection> {
    return this.open
  }

  process(record: JournalRecord): readonly Wish[] {
    let arrived: Nanos = 0n
    if ('wall' in record) this.wall = record.wall
    if ('mono' in record) {
      arrived = this.arrivals.earliest(record.mono, record.type === 'tick')
      this.even.follow(record.wall, record.mono)
      this.anchor ??= { wall: record.wall, mono: record.mono }
      if (this.soonest !== null && record.mono >= this.soonest) this.storeSnapshots(record.mono)
    }
    switch (record.type) {
      case 'open': {
        const body = openBody.parse(JSON.parse(record.body))
        const connection = new DerivedConnection(
          record.connection,
          body,
          this.adapter(body.exchange),
          this.sink,
          this.hooks,
        )
        this.open.set(record.connection, connection)
        const older = (body.replaces ?? []).flatMap((number) => this.open.get(number) ?? [])
        if (older.length) this.handovers.set(record.connection, new Handover(connection, older))
        for (const { channel, time_step } of body.subscriptions)
          if (channel === 'book') this.watchBoundary(time_step, record.mono)
        return connection.start()
      }
      case 'in':
        return this.frame(record, arrived)
      case 'rest': {
        const purpose = restPurpose.parse(JSON.parse(record.purpose))
        if (purpose.what === 'page') {
          const outcome = derivePage(this.adapter(purpose.exchange), purpose, record, this.sink)
          return [{ wish: 'page', connection: record.connection, n: record.n, outcome }]
        }
        return this.open.get(record.connection)?.answer(purpose, record) ?? []
      }
      case 'tick': {
        const wishes: Wish[] = this.handovers.size ? this.takeOver(record.mono) : []
        for (const connection of this.open.values()) wishes.push(...connection.tick(record))
        return wishes
      }
      case 'decide': {
        const body = decideBody.parse(JSON.parse(record.body))
        if (body.what === 'lost') {
          const { dataset, code, detail } = body
          this.sink.fact({ fact: 'lost', dataset, from: BigInt(body.from), until: BigInt(body.until), code, detail })
          return []
        }
        return this.open.get(record.connection)?.decide(body, record.mono) ?? []
      }
      case 'close':
        this.closeConnection(record.connection, record.code, record.detail)
        return []
      case 'wanted':
        this.want(record.body, record.wall)
        return []
      default:
        return []
    }
  }

  private frame(record: Extract<JournalRecord, { type: 'in' }>, arrived: Nanos): readonly Wish[] {
    const connection = this.open.get(record.connection)
    if (!connection) return []
    const wishes = connection.frame(record, arrived)
    const { lastSubscription } = connection
    if (this.handovers.size && lastSubscription !== undefined)
      wishes.push(...this.takeOver(record.mono, lastSubscription))
    return wishes
  }

  /** Lets new connections take over from older ones what they can. */
  private takeOver(mono: Nanos, only?: string): Wish[] {
    const wishes: Wish[] = []
    for (const [number, handover] of this.handovers) {
      const over = handover.check(this.open, mono, only)
      if (!over.length && handover.state.length) continue
      this.handovers.delete(number)
      for (const connection of over) wishes.push({ wish: 'replaced', connection })
    }
    return wishes
  }

  /** Hands over the ledger facts as of the last record. */
  flush(): void {
    for (const connection of this.open.values()) connection.flush()
  }

  /** The lane ended without being asked to: every connection that was open is a break. */
  crashed(): void {
    for (const number of [...this.open.keys()])
      this.closeConnection(number, 'PROCESS_CRASHED', 'the process ended without stopping')
  }

  private closeConnection(number: number, code: ErrorCode, detail: string): void {
    const connection = this.open.get(number)
    if (!connection) return
    connection.close(code, detail)
    this.open.delete(number)
    this.handovers.delete(number)
    // What it had not handed over is taken over as it stands; the break tells what may be missing before.
    for (const handover of this.handovers.values()) handover.ended(this.open)
    for (const dataset of connection.datasets) this.failed(dataset, code, detail)
    const steps = new Set([...this.open.values()].flatMap((each) => each.timeSteps))
    for (const step of this.boundaries.keys()) if (!steps.has(step)) this.boundaries.delete(step)
    this.findSoonest()
  }

  private want(text: string, wall: Nanos): void {
    const { on, datasets } = wantedBody.parse(JSON.parse(text))
    for (const { key, since } of datasets) {
      const known = this.wanted.get(key)
      if (on) {
        if (!known) this.wanted.set(key, { requested: wall, from: since === null ? null : BigInt(since), until: null })
      } else if (known) {
        this.wanted.delete(key)
        const { from, until } = known
        // Not asked for any more: what came after the last proof is nobody's loss.
        if (from !== null)
          this.sink.fact({ fact: 'wanted', dataset: key, from, until: until !== null && until > from ? until : from })
      }
    }
  }

  /** An attempt failed before anything was held: from now on it counts as wanted since it was asked for. */
  private failed(dataset: string, code: ErrorCode, detail: string): void {
    const wanted = this.wanted.get(dataset)
    if (!wanted || wanted.from !== null) return
    wanted.from = wanted.requested
    this.sink.fact({ fact: 'wanted', dataset, from: wanted.from, until: null })
    this.sink.fact({ fact: 'break', dataset, at: wanted.from, code, detail })
  }

  /** Every fact of every connection passes here, because the first proof decides since when a dataset counts as wanted. */
  private readonly emit = (fact: LedgerFact): void => {
    if (fact.fact === 'held') {
      const wanted = this.wanted.get(fact.dataset)
      if (wanted) {
        if (wanted.from === null) {
          wanted.from = fact.from
          this.sink.fact({ fact: 'wanted', dataset: fact.dataset, from: fact.from, until: null })
        }
        if (wanted.until === null || fact.until > wanted.until) wanted.until = fact.until
      }
    }
    if (fact.fact === 'break' && fact.code === 'SCHEMA_DRIFT') {
      const dataset = parseDatasetKey(fact.dataset)
      const channel = CHANNELS.find((each) => KIND_OF[each] === dataset?.kind)
      if (dataset && channel) this.watch.rule(dataset.exchange, channel, fact.detail, this.wall)
    }
    this.sink.fact(fact)
  }

  private readonly hooks: LaneHooks = {
    emit: this.emit,
    refused: (dataset, code, detail) => this.failed(dataset, code, detail),
    even: (mono) => this.even.at(mono),
    watch: this.watch,
  }

  private watchBoundary(step: number, mono: Nanos): void {
    if (!this.boundaries.has(step)) this.boundaries.set(step, this.boundaryAfter(step, mono))
    this.findSoonest()
  }

  /** The first multiple of `step` after `mono`, on the wall clock as it was when the lane began: later steps of it change nothing. */
  private boundaryAfter(step: number, mono: Nanos): Nanos {
    const { wall, mono: start } = this.anchor ?? { wall: 0n, mono: 0n }
    const length = BigInt(Math.round(step * 1000)) * (SECOND / 1000n)
    const now = wall + (mono - start)
    return (now / length + 1n) * length - wall + start
  }

  private findSoonest(): void {
    this.soonest = null
    for (const at of this.boundaries.values()) if (this.soonest === null || at < this.soonest) this.soonest = at
  }

  /** At the first record past a boundary: books as all frames before it left them. Skipped boundaries stay skipped. */
  private storeSnapshots(mono: Nanos): void {
    const { wall, mono: start } = this.anchor ?? { wall: 0n, mono: 0n }
    for (const [step, at] of this.boundaries) {
      if (mono < at) continue
      const next = this.boundaryAfter(step, mono)
      const length = BigInt(Math.round(step * 1000)) * (SECOND / 1000n)
      const boundary = wall + (next - length - start)
      for (const connection of this.open.values()) connection.storeSnapshots(step, boundary)
      this.boundaries.set(step, next)
    }
    this.findSoonest()
  }
}
