import type { Channel, Interval } from '../../model/dataset.js'

/** Depths of the books; 1 is the best level alone. */
export const DEPTHS = [50, 200, 1000] as const

/** The venue's names of candle lengths. A month is not emulated. */
export const LENGTHS: ReadonlyMap<string, Interval> = new Map([
  ['1', '1m'],
  ['3', '3m'],
  ['5', '5m'],
  ['15', '15m'],
  ['30', '30m'],
  ['60', '1h'],
  ['120', '2h'],
  ['240', '4h'],
  ['360', '6h'],
  ['720', '12h'],
  ['D', '1d'],
  ['W', '1w'],
])

/** A topic in its parts: `orderbook.50.BTCUSDT`. */
export interface Topic {
  readonly form: 'publicTrade' | 'orderbook' | 'kline' | 'tickers' | 'allLiquidation'
  /** Depth or length; empty where there is none. */
  readonly detail: string
  /** The venue's name of the instrument. */
  readonly name: string
}

/** The parts of a topic; `undefined` where there is no such topic. */
export function parseTopic(text: string): Topic | undefined {
  const [form, second = '', third = ''] = text.split('.')
  switch (form) {
    case 'publicTrade':
    case 'tickers':
    case 'allLiquidation':
      return third === '' ? { form, detail: '', name: second } : undefined
    case 'orderbook':
      return second === '1' || DEPTHS.some((depth) => String(depth) === second)
        ? { form, detail: second, name: third }
        : undefined
    case 'kline':
      return LENGTHS.has(second) ? { form, detail: second, name: third } : undefined
    default:
      return undefined
  }
}

/** Our channels that a topic serves. */
export function channelsOf({ form, detail }: Topic): readonly [Channel, ...Channel[]] {
  switch (form) {
    case 'publicTrade':
      return ['trades']
    case 'orderbook':
      return [detail === '1' ? 'quotes' : 'book']
    case 'kline':
      return ['ohlc']
    case 'allLiquidation':
      return ['liquidations']
    default:
      return ['mark_price', 'index_price', 'funding', 'open_interest']
  }
}
