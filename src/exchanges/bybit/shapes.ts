import type { Shape } from '../../model/shape.js'
import type { ExchangeAdapter } from '../exchange.js'
import { levelList, listOf, object, oneOf } from '../kit/shape.js'

function message(data: Shape, plain = ''): Shape {
  return object(`topic ts ${plain}`, { type: oneOf('snapshot', 'delta'), data })
}

const book = message(object('s u seq', { b: levelList(), a: levelList() }), 'cts')

const ticker = message(
  object(
    `symbol price24hPcnt lastPrice prevPrice24h highPrice24h lowPrice24h prevPrice1h markPrice indexPrice openInterest
    openInterestValue singleOpenInterest singleOpenInterestValue turnover24h volume24h nextFundingTime fundingRate fundingIntervalHour fundingCap
    bid1Price bid1Size ask1Price ask1Size deliveryTime basis basisRate basisRateYear deliveryFeeRate predictedDeliveryPrice preOpenPrice preQty
    curPreListingPhase`,
    { tickDirection: oneOf('PlusTick', 'ZeroPlusTick', 'MinusTick', 'ZeroMinusTick') },
  ),
  'cs',
)

/** https://bybit-exchange.github.io/docs/v5/websocket/public/trade and its siblings. */
export const bybitShapes: ExchangeAdapter['shapes'] = {
  trades: message(
    listOf(
      object('T s v p i BT RPI seq mP iP mIv iv', {
        S: oneOf('Buy', 'Sell'),
        L: oneOf('PlusTick', 'ZeroPlusTick', 'MinusTick', 'ZeroMinusTick'),
      }),
    ),
  ),
  book,
  quotes: book,
  ohlc: message(listOf(object('start end interval open close high low volume turnover confirm timestamp'))),
  funding: ticker,
  mark_price: ticker,
  index_price: ticker,
  open_interest: ticker,
  liquidations: message(listOf(object('T s v p', { S: oneOf('Buy', 'Sell') }))),
}
