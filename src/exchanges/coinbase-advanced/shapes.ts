import type { Shape } from '../../model/shape.js'
import type { ExchangeAdapter } from '../exchange.js'
import { listOf, object, oneOf } from '../kit/shape.js'

/** An envelope with events that hold a list under the name that the channel gives it. `client_id` went in 2026. */
function message(channel: string, name: string, item: Shape, plain = ''): Shape {
  const event = object(plain, { type: oneOf('snapshot', 'update'), [name]: listOf(item) })
  return object('timestamp sequence_num client_id', { channel: oneOf(channel), events: listOf(event) })
}

/** https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels */
export const coinbaseAdvancedShapes: ExchangeAdapter['shapes'] = {
  trades: message(
    'market_trades',
    'trades',
    object('trade_id product_id price size time', { side: oneOf('BUY', 'SELL') }),
  ),
  book: message(
    'l2_data',
    'updates',
    object('event_time price_level new_quantity', { side: oneOf('bid', 'offer') }),
    'product_id',
  ),
  quotes: message(
    'ticker',
    'tickers',
    object(
      `product_id price volume_24_h low_24_h high_24_h low_52_w high_52_w price_percent_chg_24_h best_bid best_bid_quantity best_ask best_ask_quantity`,
      { type: oneOf('ticker') },
    ),
  ),
  ohlc: message('candles', 'candles', object('start high low open close volume product_id')),
}
