import { taskOf } from '../config/tasks.js'
import { CHANNELS, type Channel, datasetKey, KIND_OF } from '../model/dataset.js'
import type { inventoryRows } from './inventory.js'
import { datasetsOf } from './stream-datasets.js'
import type { StreamJson } from './streams.js'

type Stored = Awaited<ReturnType<typeof inventoryRows>>[number]

/**
 * Every stream as it stands while no daemon runs: those of the config, then what else is stored; none is running, and rows, gaps and the last
 * event are what the catalog knows. `taskPer`: whether an exchange has a stream for each pair or for each channel.
 */
export function storedStreams(
  configured: readonly StreamJson[],
  stored: readonly Stored[],
  taskPer: (exchange: string) => 'pair' | 'channel',
): StreamJson[] {
  const left = new Set(stored)
  const known = configured.map((stream) => withStored(stream, stored, left))
  const others = new Map<string, string[]>()
  for (const { exchange, pair, kind, interval } of left) {
    const channel = channelOf(kind)
    if (!channel) continue
    const text = interval ? `${channel}:${interval}` : channel
    const key = `${exchange} ${pair}${taskPer(exchange) === 'channel' ? ` ${text}` : ''}`
    others.set(key, [...(others.get(key) ?? []), text])
  }
  const rest = [...others].map(([key, channels]) => {
    const [exchange = '', pair = ''] = key.split(' ')
    return withStored(stopped(exchange, pair, channels), stored, left)
  })
  return [...known, ...rest]
}

function channelOf(kind: Stored['kind']): Channel | undefined {
  return CHANNELS.find((channel) => KIND_OF[channel] === kind)
}

function withStored(stream: StreamJson, stored: readonly Stored[], left: Set<Stored>): StreamJson {
  const wanted = new Set(datasetsOf(stream).map(datasetKey))
  const own = stored.filter(({ exchange, pair, kind, interval }) =>
    wanted.has(datasetKey({ exchange, pair, kind, ...(interval ? { interval } : {}) })),
  )
  for (const each of own) left.delete(each)
  const last = own.map(({ last_event }) => last_event).filter((time) => time !== null)
  return {
    ...stream,
    rows: own.reduce((sum, { rows }) => sum + rows, 0),
    gaps: own.reduce((sum, { gaps }) => sum + gaps, 0),
    last_event: last.sort().at(-1) ?? null,
  }
}

function stopped(exchange: string, pair: string, channels: readonly string[]): StreamJson {
  const { key, channels: ordered, timeStep } = taskOf({ exchange, time_step: 60 }, pair, channels)
  return {
    key,
    exchange,
    pair,
    channels: ordered.map(({ channel, interval }) => (interval ? `${channel}:${interval}` : channel)),
    time_step: timeStep,
    running: false,
    state: 'stopped',
    last_frame: null,
    last_event: null,
    rate: 0,
    lag_ms: null,
    lag_p99_ms: null,
    reconnects: 0,
    gaps: 0,
    rows: 0,
    error: null,
    configured: false,
  }
}
