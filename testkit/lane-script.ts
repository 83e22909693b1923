import type { PlannedSubscription } from '../src/capture/bodies.js'
import type { Wish } from '../src/capture/derived-connection.js'
import { Deriver } from '../src/capture/deriver.js'
import type { Sink } from '../src/capture/sink.js'
import { type ExchangeAdapter, subscriptionId } from '../src/exchanges/exchange.js'
import type { Kind } from '../src/model/dataset.js'
import type { ErrorCode } from '../src/model/error.js'
import type { LedgerFact } from '../src/model/ledger.js'
import type { JournalRecord } from '../src/model/record.js'
import type { Rows } from '../src/model/row.js'

/** Everything that was derived, as lists. */
export class ListSink implements Sink {
  readonly rows: { [K in Kind]: { dataset: string; row: Rows[K] }[] } = {
    trades: [],
    book_deltas: [],
    book_snapshots: [],
    quotes: [],
    ohlc: [],
    funding: [],
    mark_price: [],
    index_price: [],
    open_interest: [],
    liquidations: [],
  }
  readonly facts: LedgerFact[] = []

  row<K extends Kind>(kind: K, dataset: string, row: Rows[K]): void {
    this.rows[kind].push({ dataset, row })
  }

  fact(fact: LedgerFact): void {
    this.facts.push(fact)
  }

  /** The ledger as it stands: of facts about the same thing the last one counts. */
  held(dataset: string) {
    const runs = new Map<bigint, Extract<LedgerFact, { fact: 'held' }>>()
    for (const fact of this.facts) if (fact.fact === 'held' && fact.dataset === dataset) runs.set(fact.run, fact)
    return [...runs.values()]
  }

  wanted(dataset: string) {
    const stretches = new Map<bigint, Extract<LedgerFact, { fact: 'wanted' }>>()
    for (const fact of this.facts)
      if (fact.fact === 'wanted' && fact.dataset === dataset) stretches.set(fact.from, fact)
    return [...stretches.values()]
  }

  breaks(dataset: string) {
    return this.facts.filter((fact) => fact.fact === 'break').filter((fact) => fact.dataset === dataset)
  }
}

/** Writes a lane by hand, with times in seconds since an arbitrary start; both clocks and the venue's run alike. */
export class LaneScript {
  readonly sink = new ListSink()
  readonly records: JournalRecord[] = []
  wishes: Wish[] = []
  deriver: Deriver
  private readonly adapter: ExchangeAdapter
  private readonly start: bigint
  private readonly ns = new Map<number, number>()

  constructor(adapter: ExchangeAdapter, startMs = 1_800_000_000_000) {
    this.adapter = adapter
    this.start = BigInt(startMs) * 1_000_000n
    this.deriver = new Deriver(() => adapter, this.sink)
  }

  /** Nanoseconds of a second of the script. */
  at(seconds: number): bigint {
    return this.start + BigInt(Math.round(seconds * 1e6)) * 1000n
  }

  /** Milliseconds of a second of the script, as the toy venue sends them. */
  ms(seconds: number): number {
    return Number(this.at(seconds) / 1_000_000n)
  }

  /** How far the wall clock is off, in seconds: set it to let somebody set the clock. */
  off = 0

  private clocks(seconds: number) {
    return { wall: this.at(seconds + this.off), mono: BigInt(Math.round(seconds * 1e9)) }
  }

  feed(record: JournalRecord): void {
    this.records.push(record)
    this.wishes.push(...this.deriver.process(record))
  }

  want(seconds: number, ...datasets: string[]): void {
    this.feed({
      type: 'wanted',
      ...this.clocks(seconds),
      body: JSON.stringify({ on: true, datasets: datasets.map((key) => ({ key, since: null })) }),
    })
  }

  unwant(seconds: number, ...datasets: string[]): void {
    this.feed({
      type: 'wanted',
      ...this.clocks(seconds),
      body: JSON.stringify({ on: false, datasets: datasets.map((key) => ({ key, since: null })) }),
    })
  }

  /** Opens a connection for channels of A/B; the time step of books is 60 s unless given. */
  open(
    seconds: number,
    connection: number,
    channels: readonly PlannedSubscription['channel'][],
    timeStep = 60,
    replaces: readonly number[] = [],
  ): void {
    const subscriptions = channels.map((channel) => {
      const named = {
        channel,
        symbol: 'AB',
        ...(channel === 'book' ? { depth: 10 } : {}),
        ...(channel === 'ohlc' ? { interval: '1m' as const } : {}),
      }
      return { id: subscriptionId(named), ...named, pair: 'A/B', time_step: timeStep, keep: 10 }
    })
    this.feed({
      type: 'open',
      connection,
      ...this.clocks(seconds),
      body: JSON.stringify({
        exchange: this.adapter.id,
        path: '/ws',
        subscriptions,
        ...(replaces.length ? { replaces } : {}),
      }),
    })
  }

  frame(seconds: number, connection: number, message: unknown): void {
    const n = this.ns.get(connection) ?? 0
    this.ns.set(connection, n + 1)
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    this.feed({ type: 'in', connection, n, ...this.clocks(seconds), frame: new TextEncoder().encode(text) })
  }

  rest(seconds: number, connection: number, id: string, message: unknown, what = 'snapshot'): void {
    const n = this.ns.get(connection) ?? 0
    this.ns.set(connection, n + 1)
    const { wall, mono } = this.clocks(seconds)
    const body = new TextEncoder().encode(JSON.stringify(message))
    this.feed({
      type: 'rest',
      connection,
      n,
      asked: wall,
      wall,
      mono,
      purpose: JSON.stringify({ what, id }),
      url: '/',
      status: 200,
      body,
    })
  }

  tick(seconds: number): void {
    this.feed({ type: 'tick', ...this.clocks(seconds) })
  }

  close(seconds: number, connection: number, code: ErrorCode = 'CONNECTION_LOST'): void {
    this.feed({ type: 'close', connection, ...this.clocks(seconds), code, detail: 'cut' })
  }

  decide(seconds: number, connection: number, body: unknown): void {
    this.feed({ type: 'decide', connection, ...this.clocks(seconds), body: JSON.stringify(body) })
  }

  /** Saves the state and goes on from it, as recovery would. */
  restart(): void {
    const saved = this.deriver.save()
    this.deriver = new Deriver(() => this.adapter, this.sink)
    if (!this.deriver.restore(saved)) throw new Error('the state was refused')
  }
}
