import type { Shape } from '../../model/shape.js'
import type { ExchangeAdapter } from '../exchange.js'
import { listOf, object, oneOf } from '../kit/shape.js'

function message(channel: string, item: Shape, plain = ''): Shape {
  return object(plain, { channel: oneOf(channel), type: oneOf('snapshot', 'update'), data: listOf(item) })
}

const levels = listOf(object('price qty'))

/** https://docs.kraken.com/api/docs/websocket-v2/trade and its siblings. */
export const krakenShapes: ExchangeAdapter['shapes'] = {
  trades: message(
    'trade',
    object('symbol price qty trade_id timestamp', { side: oneOf('buy', 'sell'), ord_type: oneOf('limit', 'market') }),
  ),
  book: message('book', object('symbol checksum timestamp', { bids: levels, asks: levels })),
  quotes: message(
    'ticker',
    object('symbol bid bid_qty ask ask_qty last volume vwap low high change change_pct timestamp'),
  ),
  ohlc: message(
    'ohlc',
    object('symbol open high low close trades volume vwap interval_begin interval timestamp'),
    'timestamp',
  ),
}
