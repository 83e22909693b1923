import type { Shape } from '../../model/shape.js'
import type { ExchangeAdapter } from '../exchange.js'
import { either, levelList, object, oneOf } from '../kit/shape.js'

/** `st` and `ps` came with the joining of both markets in June 2026; `ps` was in messages of COIN-M before. */
function event(name: string, plain: string, more: Readonly<Record<string, Shape>> = {}): Shape {
  return object(`${plain} E s st ps`, { e: oneOf(name), ...more })
}

function framed(...payloads: Shape[]): Shape {
  const payload = either(...payloads)
  return either(object('stream', { data: payload }), payload)
}

const order = object('s ps st q p ap l z T', {
  S: oneOf('BUY', 'SELL'),
  o: oneOf('LIMIT', 'MARKET'),
  f: oneOf('IOC', 'GTC', 'FOK', 'GTX'),
  X: oneOf('NEW', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'EXPIRED'),
})

const mark = event('markPriceUpdate', 'p i P r T ap')

/** https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams */
export const futuresShapes: ExchangeAdapter['shapes'] = {
  trades: framed(
    event('aggTrade', 'a p q nq f l T m'),
    event('trade', 'T t p q m', { X: oneOf('MARKET', 'INSURANCE_FUND', 'ADL', 'NA') }),
  ),
  book: framed(event('depthUpdate', 'T U u pu', { b: levelList(), a: levelList() })),
  quotes: framed(event('bookTicker', 'u b B a A T')),
  ohlc: framed(event('kline', '', { k: object('t T s i f L o c h l v n x q V Q B') })),
  funding: framed(mark),
  mark_price: framed(mark),
  index_price: framed(mark, event('indexPriceUpdate', 'i p')),
  liquidations: framed(object('E st ps', { e: oneOf('forceOrder'), o: order })),
  open_interest: object('openInterest symbol pair contractType time'),
}
