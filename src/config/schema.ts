import { Cron } from 'croner'
import { z } from 'zod'
import { CHANNELS } from '../model/dataset.js'
import { isPair } from '../model/instrument.js'
import { channelText, parseChannel } from './channel.js'

/**
 * What the schema says about a key beyond its type; it travels into the JSON schema, and from there into the reference page,
 * the warnings and the error messages.
 */
type Meta = {
  readonly description: string
  /** Completes "expected …". */
  readonly expected?: string
  /** The known values, where a wrong one is answered with the nearest. */
  readonly known?: readonly string[]
  /** Holds a secret: never printed, left out by `redact`. */
  readonly secret?: true
  /** The part that would use it is not built yet; says what happens instead. */
  readonly unbuilt?: string
}

const about = (description: string, more: Omit<Meta, 'description'> = {}): Meta => ({ description, ...more })

const CHANNEL_NAMES = [...CHANNELS, 'ohlc:5m', 'ohlc:15m', 'ohlc:1h', 'ohlc:4h', 'ohlc:1d']

const exchange = z
  .string()
  .overwrite((text) => text.toLowerCase())
  .refine((text) => /^[a-z][a-z0-9_]*$/.test(text))
  .meta(about('The exchange, by its id.', { expected: 'the id of an exchange, such as binance' }))

/** Spelled as pairs are, but for their patterns. */
function isSpelled(text: string): boolean {
  return isPair(text) && !/^[^/:]*[a-z][^/:A-Z]*\//.test(text) && !/\/[^/:A-Z]*[a-z][^/:A-Z]*(:|$)/.test(text)
}

const pair = z
  .string()
  .refine(isSpelled)
  .meta(
    about('Spot `BTC/USDT`, perpetual `BTC/USDT:perp`, future `BTC/USDT:20261225`.', {
      expected: 'BASE/QUOTE in capitals, such as BTC/USDT or BTC/USDT:perp',
    }),
  )

const pairs = z
  .array(pair)
  .min(1)
  .meta(about('What to record.', { expected: 'a list of at least one pair' }))

const channel = z
  .string()
  .refine((text) => parseChannel(text) !== undefined)
  .overwrite((text) => {
    const parsed = parseChannel(text)
    return parsed ? channelText(parsed) : text
  })
  .meta(
    about(
      '`trades`, `book`, `quotes`, `ohlc` (candles of a minute), `ohlc:1h` and so on; of derivatives also `funding`, `mark_price`, `index_price`, `open_interest`, `liquidations`.',
      {
        expected: 'a channel',
        known: CHANNEL_NAMES,
      },
    ),
  )

function isCron(expression: string): boolean {
  try {
    return new Cron(expression, { paused: true }).nextRun() !== null
  } catch {
    return false
  }
}

function isTimezone(name: string): boolean {
  if (name === 'local') return true
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

const flag = (description: string) =>
  z
    .boolean()
    .default(false)
    .meta(about(description, { expected: 'true or false' }))

const count = (least: number, most: number, unit: string) => {
  const schema = z.int().min(least).max(most)
  const expected = `a whole number of ${unit} from ${least} to ${most}`
  return { schema, expected }
}

const port = count(0, 65_535, 'a port')
const workers = count(1, 256, 'workers')
const syncInterval = count(0, 31_536_000, 'seconds')
const step = count(1, 86_400, 'seconds')
const levels = count(1, 50_000, 'levels')
const span = count(60, 31_536_000, 'seconds')
const retries = count(1, 10, 'tries')
const instrumentsInterval = count(1, 86_400, 'seconds')
const stopTimeout = count(1, 3600, 'seconds')
const syncMs = count(1, 60_000, 'milliseconds')
const topMost = count(1, 10_000, 'pairs')
const errors = count(1, 1_000_000, 'errors')

const token = (description: string) =>
  z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .meta(about(description, { expected: 'text', secret: true }))

const endpoint = z
  .strictObject({
    websocket: z
      .url({ protocol: /^wss?$/, hostname: /./ })
      .optional()
      .meta(about('Base URL of the feeds.', { expected: 'a URL that begins with ws:// or wss://' })),
    rest: z
      .url({ protocol: /^https?$/, hostname: /./ })
      .optional()
      .meta(about('Base URL of the requests.', { expected: 'a URL that begins with http:// or https://' })),
    archive: z
      .url({ protocol: /^https?$/, hostname: /./ })
      .optional()
      .meta(about('Base URL of the files of the past.', { expected: 'a URL that begins with http:// or https://' })),
  })
  .meta(
    about("Base URLs used instead of the exchange's own; its paths are appended.", {
      expected: 'websocket, rest and archive',
    }),
  )

const settings = z
  .strictObject({
    data_path: z
      .string()
      .min(1)
      .default('./data/crypto')
      .meta(
        about('Where the data goes. `~` is your home; a relative path counts from the config file.', {
          expected: 'a path',
        }),
      ),
    timezone: z
      .string()
      .refine(isTimezone)
      .default('local')
      .meta(
        about('How times are shown: `local`, `UTC` or a name such as `Europe/Zurich`. Stored times are always UTC.', {
          expected: 'local, UTC or the name of a time zone',
          unbuilt: 'times are shown in UTC',
        }),
      ),
    ui_host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .meta(
        about('Address of the HTTP API and the UI. Any but that of this machine alone needs `ui_auth_token`.', {
          expected: 'an address',
        }),
      ),
    ui_port: port.schema
      .default(8080)
      .meta(about('Port of the HTTP API; 0 takes a free one.', { expected: 'a port from 0 to 65535' })),
    ui_auth_token: token(
      'Token that the API asks for; whoever has it may change things. `sha256:` and the hash of a token in hex does as well.',
    ),
    ui_read_token: token('Another token, which may look only.'),
    ui_allow_origins: z
      .array(
        z
          .string()
          .regex(/^https?:\/\/[^/\s]+$/)
          .meta(
            about('Such as `https://dccd.example.org`.', { expected: 'an origin: scheme and host, without a path' }),
          ),
      )
      .default([])
      .meta(
        about('Origins of pages that may call the API, and with them the host names of a proxy in front.', {
          expected: 'a list of origins',
        }),
      ),
    ui_readonly: flag('Whether the API only shows.'),
    ui_rate_limit: z
      .number()
      .min(0)
      .default(0)
      .meta(about('Requests per second and client; 0 is without limit.', { expected: 'a number from 0' })),
    ui_trusted_proxy: flag('Whether a proxy in front names the client in `X-Forwarded-For`.'),
    runs_retention_days: z
      .int()
      .min(0)
      .default(90)
      .meta(
        about('How long finished runs are listed; 0 is for ever.', {
          expected: 'a whole number of days',
        }),
      ),
    workers: z
      .union([z.literal('auto'), workers.schema])
      .default('auto')
      .meta(
        about('Threads that receive. `auto` takes one for each core but one, at most four.', {
          expected: `auto or ${workers.expected}`,
        }),
      ),
    archives: z
      .enum(['auto', 'never', 'only'])
      .default('auto')
      .meta(
        about(
          'Files that exchanges publish of the past: `auto` takes them for days that are over, where they spare requests or reach further; `never`; `only` asks nothing else.',
          { expected: 'auto, never or only', known: ['auto', 'never', 'only'] },
        ),
      ),
    instruments_interval: instrumentsInterval.schema.default(900).meta(
      about('Seconds between two looks at what an exchange lists, for entries whose pairs are a rule.', {
        expected: instrumentsInterval.expected,
      }),
    ),
    stop_timeout: stopTimeout.schema
      .default(9)
      .meta(
        about(
          'Seconds that an end may take. All that was received is stored first, then files are published one by one: with many datasets some may be left for the next start.',
          { expected: stopTimeout.expected },
        ),
      ),
    endpoints: z
      .record(exchange, endpoint)
      .default({})
      .meta(
        about('Other base URLs, by exchange: a proxy, a test, the emulator.', {
          expected: 'exchanges with their URLs',
        }),
      ),
  })
  .prefault({})
  .meta(about('The daemon itself.', { expected: 'settings, one a line' }))

const remote = z
  .strictObject({
    provider: z.literal('rclone').meta(about('What copies.', { expected: 'rclone', known: ['rclone'] })),
    remote: z
      .string()
      .min(1)
      .meta(
        about('The target as rclone names it: `nas:crypto`.', { expected: 'a remote of rclone, such as nas:crypto' }),
      ),
  })
  .meta(about('One copy elsewhere.', { expected: 'provider and remote' }))

const storage = z
  .strictObject({
    local_path: z
      .string()
      .default('')
      .meta(about('The older name of `settings.data_path`; when given it is used instead.', { expected: 'a path' })),
    state_path: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .meta(
        about(
          'Where catalog and journal lie, when not in the data folder: a local disk beside data on a network. What is there already is moved at the start. One folder for each data folder.',
          { expected: 'a path' },
        ),
      ),
    remotes: z
      .array(remote)
      .default([])
      .meta(about('Where the data is copied to.', { expected: 'a list of remotes' })),
    sync_interval: syncInterval.schema
      .default(3600)
      .meta(about('Seconds between two copies; 0 copies never.', { expected: syncInterval.expected })),
    min_free_gb: z
      .number()
      .min(0)
      .default(0)
      .meta(
        about('Free space to keep, in GiB, by removing what is safe elsewhere.', {
          expected: 'a number from 0',
          unbuilt: 'nothing is ever removed',
        }),
      ),
  })
  .prefault({})
  .meta(about('Where the data lies and where copies go.', { expected: 'settings, one a line' }))

const pattern = z
  .string()
  .refine(isSpelled)
  .meta(
    about('`BTC/USDT`, `BTC/USDT:perp`, or a pattern that follows what the exchange lists: `*/USDT`, `BTC/*:perp`.', {
      expected: 'BASE/QUOTE in capitals, such as BTC/USDT or BTC/USDT:perp',
    }),
  )

const streamJob = z
  .strictObject({
    exchange,
    pairs: z
      .array(pattern)
      .min(1)
      .meta(
        about(
          'What to record: pairs, and patterns that are followed live: what is newly listed starts, what is delisted ends.',
          {
            expected: 'a list of at least one pair',
          },
        ),
      ),
    kind: z
      .enum(['spot', 'perpetual', 'future'])
      .optional()
      .meta(
        about('Which instruments patterns mean; `spot` when left out.', {
          expected: 'spot, perpetual or future',
          known: ['spot', 'perpetual', 'future'],
        }),
      ),
    exclude: z
      .array(pattern)
      .optional()
      .meta(about('Pairs and patterns that patterns leave out.', { expected: 'a list of pairs or patterns' })),
    top: topMost.schema.optional().meta(
      about('Of what the patterns mean, only so many: those with the most traded value of the last 24 hours.', {
        expected: topMost.expected,
      }),
    ),
    channels: z
      .array(channel)
      .min(1)
      .meta(about('Which feeds of each pair.', { expected: 'a list of at least one channel' })),
    time_step: step.schema
      .default(60)
      .meta(about('Seconds between two stored snapshots of a book.', { expected: step.expected })),
    depth: levels.schema.optional().meta(
      about(
        'Levels a side of a book (100 when left out). The nearest larger depth that the exchange offers is asked.',
        {
          expected: levels.expected,
        },
      ),
    ),
  })
  .meta(about('Pairs of one exchange to record as they happen.', { expected: 'exchange, pairs and channels' }))

const histoJob = z
  .strictObject({
    exchange,
    pairs,
    span: span.schema.meta(about('Length of a candle in seconds.', { expected: span.expected })),
    format: z
      .enum(['parquet', 'csv', 'xlsx'])
      .default('parquet')
      .meta(
        about('The form of the files.', {
          expected: 'parquet, csv or xlsx',
          known: ['parquet', 'csv', 'xlsx'],
          unbuilt: 'files are Parquet',
        }),
      ),
    max_retries: retries.schema
      .default(6)
      .meta(
        about('Tries per request, before the run fails; limits and bans only wait.', { expected: retries.expected }),
      ),
    retry_delay: z
      .number()
      .min(0)
      .default(2)
      .meta(about('Seconds before the second try; doubled each time.', { expected: 'a number of seconds from 0' })),
  })
  .meta(about('Candles of the past.', { expected: 'exchange, pairs and span' }))

const DATA_TYPES = ['ohlc', 'trades', 'orderbook', 'funding', 'open_interest']
const TRIGGERS = ['once', 'interval', 'cron', 'supervised', 'manual']

const oneOf = (values: readonly string[], preset: string, description: string) =>
  z
    .enum(values)
    .default(preset)
    .meta(about(description, { expected: `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`, known: values }))

const olderJob = z
  .strictObject({
    exchange,
    pairs: z
      .array(z.string().min(3))
      .min(1)
      .meta(about('What to record.', { expected: 'a list of at least one pair' })),
    data_type: oneOf(DATA_TYPES, 'ohlc', 'What is wanted.'),
    operation: oneOf(['backfill', 'stream'], 'backfill', 'Whether from the past or as it happens.'),
    span: span.schema.optional().meta(about('Length of a candle in seconds.', { expected: span.expected })),
    trigger_kind: oneOf(TRIGGERS, 'interval', 'What starts it.'),
    every: z
      .int()
      .min(1)
      .optional()
      .meta(about('Seconds between two runs.', { expected: 'a whole number of seconds' })),
    cron: z
      .string()
      .refine(isCron)
      .optional()
      .meta(
        about('When it runs, in the time zone of the settings: `0 3 * * *` is each day at three.', {
          expected: 'a cron expression such as 0 3 * * *',
        }),
      ),
    start: z
      .union([z.string(), z.int()])
      .default('last')
      .meta(about('Where it begins.', { expected: 'last, origin, a date or nanoseconds' })),
    depth: levels.schema.optional().meta(about('Levels a side of a book.', { expected: levels.expected })),
    snapshot_interval: step.schema.optional().meta(about('Seconds between two books.', { expected: step.expected })),
  })
  .meta(about('A job as version 3 of the earlier dccd wrote it.', { expected: 'exchange and pairs' }))

const alerts = z
  .strictObject({
    webhook_url: z
      .url({ protocol: /^https?$/, hostname: /./ })
      .nullable()
      .default(null)
      .meta(
        about('Where alerts are sent: a webhook of Slack or Mattermost, a topic of ntfy.', {
          expected: 'a URL that begins with http:// or https://',
          secret: true,
        }),
      ),
    format: z
      .enum(['auto', 'slack', 'ntfy'])
      .default('auto')
      .meta(
        about(
          'The form of alerts: JSON with `text` (`slack`), or plain text with headers (`ntfy`). `auto` is `ntfy` where the host has that in its name, else `slack`.',
          { expected: 'auto, slack or ntfy', known: ['auto', 'slack', 'ntfy'] },
        ),
      ),
    max_consecutive_errors: errors.schema
      .default(3)
      .meta(about('Failures in a row before an alert.', { expected: errors.expected })),
  })
  .prefault({})
  .meta(
    about('Who is told when something stays broken, once for each row of failures, and when it works again.', {
      expected: 'settings, one a line',
    }),
  )

const journal = z
  .strictObject({
    keep: z
      .union([z.literal(0), z.string().regex(/^(?:0|forever|[1-9]\d{0,5}[mhdw])$/)])
      .default('7d')
      .meta(
        about('How long frames are kept after their rows are safe: `90m`, `12h`, `7d`, `4w`, `0` or `forever`.', {
          expected: '0, forever or a time such as 12h or 7d',
        }),
      ),
    sync_ms: syncMs.schema.default(250).meta(
      about('Milliseconds after which a received frame is safe on the disk at the latest.', {
        expected: syncMs.expected,
      }),
    ),
    min_free_gb: z
      .union([z.literal('auto'), z.number().min(0)])
      .default('auto')
      .meta(
        about(
          'Below this much free space, in GiB, recording pauses before the disk is full; at twice that it goes on by itself. `auto` is 1 GiB, or 2 % of a small disk.',
          { expected: 'auto or a number from 0' },
        ),
      ),
    max_bytes: z
      .int()
      .min(1_048_576)
      .nullable()
      .default(null)
      .meta(
        about('Most bytes that kept frames may take; empty is without limit. Rows not yet safe are never removed.', {
          expected: 'a whole number of bytes from 1048576 (1 MiB)',
        }),
      ),
  })
  .prefault({})
  .meta(about('The journal of received frames.', { expected: 'settings, one a line' }))

/** The whole config. Types, defaults, validation, JSON schema, reference page and error messages all come from here. */
export const configSchema = z
  .strictObject({
    settings,
    storage,
    journal,
    stream_jobs: z
      .array(streamJob)
      .default([])
      .meta(about('What is recorded as it happens.', { expected: 'a list of jobs' })),
    histo_jobs: z
      .array(histoJob)
      .default([])
      .meta(about('What is fetched from the past.', { expected: 'a list of jobs' })),
    jobs: z
      .array(olderJob)
      .default([])
      .meta(
        about('Jobs in the form of version 3 of the earlier dccd.', {
          expected: 'a list of jobs',
        }),
      ),
    alerts,
  })
  .meta(about('One YAML file names everything that is recorded.', { expected: 'a config' }))

/** A config with every default filled in and every path absolute. Plain data. */
export type CollectorConfig = z.output<typeof configSchema>
/** A config as it may be written. */
export type ConfigInput = z.input<typeof configSchema>
export type StreamJob = CollectorConfig['stream_jobs'][number]
