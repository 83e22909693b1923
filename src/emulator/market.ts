import type { Side } from '../model/event.js'
import type { Nanos } from '../model/time.js'
import { Candles, type MarketTrade } from './candles.js'
import type { InstrumentSpec } from './instrument-spec.js'
import { MarketSide } from './market-book.js'
import { createRandom, hashText, type Random } from './random.js'

/** The new absolute amount of one price (0 = gone). */
export interface MarketChange {
  readonly side: Side
  readonly price: number
  readonly amount: number
}

/** What one event did to one instrument. Books are seen as they are after it. */
export interface Turn {
  readonly instrument: MarketInstrument
  /** Rises strictly from turn to turn of an instrument, a whole number of the venue's time steps. */
  readonly time: Nanos
  /** The changes carry the numbers `firstSequence`…`lastSequence`, in order, one each. */
  readonly firstSequence: number
  readonly lastSequence: number
  readonly changes: readonly MarketChange[]
  readonly trades: readonly MarketTrade[]
}

export interface MarketOptions {
  readonly seed: string
  /** Mean events per second and instrument; busy instruments get more of it, quiet ones less. */
  readonly rate: number
  /** The step of the venue's clock: times are multiples of it (1 000 000 where it sends milliseconds). */
  readonly stepNs: bigint
  readonly start: Nanos
  /** How many of an instrument's trades (and of its candles) are kept for REST history; a few thousand when absent. */
  readonly kept?: number
}

const FOREVER = 1n << 62n
/** How much of an instrument's past is kept: for REST history. */
const KEPT_TRADES = 5000
const KEPT_CANDLES = 1000
const BURST = 1000
const MIN_DEPTH = 50
const MAX_DEPTH = 1000

/** A seeded market: trades eat the book, orders come and go, the price wanders around where it started. */
export class Market {
  readonly instruments: readonly MarketInstrument[]
  private readonly symbols: ReadonlyMap<string, MarketInstrument>

  constructor(specs: readonly InstrumentSpec[], options: MarketOptions) {
    const total = specs.reduce((sum, spec) => sum + spec.coin.activity, 0)
    this.instruments = specs.map((spec) => {
      const share = total > 0 ? (spec.coin.activity * specs.length) / total : 1
      return new MarketInstrument(spec, {
        ...options,
        seed: `${options.seed} ${spec.symbol}`,
        rate: options.rate * share,
      })
    })
    this.symbols = new Map(this.instruments.map((instrument) => [instrument.spec.symbol, instrument]))
  }

  /** By the venue's name in its live feed. */
  bySymbol(symbol: string): MarketInstrument | undefined {
    return this.symbols.get(symbol)
  }

  /** So many trades of one instant are the next that happens to an instrument, or to each of them. */
  burst(trades = BURST, symbol?: string): void {
    for (const instrument of this.instruments)
      if (symbol === undefined || instrument.spec.symbol === symbol) instrument.burst = trades
  }

  /**
   * Lets everything happen that is due until `until`, in order of time; `on` sees each turn right after it happened.
   * The sequence of turns follows from the options alone, however often this is called.
   */
  advance(until: Nanos, on: (turn: Turn) => void): void {
    while (true) {
      let next: MarketInstrument | undefined
      for (const instrument of this.instruments) if (!next || instrument.due < next.due) next = instrument
      if (!next || next.due > until) return
      on(next.step())
    }
  }
}

export class MarketInstrument {
  readonly spec: InstrumentSpec
  readonly bids = new MarketSide('bid')
  readonly asks = new MarketSide('ask')
  readonly candles: Candles
  /** Number of the last change of the book. */
  sequence: number
  /** Trades that its next turn has besides. */
  burst = 0
  /** How many trades are kept. */
  readonly kept: number
  private recent: MarketTrade[] = []
  private nextTradeId: number
  private readonly random: Random
  private readonly meanWaitNs: number
  private readonly anchor: number
  /** Usual distance between two levels, ticks. */
  private readonly gap: number
  private readonly depth: number
  private readonly lots: number
  private readonly stepNs: bigint
  private exact: Nanos
  private next: Nanos

  constructor(spec: InstrumentSpec, options: MarketOptions) {
    const { seed, rate, start } = options
    this.spec = spec
    this.kept = options.kept ?? KEPT_TRADES
    this.candles = new Candles(options.kept ?? KEPT_CANDLES)
    this.random = createRandom(seed)
    this.nextTradeId = 1_000_000_000 + hashText(`${seed} trades`)
    this.sequence = 20_000_000_000 + hashText(`${seed} book`)
    this.meanWaitNs = rate > 0 ? 1e9 / rate : Number.POSITIVE_INFINITY
    this.anchor = Math.max(1000, Math.round(spec.coin.price * 10 ** spec.priceDecimals))
    this.gap = Math.max(1, Math.round(this.anchor * 1e-5))
    this.depth = Math.round(Math.min(MAX_DEPTH * 0.9, Math.max(MIN_DEPTH * 1.5, 350 * spec.coin.activity)))
    // About 2000 dollars rest on a usual level.
    this.lots = spec.usualLots ?? Math.max(1, (2000 / spec.coin.price) * 10 ** spec.amountDecimals)
    this.stepNs = options.stepNs
    this.exact = start
    this.next = start - (start % this.stepNs)
    this.wait()
    this.fill(this.bids, -1)
    this.fill(this.asks, 1)
  }

  /** When its next turn happens. */
  get due(): Nanos {
    return this.next
  }

  /** The newest trades that are kept (a few thousand), oldest first. */
  get trades(): readonly MarketTrade[] {
    return this.recent
  }

  side(side: Side): MarketSide {
    return side === 'bid' ? this.bids : this.asks
  }

  /** One event. Only the market calls this. */
  step(): Turn {
    const time = this.next
    this.wait()
    const changes: MarketChange[] = []
    const trades: MarketTrade[] = []
    const firstSequence = this.sequence + 1
    if (this.random.next() < 0.2) this.execute(time, changes, trades)
    if (this.burst > 0) this.executeHidden(time, trades)
    const orders = this.random.next() < 0.3 ? 3 : 1
    while (changes.length < orders) this.order(changes)
    this.sequence += changes.length
    return { instrument: this, time, firstSequence, lastSequence: this.sequence, changes, trades }
  }

  private wait(): void {
    const wait = this.random.exponential(this.meanWaitNs)
    this.exact += Number.isFinite(wait) ? BigInt(Math.round(wait)) : FOREVER
    // More events than steps of the venue's clock: the rate gives way, so that no two have the same time.
    const earliest = this.next + this.stepNs
    if (this.exact < earliest) this.exact = earliest
    this.next = this.exact - (this.exact % this.stepNs)
  }

  private fill(side: MarketSide, direction: 1 | -1): void {
    let price = this.anchor
    for (let i = 0; i < this.depth; i++) {
      price += direction * (1 + this.random.whole(0, 2 * this.gap))
      if (price < this.anchor / 4) return
      side.set(price, this.amount())
    }
  }

  private amount(): number {
    return Math.max(1, Math.round(this.random.logNormal(this.lots, 0.9)))
  }

  /** A market order eats the other side from its best level on. */
  private execute(time: Nanos, changes: MarketChange[], trades: MarketTrade[]): void {
    const middle = ((this.bids.priceAt(0) ?? 0) + (this.asks.priceAt(0) ?? 0)) / 2
    const pull = Math.max(-0.3, Math.min(0.3, ((this.anchor - middle) / this.anchor) * 5))
    const takerSide = this.random.next() < 0.5 + pull ? 'buy' : 'sell'
    const book = takerSide === 'buy' ? this.asks : this.bids
    let left = Math.max(1, Math.round(this.amount() * (this.random.next() < 0.1 ? 4 : 0.4)))
    while (left > 0 && book.size > MIN_DEPTH && trades.length < 6) {
      const price = book.priceAt(0)
      if (price === undefined) return
      const resting = book.amountAt(price)
      const amount = Math.min(left, resting)
      left -= amount
      // Several orders may rest at one price: each of them gives a trade of its own.
      const first = amount > 1 && this.random.next() < 0.3 ? Math.floor(amount * 0.6) : amount
      for (const part of first > 0 && first < amount ? [first, amount - first] : [amount]) {
        const trade = { id: this.nextTradeId++, price, amount: part, takerSide, time } as const
        trades.push(trade)
        this.keep(trade)
      }
      this.change(changes, book, price, resting - amount)
    }
  }

  /** Small orders, to and fro, meet hidden ones: the book stays as it is. */
  private executeHidden(time: Nanos, trades: MarketTrade[]): void {
    for (; this.burst > 0; this.burst--) {
      const takerSide = this.burst % 2 === 0 ? 'buy' : 'sell'
      const price = (takerSide === 'buy' ? this.asks : this.bids).priceAt(0)
      if (price === undefined) return
      const trade = { id: this.nextTradeId++, price, amount: 1 + (this.burst % 5), takerSide, time } as const
      trades.push(trade)
      this.keep(trade)
    }
  }

  private keep(trade: MarketTrade): void {
    this.candles.add(trade)
    this.recent.push(trade)
    if (this.recent.length > this.kept * 1.2) this.recent = this.recent.slice(-this.kept)
  }

  /** Somebody places or withdraws an order. */
  private order(changes: MarketChange[]): void {
    const { random } = this
    const book = random.next() < 0.5 ? this.bids : this.asks
    const withdraw = random.next() < (book.size < this.depth ? 0.25 : 0.6)
    if (book.size >= MAX_DEPTH || (withdraw && book.size > MIN_DEPTH)) {
      this.withdraw(changes, book)
      return
    }
    const bid = this.bids.priceAt(0) ?? this.anchor - 1
    const ask = this.asks.priceAt(0) ?? this.anchor + 1
    const spread = ask - bid
    const inside = spread > 1 && random.next() < (spread > 10 * this.gap ? 0.9 : 0.15)
    const away = inside
      ? -random.whole(1, Math.min(spread, this.gap + 2))
      : Math.floor(random.exponential(this.gap * this.depth * 0.25) * random.next())
    const price = book.side === 'bid' ? bid - away : ask + away
    if (price < 1) this.withdraw(changes, book)
    else this.change(changes, book, price, book.amountAt(price) + this.amount())
  }

  private withdraw(changes: MarketChange[], book: MarketSide): void {
    const { random } = this
    const full = book.size > this.depth * 1.05
    const index = full ? book.size - 1 : Math.floor(random.next() * random.next() * book.size)
    const price = book.priceAt(index)
    if (price === undefined) return
    const resting = book.amountAt(price)
    const left = full || random.next() < 0.6 ? 0 : Math.floor(resting * random.next())
    this.change(changes, book, price, left)
  }

  private change(changes: MarketChange[], book: MarketSide, price: number, amount: number): void {
    book.set(price, amount)
    changes.push({ side: book.side, price, amount })
  }
}
