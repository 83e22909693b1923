import { CHANNELS, INTERVALS, isInterval } from '../model/dataset.js'
import type { TaskChannel } from '../model/task.js'

/** Other names that configs of earlier versions use. */
const OLDER_NAMES: Readonly<Record<string, string>> = { orderbook: 'book' }

/**
 * A channel as the config writes it: `trades`, `ohlc` (candles of a minute), `ohlc:1h`. Candles always come out with their
 * interval. `undefined` when there is no such channel or interval.
 */
export function parseChannel(text: string): TaskChannel | undefined {
  const [name = '', interval, more] = text.split(':')
  const channel = CHANNELS.find((each) => each === (OLDER_NAMES[name] ?? name))
  if (!channel || more !== undefined) return undefined
  if (channel !== 'ohlc') return interval === undefined ? { channel } : undefined
  if (interval === undefined) return { channel, interval: '1m' }
  return isInterval(interval) ? { channel, interval } : undefined
}

/** The one spelling of a channel in configs and keys: candles of a minute are plain `ohlc`. Inverse of `parseChannel`. */
export function channelText({ channel, interval }: TaskChannel): string {
  return interval === undefined || interval === '1m' ? channel : `${channel}:${interval}`
}

/** In the order that keys use, which is that of `CHANNELS`; candles from short to long. */
export function inKeyOrder(channels: readonly TaskChannel[]): TaskChannel[] {
  const rank = ({ channel }: TaskChannel) => CHANNELS.indexOf(channel)
  return [...channels].sort((a, b) => rank(a) - rank(b) || seconds(a) - seconds(b))
}

function seconds({ interval }: TaskChannel): number {
  return interval === undefined ? 0 : INTERVALS[interval]
}
