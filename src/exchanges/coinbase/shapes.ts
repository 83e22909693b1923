import type { ExchangeAdapter } from '../exchange.js'
import { either, levelList, listOf, object, oneOf, places, VALUE } from '../kit/shape.js'

const side = oneOf('buy', 'sell')

/** https://docs.cdp.coinbase.com/exchange/websocket-feed/channels */
export const coinbaseShapes: ExchangeAdapter['shapes'] = {
  trades: object('trade_id maker_order_id taker_order_id size price product_id sequence time', {
    type: oneOf('match', 'last_match'),
    side,
  }),
  book: either(
    object('product_id time', { type: oneOf('snapshot'), bids: levelList(), asks: levelList() }),
    object('product_id time', { type: oneOf('l2update'), changes: listOf(places(side, VALUE, VALUE)) }),
  ),
  quotes: object(
    `sequence product_id price open_24h volume_24h low_24h high_24h volume_30d best_bid best_bid_size best_ask best_ask_size time trade_id last_size`,
    { type: oneOf('ticker'), side },
  ),
}
