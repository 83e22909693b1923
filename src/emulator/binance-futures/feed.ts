import { type Nanos, SECOND } from '../../model/time.js'
import { type AggregateTrade, BinanceFeed, toMs } from '../binance/feed.js'
import type { BarSums } from '../binance/kline.js'
import type { MarketCandle, MarketTrade } from '../candles.js'
import type { ContractMarket, ContractSecond, ForcedOrder } from '../contract-market.js'
import { amountText, fixedText, priceText } from '../instrument-spec.js'
import type { MarketInstrument, Turn } from '../market.js'
import { contractSize, type FuturesMarket, isDated, pairOf } from './listing.js'

/** The venue numbers the changes of all its books together: those of one have holes between them. */
const NUMBERS_PER_CHANGE = 7

/** The venue's number of a book whose last change has this number in the market. */
export function wireNumber(sequence: number): number {
  return sequence * NUMBERS_PER_CHANGE
}

/** Changes of a book since the last push of one stream; each push names the one before (`pu`). */
export class FuturesDepth {
  private readonly everyNs: bigint
  private last: Nanos = 0n
  private first: number | undefined
  private before: number
  private readonly bids = new Map<number, number>()
  private readonly asks = new Map<number, number>()

  constructor(everyMs: number, { sequence }: MarketInstrument) {
    this.everyNs = BigInt(everyMs) * 1_000_000n
    this.before = wireNumber(sequence)
  }

  add(turn: Turn): void {
    this.first ??= wireNumber(turn.firstSequence) - 2
    for (const { side, price, amount } of turn.changes) (side === 'bid' ? this.bids : this.asks).set(price, amount)
  }

  get pending(): boolean {
    return this.first !== undefined
  }

  /** The fields of the push that is due; `undefined` when none is. */
  take(now: Nanos, instrument: MarketInstrument): object | undefined {
    if (this.first === undefined || now - this.last < this.everyNs) return undefined
    this.last = now
    const u = wireNumber(instrument.sequence)
    const levels = (changed: ReadonlyMap<number, number>, direction: 1 | -1) =>
      [...changed]
        .sort(([one], [other]) => (one - other) * direction)
        .map(([price, amount]) => [priceText(instrument.spec, price), amountText(instrument.spec, amount)])
    const push = { U: this.first, u, pu: this.before, b: levels(this.bids, -1), a: levels(this.asks, 1) }
    this.before = u
    this.first = undefined
    this.bids.clear()
    this.asks.clear()
    return push
  }
}

/** What Binance makes of one contract. */
export class FuturesFeed {
  readonly instrument: MarketInstrument
  readonly contract: ContractMarket
  readonly dated: boolean
  readonly stream: string
  readonly depths: ReadonlyMap<string, FuturesDepth>
  private readonly market: FuturesMarket
  private readonly index: ContractMarket
  private readonly trades: BinanceFeed
  private forced: ForcedOrder | undefined
  private quote = ''

  /** `index`: the market whose index all contracts of the pair have. */
  constructor(market: FuturesMarket, instrument: MarketInstrument, contract: ContractMarket, index: ContractMarket) {
    this.market = market
    this.instrument = instrument
    this.contract = contract
    this.index = index
    this.dated = isDated(instrument.spec)
    this.stream = instrument.spec.symbol.toLowerCase()
    this.trades = new BinanceFeed(instrument)
    this.depths = new Map(
      [
        ['depth@100ms', 100],
        ['depth', 250],
        ['depth@500ms', 500],
      ].map(([name, everyMs]) => [String(name), new FuturesDepth(Number(everyMs), instrument)]),
    )
  }

  get aggregateTrades(): readonly AggregateTrade[] {
    return this.trades.aggregateTrades
  }

  /** Adds a turn; gives the aggregate trades in it. */
  add(turn: Turn): readonly AggregateTrade[] {
    for (const depth of this.depths.values()) depth.add(turn)
    this.forced = this.contract.forced(turn).at(-1) ?? this.forced
    return this.trades.add(turn)
  }

  /** At a whole second: the latest forced order since the last; the others are never told. */
  takeForced(): ForcedOrder | undefined {
    const { forced } = this
    this.forced = undefined
    return forced
  }

  at(time: Nanos): ContractSecond {
    return { ...this.contract.at(time), index: this.index.at(time).index }
  }

  /** A payload of this contract. */
  payload(event: string, now: Nanos, fields: object): string {
    const { spec } = this.instrument
    const { number } = this.market
    return JSON.stringify({ e: event, E: toMs(now), s: spec.symbol, ...fields, st: number, ps: pairOf(spec) })
  }

  markPayload(now: Nanos): string {
    const { mark, index, rate, nextFunding } = this.at(now)
    const funding = this.dated ? { r: '', T: 0 } : { r: rate, T: toMs(nextFunding) }
    // COIN-M tells the index in a stream of the pair.
    return this.payload('markPriceUpdate', now - (now % SECOND), {
      p: mark,
      ...(this.market.inverse ? {} : { i: index }),
      P: index,
      ...funding,
    })
  }

  tradePayload(trade: AggregateTrade, now: Nanos): string {
    const { spec } = this.instrument
    const amount = amountText(spec, trade.amount)
    return this.payload('aggTrade', now > trade.time ? now : trade.time, {
      a: trade.id,
      p: priceText(spec, trade.price),
      q: amount,
      ...(this.market.inverse ? {} : { nq: amount }),
      f: trade.firstId,
      l: trade.lastId,
      T: toMs(trade.time),
      m: trade.takerSide === 'sell',
    })
  }

  /** One fill, as the undocumented `@trade` tells it. */
  singlePayload(trade: MarketTrade, now: Nanos): string {
    const { spec } = this.instrument
    return this.payload('trade', now > trade.time ? now : trade.time, {
      T: toMs(trade.time),
      t: trade.id,
      p: priceText(spec, trade.price),
      q: amountText(spec, trade.amount),
      X: 'MARKET',
      m: trade.takerSide === 'sell',
    })
  }

  forcedPayload(order: ForcedOrder, now: Nanos): string {
    const { symbol } = this.instrument.spec
    const ps = this.market.inverse ? { ps: pairOf(this.instrument.spec) } : {}
    const o = {
      s: symbol,
      ...ps,
      S: order.side === 'sell' ? 'SELL' : 'BUY',
      o: 'LIMIT',
      f: 'IOC',
      q: order.amount,
      p: order.price,
      ap: order.averagePrice,
      X: 'FILLED',
      l: order.amount,
      z: order.amount,
      T: toMs(order.time),
    }
    return JSON.stringify({ e: 'forceOrder', E: toMs(now), o })
  }

  /** The best bid and ask when they differ from the last time this was asked. */
  changedQuote(now: Nanos, matched: Nanos): string | undefined {
    const { bids, asks, spec, sequence } = this.instrument
    const [bid] = bids.best(1)
    const [ask] = asks.best(1)
    if (!bid || !ask) return undefined
    const best = {
      b: priceText(spec, bid.price),
      B: amountText(spec, bid.amount),
      a: priceText(spec, ask.price),
      A: amountText(spec, ask.amount),
    }
    const quote = JSON.stringify(best)
    if (quote === this.quote) return undefined
    this.quote = quote
    return this.payload('bookTicker', now > matched ? now : matched, {
      u: wireNumber(sequence),
      ...best,
      T: toMs(matched),
    })
  }
}

/** COIN-M: volumes are contracts, values the coin that they are worth. */
export function inverseSums({ spec }: MarketInstrument, candle: MarketCandle): BarSums {
  const value = (contracts: bigint, tickLots: bigint) => {
    const price = contracts === 0n ? 1 : Number(tickLots) / Number(contracts) / 10 ** spec.priceDecimals
    return fixedText(BigInt(Math.round(((Number(contracts) * contractSize(spec)) / price) * 1e8)), 8)
  }
  return {
    volume: amountText(spec, candle.volume),
    value: value(candle.volume, candle.value),
    takerBuyVolume: amountText(spec, candle.takerBuyVolume),
    takerBuyValue: value(candle.takerBuyVolume, candle.takerBuyValue),
  }
}
