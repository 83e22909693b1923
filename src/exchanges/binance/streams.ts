import type { Interval } from '../../model/dataset.js'
import type { Subscription } from '../exchange.js'
import { type Fields, isFields } from '../kit/wire.js'

/** Candles that Binance and we both know; it also has `1s` and `1M`. */
export const BINANCE_INTERVALS = [
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
const SPELLED = [...BINANCE_INTERVALS, '1s', '1M'].join('|')
const INTERVAL = new RegExp(`^(${SPELLED})$`)

/** What a payload is, by its own fields: its event type, or a name of ours for the forms that have none. */
export type Form = string

/**
 * Event types that Binance documents, spot first, then futures, and the streams that carry them (what follows the symbol in a stream's
 * name). Closed: a payload or stream that is not here is unknown.
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
 */
const STREAMS: Readonly<Record<Form, RegExp>> = {
  trade: /^@trade$/,
  depthUpdate: /^@depth(@100ms|@1000ms)?$/,
  bookTicker: /^@bookTicker$|^!bookTicker$/,
  kline: new RegExp(`^@kline_(${SPELLED})(@[+-]\\d\\d:\\d\\d)?$`),
  partialDepth: /^@depth(5|10|20)(@100ms|@1000ms)?$/,
  aggTrade: /^@aggTrade$/,
  blockTrade: /^@blockTrade$/,
  avgPrice: /^@avgPrice$/,
  referencePrice: /^@referencePrice$/,
  '24hrTicker': /^@ticker$|^!ticker@arr$/,
  '24hrMiniTicker': /^@miniTicker$|^!miniTicker@arr$/,
  '1hTicker': /^@ticker_1h$|^!ticker_1h@arr$/,
  '4hTicker': /^@ticker_4h$|^!ticker_4h@arr$/,
  '1dTicker': /^@ticker_1d$|^!ticker_1d@arr$/,
  forceOrder: /^@forceOrder$|^!forceOrder@arr$/,
  markPriceUpdate: /^@markPrice(@1s)?$|^!markPrice@arr(@1s)?$/,
  indexPriceUpdate: /^@indexPrice(@1s)?$/,
  compositeIndex: /^@compositeIndex$/,
  assetIndexUpdate: /^@assetIndex$|^!assetIndex@arr$/,
  contractInfo: /^!contractInfo$/,
}

/** The form of a payload; `undefined` when it is none that Binance documents. Lists are of one form throughout. */
export function formOf(payload: unknown): Form | undefined {
  if (Array.isArray(payload)) {
    const [first, ...rest] = payload.map((each) => (isFields(each) ? formOf(each) : undefined))
    return rest.every((form) => form === first) ? first : undefined
  }
  if (!isFields(payload)) return undefined
  const { e } = payload
  if (e === 'kline' && !(isFields(payload.k) && INTERVAL.test(String(payload.k.i)))) return undefined
  if (typeof e === 'string') return Object.hasOwn(STREAMS, e) ? e : undefined
  if (e !== undefined) return undefined
  if ('u' in payload && 's' in payload && 'B' in payload && 'A' in payload) return 'bookTicker'
  if ('lastUpdateId' in payload && 'bids' in payload && 'asks' in payload) return 'partialDepth'
  return undefined
}

/** Whether a stream of this name carries payloads of this form. */
export function carries(stream: string, form: Form): boolean {
  const at = stream.search(/[@!]/)
  return at >= 0 && STREAMS[form]?.test(stream.slice(at)) === true
}

/** The stream of a subscription. Names are in lower case, whatever the symbol is. */
export function streamOf({ channel, symbol, interval = '1m' }: Omit<Subscription, 'id' | 'pair'>): string {
  const name = symbol.toLowerCase()
  switch (channel) {
    case 'trades':
      return `${name}@trade`
    case 'book':
      return `${name}@depth@100ms`
    case 'quotes':
      return `${name}@bookTicker`
    default:
      return `${name}@kline_${interval}`
  }
}

/** Candles of other days than those of UTC. */
const OTHER_ZONE = /@[+-]\d\d:\d\d$/

/** What a subscription to the payload's data would be; `undefined` where we have no channel for it. `stream`: where the frame names one. */
export function subscriptionOf(
  form: Form,
  payload: Fields,
  stream = '',
): Omit<Subscription, 'id' | 'pair'> | undefined {
  const { s: symbol, k } = payload
  if (typeof symbol !== 'string' || symbol === '' || OTHER_ZONE.test(stream)) return undefined
  switch (form) {
    case 'trade':
      return { channel: 'trades', symbol }
    case 'depthUpdate':
      return { channel: 'book', symbol }
    case 'bookTicker':
      return { channel: 'quotes', symbol }
    case 'kline': {
      const named = isFields(k) ? k.i : undefined
      const interval = BINANCE_INTERVALS.find((each) => each === named)
      return interval && { channel: 'ohlc', symbol, interval }
    }
    default:
      return undefined
  }
}
