import type { Nanos } from '../../model/time.js'
import type { MarketCandle, MarketTrade } from '../candles.js'
import type { ContractMarket, ForcedOrder } from '../contract-market.js'
import type { DepthChange } from '../depth-diff.js'
import { amountText, type InstrumentSpec, priceText, shortestText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { MarketLevel } from '../market-book.js'
import { contractValue, indexOf, isInverse, typeOf } from './listing.js'
import { argOf, type Topic } from './topic.js'

export function toMs(time: Nanos): string {
  return String(time / 1_000_000n)
}

export function message(topic: Topic, data: readonly unknown[], action?: string): string {
  return JSON.stringify({ arg: argOf(topic), ...(action ? { action } : {}), data })
}

/** A fill. */
export function tradeRow({ symbol, ...spec }: InstrumentSpec, trade: MarketTrade): Record<string, string> {
  return {
    instId: symbol,
    tradeId: String(trade.id),
    px: priceText({ symbol, ...spec }, trade.price),
    sz: amountText({ symbol, ...spec }, trade.amount),
    side: trade.takerSide,
    source: '0',
    ts: toMs(trade.time),
  }
}

/** The fills of one taker order, merged by price: known by the id of the last. */
export function mergedRows(spec: InstrumentSpec, trades: readonly MarketTrade[], seqId: number): object[] {
  const rows: { trade: MarketTrade; count: number }[] = []
  for (const trade of trades) {
    const before = rows.at(-1)
    if (before?.trade.price !== trade.price) rows.push({ trade, count: 1 })
    else
      rows[rows.length - 1] = {
        trade: { ...trade, amount: before.trade.amount + trade.amount },
        count: before.count + 1,
      }
  }
  return rows.map(({ trade, count }) => ({ ...tradeRow(spec, trade), count: String(count), seqId }))
}

/** Price, total, a dead field, and the number of orders, which is made up. */
function side(spec: InstrumentSpec, levels: readonly MarketLevel[]): string[][] {
  return levels.map(({ price, amount }) =>
    amount === 0
      ? [priceText(spec, price), '0', '0', '0']
      : [priceText(spec, price), amountText(spec, amount), '0', String(1 + (amount % 7))],
  )
}

export function bookRow(
  spec: InstrumentSpec,
  { bids, asks }: DepthChange,
  time: Nanos,
  numbers: { readonly seqId: number; readonly prevSeqId?: number },
): object {
  const levels = { asks: side(spec, asks), bids: side(spec, bids), ts: toMs(time) }
  const { seqId, prevSeqId } = numbers
  // The checksum has been 0 since 2026.
  return prevSeqId === undefined ? { ...levels, seqId } : { ...levels, checksum: 0, seqId, prevSeqId }
}

/** A bar: volumes in the unit of amounts, in coins, and in the quote currency. */
export function candleRow({ spec }: MarketInstrument, bar: MarketCandle, closed: boolean): string[] {
  const price = (ticks: number) => priceText(spec, ticks)
  const { units, places } = contractValue(spec)
  const decimals = spec.priceDecimals + spec.amountDecimals + places
  const quote = isInverse(spec)
    ? shortestText(bar.volume * units, spec.amountDecimals)
    : shortestText(bar.value * units, decimals)
  const coins = isInverse(spec)
    ? (Number(quote) / Number(price(bar.close))).toFixed(4)
    : shortestText(bar.volume * units, spec.amountDecimals + places)
  const inCurrency = typeOf(spec) === 'SPOT' ? quote : coins
  return [
    toMs(bar.openTime),
    price(bar.open),
    price(bar.high),
    price(bar.low),
    price(bar.close),
    amountText(spec, bar.volume),
    inCurrency,
    quote,
    closed ? '1' : '0',
  ]
}

export function tickerRow({ spec, bids, asks, candles }: MarketInstrument, now: Nanos): Record<string, string> {
  const day = candles.held('1d').at(-1)
  const price = (ticks: number | undefined) => priceText(spec, ticks ?? 0)
  const [bid] = bids.best(1)
  const [ask] = asks.best(1)
  const volume = amountText(spec, day?.volume ?? 0)
  return {
    instType: typeOf(spec),
    instId: spec.symbol,
    last: price(day?.close),
    lastSz: '1',
    askPx: price(ask?.price),
    askSz: amountText(spec, ask?.amount ?? 0),
    bidPx: price(bid?.price),
    bidSz: amountText(spec, bid?.amount ?? 0),
    open24h: price(day?.open),
    high24h: price(day?.high),
    low24h: price(day?.low),
    volCcy24h: volume,
    vol24h: volume,
    ts: toMs(now),
    sodUtc0: price(day?.open),
    sodUtc8: price(day?.open),
  }
}

export function fundingRow(contract: ContractMarket, now: Nanos): Record<string, string> {
  const { spec, fundingInterval } = contract
  const { rate, nextFunding } = contract.at(now)
  return {
    formulaType: 'noRate',
    fundingRate: rate,
    fundingTime: toMs(nextFunding),
    impactValue: '',
    instId: spec.symbol,
    instType: 'SWAP',
    interestRate: '0.0001',
    method: 'current_period',
    maxFundingRate: '0.00375',
    minFundingRate: '-0.00375',
    nextFundingRate: '',
    nextFundingTime: toMs(nextFunding + fundingInterval),
    premium: '0.0001',
    settFundingRate: contract.charged(nextFunding - fundingInterval),
    settState: 'settled',
    ts: toMs(now),
  }
}

export function markRow(contract: ContractMarket, now: Nanos): Record<string, string> {
  return { instId: contract.spec.symbol, instType: 'SWAP', markPx: contract.at(now).mark, ts: toMs(now) }
}

export function indexRow(contract: ContractMarket, now: Nanos): Record<string, string> {
  const { index } = contract.at(now)
  const day = { high24h: index, low24h: index, open24h: index, sodUtc0: index, sodUtc8: index }
  return { instId: indexOf(contract.spec), idxPx: index, ...day, ts: toMs(now) }
}

export function interestRow(
  contract: ContractMarket,
  now: Nanos,
): { oi: string; oiUsd: string } & Record<string, string> {
  const { spec } = contract
  const { amount } = contract.openInterest(now)
  const { units, places } = contractValue(spec)
  const value = (Number(amount) * Number(units)) / 10 ** places
  const mark = Number(contract.at(now).mark)
  const [coins, dollars] = isInverse(spec) ? [value / mark, value] : [value, value * mark]
  return {
    instId: spec.symbol,
    instType: 'SWAP',
    oi: amount,
    oiCcy: coins.toFixed(4),
    oiUsd: dollars.toFixed(4),
    ts: toMs(now),
  }
}

export function liquidationRow(spec: InstrumentSpec, orders: readonly ForcedOrder[]): object {
  const details = orders.map(({ side: sideOf, price, amount, time }) => ({
    bkLoss: '0',
    bkPx: price,
    ccy: '',
    posSide: sideOf === 'buy' ? 'short' : 'long',
    side: sideOf,
    sz: amount,
    ts: toMs(time),
  }))
  return { details, instFamily: indexOf(spec), instId: spec.symbol, instType: 'SWAP', uly: indexOf(spec) }
}
