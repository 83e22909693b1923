import { pairInPath } from './instrument.js'

/** What a user asks for; the order is the order of channels in a task's key. */
export const CHANNELS = [
  'trades',
  'book',
  'quotes',
  'ohlc',
  'ticker',
  'funding',
  'mark_price',
  'index_price',
  'open_interest',
  'liquidations',
] as const
export type Channel = (typeof CHANNELS)[number]

/** What stands on disk. One channel may fill several kinds (`book` gives deltas and snapshots). */
export const KINDS = [
  'trades',
  'book_deltas',
  'book_snapshots',
  'quotes',
  'ohlc',
  'funding',
  'mark_price',
  'index_price',
  'open_interest',
  'liquidations',
] as const
export type Kind = (typeof KINDS)[number]

/**
 * The kind that a channel's coverage is kept for. No exchange offers `ticker` here: what it tells of the last 24 hours follows from trades, quotes
 * and candles, and what else stands in it has a channel of its own.
 */
export const KIND_OF: Readonly<Record<Channel, Kind | undefined>> = {
  trades: 'trades',
  book: 'book_deltas',
  quotes: 'quotes',
  ohlc: 'ohlc',
  ticker: undefined,
  funding: 'funding',
  mark_price: 'mark_price',
  index_price: 'index_price',
  open_interest: 'open_interest',
  liquidations: 'liquidations',
}

/** Lengths of candles in seconds, by the name used in config, paths and events. */
export const INTERVALS = {
  '1m': 60,
  '3m': 180,
  '5m': 300,
  '15m': 900,
  '30m': 1800,
  '1h': 3600,
  '2h': 7200,
  '3h': 10_800,
  '4h': 14_400,
  '6h': 21_600,
  '8h': 28_800,
  '12h': 43_200,
  '1d': 86_400,
  '3d': 259_200,
  '1w': 604_800,
  '2w': 1_209_600,
} as const satisfies Record<string, number>
export type Interval = keyof typeof INTERVALS

export function isInterval(text: string): text is Interval {
  return Object.hasOwn(INTERVALS, text)
}

/** exchange + pair + kind (+ interval of candles): the unit of storage, coverage and proof. */
export interface Dataset {
  readonly exchange: string
  readonly kind: Kind
  readonly pair: string
  readonly interval?: Interval
}

/** The dataset as one line of text: `binance trades BTC/USDT`, `kraken ohlc BTC/USD 1m`. Inverse of `parseDatasetKey`. */
export function datasetKey(dataset: Dataset): string {
  const { exchange, kind, pair, interval } = dataset
  return interval ? `${exchange} ${kind} ${pair} ${interval}` : `${exchange} ${kind} ${pair}`
}

export function parseDatasetKey(key: string): Dataset | undefined {
  const [exchange, kind, pair, interval, more] = key.split(' ')
  const known = KINDS.find((name) => name === kind)
  if (!exchange || !known || !pair || more !== undefined) return undefined
  if (interval === undefined) return { exchange, kind: known, pair }
  return isInterval(interval) ? { exchange, kind: known, pair, interval } : undefined
}

/** The folder of a dataset below the data path, hive style, without the partition. */
export function datasetPath(dataset: Dataset): string {
  const path = `exchange=${dataset.exchange}/kind=${dataset.kind}/pair=${pairInPath(dataset.pair)}`
  return dataset.interval ? `${path}/interval=${dataset.interval}` : path
}
