import type { Shape } from '../../model/shape.js'
import type { ExchangeAdapter } from '../exchange.js'
import { levelList, listOf, object, oneOf, places } from '../kit/shape.js'

function message(item: Shape): Shape {
  return object('', {
    arg: object('channel instId instType'),
    action: oneOf('snapshot', 'update'),
    data: listOf(item),
  })
}

const side = oneOf('buy', 'sell')
/** `[price, size, "0", orders]`. */
const levels = levelList(2)
const book = message(object('ts checksum seqId prevSeqId instId', { bids: levels, asks: levels }))

/** https://www.okx.com/docs-v5/en/#order-book-trading-market-data and https://www.okx.com/docs-v5/en/#public-data-websocket */
export const okxShapes: ExchangeAdapter['shapes'] = {
  trades: message(object('instId tradeId px sz ts count seqId', { side, source: oneOf('0', '1') })),
  book,
  quotes: book,
  ohlc: message(places(9)),
  funding: message(
    object(
      `instId fundingRate fundingTime nextFundingRate nextFundingTime impactValue interestRate maxFundingRate minFundingRate premium settFundingRate ts`,
      {
        instType: oneOf('SWAP', 'FUTURES'),
        formulaType: oneOf('noRate', 'withRate', ''),
        method: oneOf('current_period', 'next_period', ''),
        settState: oneOf('processing', 'settled', ''),
      },
    ),
  ),
  mark_price: message(object('instId instType markPx ts')),
  index_price: message(object('instId idxPx high24h low24h open24h sodUtc0 sodUtc8 ts')),
  open_interest: message(object('instId instType oi oiCcy oiUsd ts')),
  liquidations: message(
    object('instId instFamily instType uly', {
      details: listOf(object('bkLoss bkPx ccy sz ts', { side, posSide: oneOf('long', 'short', 'net', '') })),
    }),
  ),
}
