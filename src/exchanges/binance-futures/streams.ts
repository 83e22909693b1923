import type { Interval } from '../../model/dataset.js'
import type { Subscription } from '../exchange.js'
import { type Fields, isFields } from '../kit/wire.js'
import type { Market } from './market.js'

type Asked = Omit<Subscription, 'id' | 'pair'>

/** Candles that Binance and we both know; it also has `1M`. */
export const INTERVALS = [
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
] as const satisfies readonly Interval[]

/** As the venue spells intervals, all of them: another one is not guessed at. */
const SPELLED = [...INTERVALS, '1M'].join('|')
const INTERVAL = new RegExp(`^(${SPELLED})$`)
const DIFFERENCES = /^@depth(@\d+ms)?$/

/**
 * Event types that Binance documents for futures, and the streams that carry them (what follows the symbol in a stream's name). Closed: a payload or stream
 * that is not here is unknown. `trade` and `@depth@0ms` are not documented, but spoken.
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams
 */
const STREAMS: Readonly<Record<string, RegExp>> = {
  aggTrade: /^@aggTrade$/,
  trade: /^@trade$/,
  // Changes, the best levels in full each time, and books with the orders of retail price improvement: the stream alone tells.
  depthUpdate: /^@depth(5|10|20)?(@\d+ms)?$|^@rpiDepth@500ms$/,
  bookTicker: /^@bookTicker$|^!bookTicker$/,
  kline: new RegExp(`^@kline_(${SPELLED})$`),
  continuous_kline: new RegExp(`_[a-z_]+@continuousKline_(${SPELLED})$`),
  indexPrice_kline: new RegExp(`^@indexPriceKline_(${SPELLED})$`),
  markPrice_kline: new RegExp(`^@markPriceKline_(${SPELLED})$`),
  markPriceUpdate: /^@markPrice(@1s)?$|^!markPrice@arr(@1s)?$/,
  indexPriceUpdate: /^@indexPrice(@1s)?$/,
  '24hrTicker': /^@ticker$|^!ticker@arr$/,
  '24hrMiniTicker': /^@miniTicker$|^!miniTicker@arr$/,
  forceOrder: /^@forceOrder$|^!forceOrder@arr$/,
  compositeIndex: /^@compositeIndex$/,
  assetIndexUpdate: /^@assetIndex$|^!assetIndex@arr$/,
  contractInfo: /^!contractInfo$/,
}

/** The form of a payload; `undefined` when it is none that Binance documents. Lists are of one form throughout. */
export function formOf(payload: unknown): string | undefined {
  if (Array.isArray(payload)) {
    const [first, ...rest] = payload.map((each) => (isFields(each) ? formOf(each) : undefined))
    return rest.every((form) => form === first) ? first : undefined
  }
  if (!isFields(payload) || typeof payload.e !== 'string') return undefined
  if (payload.e === 'kline' && !(isFields(payload.k) && INTERVAL.test(String(payload.k.i)))) return undefined
  return Object.hasOwn(STREAMS, payload.e) ? payload.e : undefined
}

/** Whether a stream of this name carries payloads of this form. */
export function carries(stream: string, form: string): boolean {
  const at = form === 'continuous_kline' ? stream.indexOf('_') : stream.search(/[@!]/)
  return at >= 0 && STREAMS[form]?.test(stream.slice(at)) === true
}

/** The pair that contracts of the same underlying share: `BTCUSD` of `BTCUSD_PERP`. Only COIN-M symbols and dated ones have a suffix. */
export function underlying(symbol: string): string {
  return symbol.replace(/_[^_]*$/, '')
}

/** The stream of a subscription. Names are in lower case, whatever the symbol is. */
export function streamOf(market: Market, { channel, symbol, interval = '1m' }: Asked): string {
  const name = symbol.toLowerCase()
  switch (channel) {
    case 'trades':
      return `${name}@aggTrade`
    case 'book':
      return `${name}@depth@100ms`
    case 'quotes':
      return `${name}@bookTicker`
    case 'ohlc':
      return `${name}@kline_${interval}`
    case 'liquidations':
      return `${name}@forceOrder`
    case 'index_price':
      if (market.index === 'by pair') return `${underlying(symbol).toLowerCase()}@indexPrice@1s`
      return `${name}@markPrice@1s`
    default:
      return `${name}@markPrice@1s`
  }
}

/** What could be asked for to get this payload; none where we have no channel for it. `stream`: where the frame names one. */
export function askedBy(market: Market, form: string, payload: Fields, stream?: string): readonly Asked[] {
  const order = form === 'forceOrder' && isFields(payload.o) ? payload.o : payload
  const symbol = form === 'indexPriceUpdate' ? order.i : order.s
  if (typeof symbol !== 'string' || symbol === '') return []
  switch (form) {
    case 'aggTrade':
    case 'trade':
      return [{ channel: 'trades', symbol }]
    case 'depthUpdate':
      return stream === undefined || DIFFERENCES.test(stream.slice(stream.indexOf('@')))
        ? [{ channel: 'book', symbol }]
        : []
    case 'bookTicker':
      return [{ channel: 'quotes', symbol }]
    case 'kline': {
      const named = isFields(payload.k) ? payload.k.i : undefined
      const interval = INTERVALS.find((each) => each === named)
      return interval ? [{ channel: 'ohlc', symbol, interval }] : []
    }
    case 'forceOrder':
      return [{ channel: 'liquidations', symbol }]
    case 'markPriceUpdate': {
      const asked: Asked[] = [
        { channel: 'mark_price', symbol },
        { channel: 'funding', symbol },
      ]
      if (market.index === 'with mark price') asked.push({ channel: 'index_price', symbol })
      return asked
    }
    case 'indexPriceUpdate':
      return [{ channel: 'index_price', symbol }]
    default:
      return []
  }
}
