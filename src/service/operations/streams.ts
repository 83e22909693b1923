import { z } from 'zod'
import { CONNECTION_EVENTS } from '../../model/connection-event.js'
import { CollectorError } from '../../model/error.js'
import { isoFromNanos } from '../../model/time.js'
import { channels, errorFields, exchange, isoTime, nothing, pair } from '../fields.js'
import { operation } from '../operation.js'
import type { Ports } from '../ports.js'
import { listStreams, type StreamJson } from '../streams.js'

export const streamSchema = z.object({
  key: z.string(),
  exchange: z.string(),
  pair: z.string(),
  channels: z.array(z.string()),
  time_step: z.number().describe('Seconds between two stored snapshots of a book.'),
  running: z.boolean().describe('It is at work or tries to be.'),
  state: z.enum(['waiting', 'connecting', 'subscribing', 'live', 'degraded', 'draining', 'failed', 'stopped']),
  last_frame: isoTime,
  last_event: isoTime,
  rate: z.number().describe('Events per second over the last ten seconds.'),
  lag_ms: z.number().nullable().describe('Median of receive minus exchange time, of the last events.'),
  lag_p99_ms: z.number().nullable().describe('What 99 of a hundred of them stay below.'),
  reconnects: z.number(),
  gaps: z.number().describe('Stretches that were wanted and are not held, as `gaps` lists them.'),
  rows: z.number(),
  error: errorFields.nullable(),
  configured: z.boolean().describe('Whether the config has an entry for it.'),
})

const key = z.string().min(1).max(300).describe('Key of a stream: `binance_BTC_USDT_trades_book`.')

const changed = z.object({ key: z.string(), stream: streamSchema.nullable() })

function rowOf(ports: Ports, wanted: string): StreamJson | null {
  const rows = listStreams(ports.streams).filter((row) => row.key === wanted)
  return rows.find((row) => row.state !== 'draining') ?? rows[0] ?? null
}

function found(ports: Ports, wanted: string): StreamJson {
  const row = listStreams(ports.streams).find((each) => each.key === wanted)
  if (row) return row
  throw new CollectorError('STREAM_UNKNOWN', `there is no stream ${wanted}`)
}

const list = operation({
  summary: 'Every stream: state, rate, lag, reconnects, gaps',
  role: 'read',
  input: nothing,
  output: z.array(streamSchema),
  run: (ports) => listStreams(ports.streams),
})

const start = operation({
  summary:
    'Start a stream now, by its key when the config names it, else by exchange, pair and channels; the config stays as it is',
  role: 'control',
  input: z.strictObject({
    key: key.optional(),
    exchange: exchange.optional(),
    pair: pair.optional(),
    channels: channels.optional(),
    time_step: z.int().min(1).max(86_400).optional().describe('Seconds between two stored snapshots of a book.'),
    depth: z.int().min(1).max(50_000).optional().describe('Levels a side of a book.'),
  }),
  output: changed,
  run(ports, input) {
    const known = input.key === undefined ? undefined : found(ports, input.key)
    const named = {
      ...input,
      ...(known && { exchange: known.exchange, pair: known.pair, channels: [...known.channels] }),
    }
    if (named.exchange === undefined || named.pair === undefined || named.channels === undefined)
      throw new CollectorError('USAGE', 'a stream is named by its key, or by exchange, pair and channels', {
        remedy: 'Give `key`, or `exchange`, `pair` and `channels`.',
      })
    const job = {
      exchange: named.exchange,
      time_step: input.time_step ?? known?.time_step ?? 60,
      depth: input.depth ?? depthOf(ports, named.exchange, named.pair),
    }
    const started = ports.streams.startOne(job, named.pair, named.channels)
    return { key: started, stream: rowOf(ports, started) }
  },
})

/** The depth that the config asks for, so that a start by hand is the same task. */
function depthOf(ports: Ports, exchange: string, pair: string): number | undefined {
  return ports.config().stream_jobs.find((job) => job.exchange === exchange && job.pairs.includes(pair))?.depth
}

const stop = operation({
  summary:
    'Stop a stream; what it received is stored. The config stays as it is, so the next start of the daemon starts it again',
  role: 'control',
  input: z.strictObject({ key }),
  output: changed.extend({ stopped: z.boolean().describe('Whether there was something to stop.') }),
  run(ports, input) {
    found(ports, input.key)
    const stopped = ports.streams.stopOne(input.key)
    return { key: input.key, stopped, stream: rowOf(ports, input.key) }
  },
})

const restart = operation({
  summary: 'Stop a stream and start it anew',
  role: 'control',
  input: z.strictObject({ key }),
  output: changed,
  run(ports, input, signal) {
    const row = found(ports, input.key)
    ports.streams.stopOne(input.key)
    const { exchange, pair, channels, time_step } = row
    return start.run(ports, { exchange, pair, channels: [...channels], time_step }, signal)
  },
})

const log = operation({
  summary:
    'What happened to the connections of a stream: opened, closed and why, live, gaps; the newest 100, of which 20 outlive a restart of the daemon',
  role: 'read',
  input: z.strictObject({ key }),
  output: z.array(
    z.object({
      time: z.string().describe('Of `live`, `gap` and `refused` within a second.'),
      what: z
        .enum(CONNECTION_EVENTS)
        .describe(
          '`live`: a channel is confirmed and its book complete; `gap`: something was missed on an open connection, and a book is taken anew; `unanswered`: a REST question got no answer.',
        ),
      connection: z.number().nullable().describe('Number of the connection.'),
      channel: z.string().nullable(),
      code: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
  run(ports, input) {
    const lines = ports.connections(input.key)
    if (lines.length === 0) found(ports, input.key)
    return lines.map(({ time, what, connection, channel, code, detail }) => ({
      time: isoFromNanos(time),
      what,
      connection: connection ?? null,
      channel: channel ?? null,
      code: code ?? null,
      detail: detail ?? null,
    }))
  },
})

export const streamOperations = {
  'streams.list': list,
  'streams.start': start,
  'streams.stop': stop,
  'streams.restart': restart,
  'streams.log': log,
}
