import { isoFromNanos, type Nanos } from '../../model/time.js'
import type { MarketTrade } from '../candles.js'
import { amountText, type InstrumentSpec, priceText } from '../instrument-spec.js'
import type { MarketChange, MarketInstrument } from '../market.js'
import type { MarketLevel } from '../market-book.js'

/** RFC 3339 with microseconds. */
export function stamp(time: Nanos): string {
  return `${isoFromNanos(time).slice(0, 26)}Z`
}

function orderId(kind: number, id: number): string {
  return `${kind}0000000-0000-4000-8000-${String(id).padStart(12, '0')}`
}

/** `match`, or `last_match` for the one that was last when somebody subscribed. `side` is the maker's. */
export function matchFrame(
  type: 'match' | 'last_match',
  spec: InstrumentSpec,
  { id, price, amount, takerSide, time }: MarketTrade,
  sequence: number,
): string {
  return JSON.stringify({
    type,
    trade_id: id,
    maker_order_id: orderId(1, id),
    taker_order_id: orderId(2, id),
    side: takerSide === 'buy' ? 'sell' : 'buy',
    size: amountText(spec, amount),
    price: priceText(spec, price),
    product_id: spec.symbol,
    sequence,
    time: stamp(time),
  })
}

/** The whole book. */
export function snapshotFrame({ spec, bids, asks }: MarketInstrument, time: Nanos): string {
  const side = (levels: readonly MarketLevel[]) =>
    levels.map(({ price, amount }) => [priceText(spec, price), amountText(spec, amount)])
  return JSON.stringify({
    type: 'snapshot',
    product_id: spec.symbol,
    bids: side(bids.best(bids.size)),
    asks: side(asks.best(asks.size)),
    time: stamp(time),
  })
}

/** What changed since the batch before: absolute sizes, 0 for what is gone, also of levels that came and went in between. */
export function updateFrame(spec: InstrumentSpec, changes: readonly MarketChange[], time: Nanos): string {
  return JSON.stringify({
    type: 'l2update',
    product_id: spec.symbol,
    changes: changes.map(({ side, price, amount }) => [
      side === 'bid' ? 'buy' : 'sell',
      priceText(spec, price),
      amountText(spec, amount),
    ]),
    time: stamp(time),
  })
}

/** Price, best bid and ask after a match. `side` is the taker's here. */
export function tickerFrame(
  type: 'ticker' | 'ticker_batch',
  { spec, bids, asks, candles }: MarketInstrument,
  trade: MarketTrade | undefined,
  sequence: number,
): string {
  const day = candles.held('1d').at(-1)
  const price = (ticks: number | undefined) => priceText(spec, ticks ?? 0)
  const [bid] = bids.best(1)
  const [ask] = asks.best(1)
  return JSON.stringify({
    type,
    sequence,
    product_id: spec.symbol,
    price: price(trade?.price),
    open_24h: price(day?.open),
    volume_24h: amountText(spec, day?.volume ?? 0),
    low_24h: price(day?.low),
    high_24h: price(day?.high),
    volume_30d: amountText(spec, day?.volume ?? 0),
    best_bid: price(bid?.price),
    best_bid_size: amountText(spec, bid?.amount ?? 0),
    best_ask: price(ask?.price),
    best_ask_size: amountText(spec, ask?.amount ?? 0),
    ...(trade
      ? {
          side: trade.takerSide,
          time: stamp(trade.time),
          trade_id: trade.id,
          last_size: amountText(spec, trade.amount),
        }
      : {}),
  })
}

export function heartbeatFrame({ spec, trades }: MarketInstrument, sequence: number, time: Nanos): string {
  const last_trade_id = trades.at(-1)?.id ?? 0
  return JSON.stringify({ type: 'heartbeat', sequence, last_trade_id, product_id: spec.symbol, time: stamp(time) })
}
