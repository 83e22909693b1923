import type { Interval } from '../../model/dataset.js'
import { type Subscription, subscriptionId } from '../exchange.js'

/** The markets, each with a socket of its own. `BTCUSDT` is an instrument of two of them. */
export const CATEGORIES = ['spot', 'linear', 'inverse'] as const
export type Category = (typeof CATEGORIES)[number]

/** Candle lengths by the venue's names. It also has `M`, a month. */
const LENGTHS: Readonly<Record<string, Interval>> = {
  '1': '1m',
  '3': '3m',
  '5': '5m',
  '15': '15m',
  '30': '30m',
  '60': '1h',
  '120': '2h',
  '240': '4h',
  '360': '6h',
  '720': '12h',
  D: '1d',
  W: '1w',
}

/** Lengths of candles that can be asked for. */
export const BYBIT_INTERVALS = Object.values(LENGTHS)

/** Levels a side that can be asked for. The one of 1 is sent whole each time; quotes are made of it too. */
export const BYBIT_DEPTHS = [1, 50, 200, 1000] as const

/** The venue's name of a candle length. */
export function lengthOf(interval: Interval): string {
  return Object.keys(LENGTHS).find((each) => LENGTHS[each] === interval) ?? '1'
}

/** What belongs to a market, as we name it: `linear/BTCUSDT`. */
export function symbolOf(category: Category, name: string): string {
  return `${category}/${name}`
}

export function categoryOf(symbol: string): Category | undefined {
  return CATEGORIES.find((each) => symbol.startsWith(`${each}/`))
}

/** The venue's name within the market. */
function nameOf(symbol: string): string {
  return categoryOf(symbol) ? symbol.slice(symbol.indexOf('/') + 1) : symbol
}

/** Topics of the best level. */
export const BEST = 'orderbook.1.'

/** https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook and its neighbours */
export function topicOf({ channel, symbol, depth, interval }: Omit<Subscription, 'id' | 'pair'>): string {
  const name = nameOf(symbol)
  switch (channel) {
    case 'trades':
      return `publicTrade.${name}`
    case 'book':
      return `orderbook.${depth ?? 50}.${name}`
    case 'quotes':
      return BEST + name
    case 'funding':
    case 'mark_price':
    case 'index_price':
    case 'open_interest':
      return `tickers.${name}`
    case 'liquidations':
      return `allLiquidation.${name}`
    default:
      return `kline.${lengthOf(interval ?? '1m')}.${name}`
  }
}

/** A topic in its parts. */
export interface Topic {
  /** `orderbook`, `publicTrade` … */
  readonly form: string
  /** The depth or the length of candles, where the topic has one. */
  readonly detail: string | undefined
  readonly name: string
}

/** Other topics without a detail; of some we read nothing. */
const OTHERS = new Set(['tickers', 'allLiquidation', 'liquidation', 'insurance', 'adlAlert', 'priceLimit', 'system'])

/** The parts of a topic of a known form; `undefined` where it is of none. */
export function partsOf(topic: string): Topic | undefined {
  const [form = '', second = '', third, more] = topic.split('.')
  if (more !== undefined) return undefined
  const parts = third === undefined ? { form, detail: undefined, name: second } : { form, detail: second, name: third }
  const { detail, name } = parts
  if (form === 'system' || form === 'insurance' || form === 'adlAlert') return parts
  if (name === '') return undefined
  if (form === 'publicTrade' || OTHERS.has(form)) return detail === undefined ? parts : undefined
  if (form === 'orderbook') return /^(\d+|rpi|full)$/.test(detail ?? '') ? parts : undefined
  if (form === 'kline') return detail === 'M' || Object.hasOwn(LENGTHS, detail ?? '') ? parts : undefined
  return undefined
}

/** What of a ticker is a channel of its own. */
const IN_TICKERS = ['funding', 'mark_price', 'index_price', 'open_interest'] as const

/** What subscriptions to a topic would be; none where we have no channel for it. */
export function subscriptionsOf({ form, detail, name }: Topic, category?: Category): Subscription[] {
  const symbol = category ? symbolOf(category, name) : name
  const of = (what: Omit<Subscription, 'id' | 'pair' | 'symbol'>): Subscription[] => [
    { id: subscriptionId({ ...what, symbol }), symbol, pair: '', ...what },
  ]
  switch (form) {
    case 'publicTrade':
      return of({ channel: 'trades' })
    case 'orderbook': {
      if (detail === '1') return of({ channel: 'quotes' })
      return detail === 'rpi' || detail === 'full' ? [] : of({ channel: 'book', depth: Number(detail) })
    }
    case 'kline': {
      const interval = LENGTHS[detail ?? '']
      return interval ? of({ channel: 'ohlc', interval }) : []
    }
    case 'allLiquidation':
      return of({ channel: 'liquidations' })
    case 'tickers':
      // Those of spot and of options have nothing for us.
      return category === 'spot' || /-[CP](-USDT)?$/.test(name) ? [] : IN_TICKERS.flatMap((channel) => of({ channel }))
    default:
      return []
  }
}
