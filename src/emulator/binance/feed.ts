import type { Nanos } from '../../model/time.js'
import type { MarketTrade } from '../candles.js'
import { amountText, priceText } from '../instrument-spec.js'
import type { MarketInstrument, Turn } from '../market.js'

/** Trades of one price and side from one taker order, as one: what `@aggTrade` and `/api/v3/aggTrades` give. */
export interface AggregateTrade extends MarketTrade {
  readonly firstId: number
  readonly lastId: number
}

/** Changes of a book since a stream's last push, the newest amount of each price. */
export class DepthBatch {
  private readonly everyNs: bigint
  private last: Nanos = 0n
  private first: number | undefined
  private readonly bids = new Map<number, number>()
  private readonly asks = new Map<number, number>()

  constructor(everyMs: number) {
    this.everyNs = BigInt(everyMs) * 1_000_000n
  }

  add(turn: Turn): void {
    this.first ??= turn.firstSequence
    for (const { side, price, amount } of turn.changes) (side === 'bid' ? this.bids : this.asks).set(price, amount)
  }

  get pending(): boolean {
    return this.first !== undefined
  }

  /** The push that is due, as the text of its fields; `undefined` when none is. */
  take(now: Nanos, instrument: MarketInstrument): string | undefined {
    if (this.first === undefined || now - this.last < this.everyNs) return undefined
    this.last = now
    const text = JSON.stringify({
      e: 'depthUpdate',
      E: toMs(now),
      s: instrument.spec.symbol,
      U: this.first,
      u: instrument.sequence,
      b: levels(instrument, this.bids, -1),
      a: levels(instrument, this.asks, 1),
    })
    this.first = undefined
    this.bids.clear()
    this.asks.clear()
    return text
  }
}

/** Changed levels, best first. */
function levels({ spec }: MarketInstrument, changed: ReadonlyMap<number, number>, direction: 1 | -1): string[][] {
  const sorted = [...changed].sort(([one], [other]) => (one - other) * direction)
  return sorted.map(([price, amount]) => [priceText(spec, price), amountText(spec, amount)])
}

/** What Binance makes of one instrument of the market. */
export class BinanceFeed {
  readonly instrument: MarketInstrument
  readonly stream: string
  readonly fast = new DepthBatch(100)
  readonly slow = new DepthBatch(1000)
  private aggregates: AggregateTrade[] = []
  private nextAggregate: number
  private quote = ''

  constructor(instrument: MarketInstrument) {
    this.instrument = instrument
    this.stream = instrument.spec.symbol.toLowerCase()
    this.nextAggregate = 1 + Math.floor(instrument.sequence / 7)
  }

  /** The newest aggregate trades that are kept, oldest first. */
  get aggregateTrades(): readonly AggregateTrade[] {
    return this.aggregates
  }

  /** Adds a turn; gives the aggregate trades in it. */
  add(turn: Turn): readonly AggregateTrade[] {
    this.fast.add(turn)
    this.slow.add(turn)
    const fresh: AggregateTrade[] = []
    for (const trade of turn.trades) {
      const last = fresh.at(-1)
      if (last && last.price === trade.price && last.takerSide === trade.takerSide)
        fresh[fresh.length - 1] = { ...last, amount: last.amount + trade.amount, lastId: trade.id }
      else fresh.push({ ...trade, id: this.nextAggregate++, firstId: trade.id, lastId: trade.id })
    }
    this.aggregates.push(...fresh)
    const { kept } = this.instrument
    if (this.aggregates.length > kept * 1.2) this.aggregates = this.aggregates.slice(-kept)
    return fresh
  }

  /** The best bid and ask when they differ from the last time this was asked. */
  changedQuote(): string | undefined {
    const { bids, asks, spec, sequence } = this.instrument
    const [bid] = bids.best(1)
    const [ask] = asks.best(1)
    if (!bid || !ask) return undefined
    const quote = `"s":"${spec.symbol}","b":"${priceText(spec, bid.price)}","B":"${amountText(spec, bid.amount)}","a":"${priceText(spec, ask.price)}","A":"${amountText(spec, ask.amount)}"`
    if (quote === this.quote) return undefined
    this.quote = quote
    return `{"u":${sequence},${quote}}`
  }
}

export function tradeFrame(symbol: string, instrument: MarketInstrument, trade: MarketTrade, now: Nanos): string {
  return JSON.stringify({
    e: 'trade',
    E: toMs(now > trade.time ? now : trade.time),
    s: symbol,
    t: trade.id,
    p: priceText(instrument.spec, trade.price),
    q: amountText(instrument.spec, trade.amount),
    T: toMs(trade.time),
    m: trade.takerSide === 'sell',
    M: true,
  })
}

export function aggregateFrame(instrument: MarketInstrument, trade: AggregateTrade, now: Nanos): string {
  const { spec } = instrument
  return JSON.stringify({
    e: 'aggTrade',
    E: toMs(now > trade.time ? now : trade.time),
    s: spec.symbol,
    a: trade.id,
    p: priceText(spec, trade.price),
    q: amountText(spec, trade.amount),
    f: trade.firstId,
    l: trade.lastId,
    T: toMs(trade.time),
    m: trade.takerSide === 'sell',
    M: true,
  })
}

export function toMs(time: Nanos): number {
  return Number(time / 1_000_000n)
}
