import type { ExchangeAdapter } from '../exchange.js'
import { either, levelList, object, oneOf } from '../kit/shape.js'

const candle = object('t T s i f L o c h l v n x q V Q B')

const payloads = {
  trades: object('E s t p q T m M', { e: oneOf('trade') }),
  book: object('E s U u', { e: oneOf('depthUpdate'), b: levelList(), a: levelList() }),
  quotes: object('u s b B a A'),
  ohlc: object('E s', { e: oneOf('kline'), k: candle }),
}

const framed = (payload: (typeof payloads)[keyof typeof payloads]) =>
  either(object('stream', { data: payload }), payload)

/** https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md */
export const binanceShapes: ExchangeAdapter['shapes'] = {
  trades: framed(payloads.trades),
  book: framed(payloads.book),
  quotes: framed(payloads.quotes),
  ohlc: framed(payloads.ohlc),
}
