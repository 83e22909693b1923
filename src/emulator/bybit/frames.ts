import type { Interval } from '../../model/dataset.js'
import type { Nanos } from '../../model/time.js'
import type { MarketCandle, MarketTrade } from '../candles.js'
import type { ContractMarket, ForcedOrder } from '../contract-market.js'
import type { DepthChange } from '../depth-diff.js'
import { amountText, type InstrumentSpec, priceText, valueText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { MarketLevel } from '../market-book.js'
import { hashText } from '../random.js'
import type { TrueValue } from '../truth.js'
import { categoryOf, nameOf } from './listing.js'

export function toMs(time: Nanos): number {
  return Number(time / 1_000_000n)
}

/** Contracts have UUIDs for trades, spot a whole number. */
export function tradeIdOf(spec: InstrumentSpec, { id }: MarketTrade): string {
  if (categoryOf(spec) === 'spot') return `22900000000${id}`
  const hex = (value: number, length: number) => value.toString(16).padStart(length, '0').slice(-length)
  return `${hex(hashText(spec.symbol), 8)}-0000-5000-8000-${hex(id, 12)}`
}

/** The sum of prices times amounts as the venue counts it: inverse contracts are paid in the base. */
function turnover(spec: InstrumentSpec, { value, volume, close }: MarketCandle): string {
  if (categoryOf(spec) !== 'inverse') return valueText({ ...spec, written: 'shortest' }, value)
  return volume === 0n ? '0' : (Number(volume) / Number(priceText(spec, close))).toFixed(8)
}

export function tradeMessage(
  { spec }: MarketInstrument,
  trades: readonly MarketTrade[],
  now: Nanos,
  seq: number,
): string {
  const data = trades.map((trade) => ({
    T: toMs(trade.time),
    s: nameOf(spec),
    S: trade.takerSide === 'buy' ? 'Buy' : 'Sell',
    v: amountText(spec, trade.amount),
    p: priceText(spec, trade.price),
    L: trade.takerSide === 'buy' ? 'PlusTick' : 'MinusTick',
    i: tradeIdOf(spec, trade),
    BT: false,
    RPI: false,
    seq,
  }))
  return JSON.stringify({ topic: `publicTrade.${nameOf(spec)}`, type: 'snapshot', ts: toMs(now), data })
}

/** `cts`: when the engine made it. Spot writes its fields in another order. */
export function bookMessage(
  type: 'snapshot' | 'delta',
  { spec, sequence }: MarketInstrument,
  depth: number,
  { bids, asks }: DepthChange,
  u: number,
  times: { readonly cts: Nanos; readonly now: Nanos },
): string {
  const side = (levels: readonly MarketLevel[]) =>
    levels.map(({ price, amount }) => [priceText(spec, price), amount === 0 ? '0' : amountText(spec, amount)])
  const topic = `orderbook.${depth}.${nameOf(spec)}`
  const data = { s: nameOf(spec), b: side(bids), a: side(asks), u, seq: sequence }
  const [ts, cts] = [toMs(times.now), toMs(times.cts)]
  return JSON.stringify(categoryOf(spec) === 'spot' ? { topic, ts, type, data, cts } : { topic, type, ts, data, cts })
}

export function klineMessage(
  { spec }: MarketInstrument,
  name: string,
  bar: MarketCandle,
  confirm: boolean,
  now: Nanos,
): string {
  const price = (ticks: number) => priceText(spec, ticks)
  const data = [
    {
      start: toMs(bar.openTime),
      end: toMs(bar.closeTime) - 1,
      interval: name,
      open: price(bar.open),
      close: price(bar.close),
      high: price(bar.high),
      low: price(bar.low),
      volume: amountText(spec, bar.volume),
      turnover: turnover(spec, bar),
      confirm,
      timestamp: toMs(now),
    },
  ]
  return JSON.stringify({ topic: `kline.${name}.${nameOf(spec)}`, data, ts: toMs(now), type: 'snapshot' })
}

/** A bar as REST gives it. */
export function klineRow({ spec }: MarketInstrument, bar: MarketCandle): string[] {
  const price = (ticks: number) => priceText(spec, ticks)
  return [
    String(toMs(bar.openTime)),
    price(bar.open),
    price(bar.high),
    price(bar.low),
    price(bar.close),
    amountText(spec, bar.volume),
    turnover(spec, bar),
  ]
}

/** The ticker of an instrument. That of spot has no bid and ask; that of contracts has what no other topic tells. */
export function tickerOf(
  instrument: MarketInstrument,
  contract: ContractMarket | undefined,
  now: Nanos,
): Record<string, string> {
  const { spec, bids, asks, candles } = instrument
  const day = candles.held('1d' satisfies Interval).at(-1)
  const price = (ticks: number | undefined) => priceText(spec, ticks ?? 0)
  const shared = {
    symbol: nameOf(spec),
    lastPrice: price(day?.close),
    highPrice24h: price(day?.high),
    lowPrice24h: price(day?.low),
    prevPrice24h: price(day?.open),
    volume24h: amountText(spec, day?.volume ?? 0),
    turnover24h: day ? turnover(spec, day) : '0',
    price24hPcnt: day ? ((day.close - day.open) / day.open).toFixed(6) : '0',
  }
  if (!contract) return { ...shared, usdIndexPrice: '' }
  const [bid] = bids.best(1)
  const [ask] = asks.best(1)
  const { mark, index, rate, nextFunding } = contract.at(now)
  const { amount } = contract.openInterest(now)
  const worth = (of: number) => (categoryOf(spec) === 'inverse' ? of / Number(mark) : of * Number(mark)).toFixed(4)
  return {
    ...shared,
    tickDirection: 'PlusTick',
    prevPrice1h: price(day?.open),
    markPrice: mark,
    indexPrice: index,
    // Of both sides together, and of one.
    openInterest: (2 * Number(amount)).toFixed(spec.amountDecimals),
    openInterestValue: worth(2 * Number(amount)),
    singleOpenInterest: amount,
    singleOpenInterestValue: worth(Number(amount)),
    nextFundingTime: String(toMs(nextFunding)),
    fundingRate: rate,
    fundingIntervalHour: '8',
    bid1Price: price(bid?.price),
    bid1Size: amountText(spec, bid?.amount ?? 0),
    ask1Price: price(ask?.price),
    ask1Size: amountText(spec, ask?.amount ?? 0),
  }
}

/** What the fields of a ticker say of a contract, by kind of value. Open interest is told of one side. */
export function valuesIn(
  fields: Readonly<Record<string, string>>,
  whole: Readonly<Record<string, string>>,
): Omit<TrueValue, 'exchangeTime'>[] {
  const values: Omit<TrueValue, 'exchangeTime'>[] = []
  const of = (name: string) => whole[name] ?? ''
  if ('markPrice' in fields) values.push({ kind: 'mark_price', values: { price: of('markPrice') } })
  if ('indexPrice' in fields) values.push({ kind: 'index_price', values: { price: of('indexPrice') } })
  if ('fundingRate' in fields || 'nextFundingTime' in fields) {
    const next = String(BigInt(of('nextFundingTime')) * 1_000_000n)
    values.push({ kind: 'funding', values: { rate: of('fundingRate'), next_funding_time: next } })
  }
  if ('singleOpenInterest' in fields) {
    const worth = of('singleOpenInterestValue')
    values.push({ kind: 'open_interest', values: { amount: of('singleOpenInterest'), value: worth } })
  }
  return values
}

/** Positions that were closed by force. `S` is the side of the position, `p` the price of the order. */
export function liquidationMessage({ spec }: MarketInstrument, orders: readonly ForcedOrder[], now: Nanos): string {
  const data = orders.map(({ time, side, amount, price }) => ({
    T: toMs(time),
    s: nameOf(spec),
    S: side === 'buy' ? 'Sell' : 'Buy',
    v: amount,
    p: price,
  }))
  return JSON.stringify({ topic: `allLiquidation.${nameOf(spec)}`, type: 'snapshot', ts: toMs(now), data })
}
