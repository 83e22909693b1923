import { type Nanos, SECOND } from '../../model/time.js'
import type { MarketCandle, MarketTrade } from '../candles.js'
import { stamp } from '../coinbase/frames.js'
import { amountText, type InstrumentSpec, priceText, shortestText } from '../instrument-spec.js'
import type { MarketChange, MarketInstrument } from '../market.js'

/** Prices and sizes stand without trailing zeros here. */
function price({ priceDecimals }: InstrumentSpec, ticks: number | undefined): string {
  return shortestText(ticks ?? 0, priceDecimals)
}

function size({ amountDecimals }: InstrumentSpec, lots: number | bigint): string {
  return shortestText(lots, amountDecimals)
}

/** `side` is the maker's. Newest first. */
export function tradesEvent(type: 'snapshot' | 'update', spec: InstrumentSpec, trades: readonly MarketTrade[]): object {
  const rows = [...trades].reverse().map(({ id, price: ticks, amount, takerSide, time }) => ({
    trade_id: String(id),
    product_id: spec.symbol,
    price: priceText(spec, ticks),
    size: amountText(spec, amount),
    side: takerSide === 'buy' ? 'SELL' : 'BUY',
    time: stamp(time),
  }))
  return { type, trades: rows }
}

/** The whole book. The levels of some snapshots bear no time but 1970. */
export function bookSnapshot({ spec, bids, asks }: MarketInstrument): object {
  const row = (side: string) => (level: { readonly price: number; readonly amount: number }) => ({
    side,
    event_time: '1970-01-01T00:00:00Z',
    price_level: price(spec, level.price),
    new_quantity: size(spec, level.amount),
  })
  const updates = [...bids.best(bids.size).map(row('bid')), ...asks.best(asks.size).map(row('offer'))]
  return { type: 'snapshot', product_id: spec.symbol, updates }
}

/** What changed: the ask side is called `offer`. */
export function bookUpdate(spec: InstrumentSpec, changes: readonly MarketChange[], time: Nanos): object {
  const updates = changes.map(({ side, price: ticks, amount }) => ({
    side: side === 'bid' ? 'bid' : 'offer',
    event_time: stamp(time),
    price_level: price(spec, ticks),
    new_quantity: size(spec, amount),
  }))
  return { type: 'update', product_id: spec.symbol, updates }
}

export function tickerEvent(
  type: 'snapshot' | 'update',
  { spec, bids, asks, candles, trades }: MarketInstrument,
): object {
  const day = candles.held('1d').at(-1)
  const [bid] = bids.best(1)
  const [ask] = asks.best(1)
  const ticker = {
    type: 'ticker',
    product_id: spec.symbol,
    price: price(spec, trades.at(-1)?.price),
    volume_24_h: size(spec, day?.volume ?? 0n),
    low_24_h: price(spec, day?.low),
    high_24_h: price(spec, day?.high),
    low_52_w: price(spec, day?.low),
    high_52_w: price(spec, day?.high),
    price_percent_chg_24_h: '0.5',
    best_bid: price(spec, bid?.price),
    best_bid_quantity: size(spec, bid?.amount ?? 0),
    best_ask: price(spec, ask?.price),
    best_ask_quantity: size(spec, ask?.amount ?? 0),
  }
  return { type, tickers: [ticker] }
}

export function candleRow(spec: InstrumentSpec, bar: MarketCandle): object {
  return {
    start: String(bar.openTime / SECOND),
    high: price(spec, bar.high),
    low: price(spec, bar.low),
    open: price(spec, bar.open),
    close: price(spec, bar.close),
    volume: size(spec, bar.volume),
  }
}

/** Bars of five minutes, newest first. */
export function candlesEvent(type: 'snapshot' | 'update', spec: InstrumentSpec, bars: readonly MarketCandle[]): object {
  const candles = [...bars].reverse().map((bar) => ({ ...candleRow(spec, bar), product_id: spec.symbol }))
  return { type, candles }
}
