import { z } from 'zod'
import type { Interval, Kind } from '../../model/dataset.js'
import { CollectorError } from '../../model/error.js'
import type { Gap } from '../../model/gaps.js'
import { isoFromNanos, SECOND } from '../../model/time.js'
import { bookAt } from '../book-at.js'
import { coverageIntervals } from '../coverage.js'
import {
  cell,
  cursor,
  exchange,
  from,
  instant,
  interval,
  isoTime,
  kind,
  LONGEST,
  nanosText,
  nothing,
  pair,
  rowLimit,
  until,
} from '../fields.js'
import { gapRows } from '../gaps.js'
import { inventoryRows } from '../inventory.js'
import { type Operation, operation } from '../operation.js'
import type { StoredPorts } from '../ports.js'
import { present } from '../present.js'
import { readPage } from '../read-page.js'
import { storageFacts } from '../storage-facts.js'

const datasetFields = {
  exchange: z.string(),
  kind: z.string(),
  pair: z.string(),
  interval: z.string().nullable().describe('Of candles; else null.'),
}

const filter = {
  exchange: exchange.optional(),
  pair: pair.optional(),
  kind: kind.optional(),
}

export function datasetOf(input: { exchange: string; pair: string; kind: Kind; interval?: Interval | undefined }) {
  const { exchange, pair, kind, interval } = input
  if (kind !== 'ohlc' && interval !== undefined)
    throw new CollectorError('USAGE', `${kind} has no interval`, { remedy: 'Leave `interval` out, or ask for ohlc.' })
  return { exchange, pair, kind, ...(kind === 'ohlc' ? { interval: interval ?? ('1m' as const) } : {}) }
}

function dataOperation<I extends z.ZodType, O extends z.ZodType>(made: Operation<I, O, StoredPorts>) {
  return operation(made)
}

const inventory = dataOperation({
  apart: true,
  summary: 'Every dataset: rows, size, range, coverage, gaps',
  role: 'read',
  input: nothing,
  output: z.array(
    z.object({
      ...datasetFields,
      rows: z.number().describe('Those that are not yet published may be counted twice until they are.'),
      unpublished_rows: z.number(),
      files: z.number(),
      bytes: z.number(),
      first: z.string().describe('First partition: a date or a year.'),
      last: z.string(),
      first_event: isoTime.describe('Exchange time, or receive time where the exchange gives none.'),
      last_event: isoTime,
      published: isoTime,
      held_until: isoTime,
      coverage: z.number().nullable().describe('Part of the wanted time that is held by proof, 0 to 1.'),
      held_s: z.number().describe('Seconds held by proof, quiet ones too: nothing happened is not a hole.'),
      missing_s: z.number().describe('Seconds that were wanted and are not held.'),
      gaps: z.number(),
    }),
  ),
  async run(ports, _, signal) {
    return await inventoryRows(await ports.data(), signal)
  },
})

const datasetCoverage = z.object({
  ...datasetFields,
  intervals: z.array(
    z.object({
      from: nanosText,
      until: nanosText,
      from_time: z.string(),
      until_time: z.string(),
      state: z
        .enum(['observed', 'backfilled', 'unverifiable', 'missing'])
        .describe('The worst of a cell. Between intervals nobody wanted the data.'),
      code: z.string().nullable().describe('Why something is missing.'),
      detail: z.string().nullable(),
      held_s: z.number(),
      missing_s: z.number(),
    }),
  ),
})

const coverage = dataOperation({
  apart: true,
  summary: 'What is held of each dataset and what is missing, as intervals at a resolution',
  role: 'read',
  input: z.strictObject({
    ...filter,
    interval: interval.optional(),
    from,
    until,
    resolution_s: z
      .number()
      .min(0)
      .max(31_536_000)
      .default(0)
      .describe('Length of a cell in seconds; 0 gives every stretch as it is. A day is 86400.'),
    limit: rowLimit(20_000, 200_000).describe('At most this many intervals in all.'),
  }),
  output: z.object({
    from_time: isoTime.describe('Begin of what is told; null when nothing is known.'),
    until_time: isoTime,
    resolution_s: z.number(),
    truncated: z
      .boolean()
      .describe('There were more intervals than `limit`: ask for a coarser resolution or a shorter range.'),
    datasets: z.array(datasetCoverage),
  }),
  async run(ports, input, signal) {
    const data = await ports.data()
    const view = {
      from: input.from ?? 0n,
      until: input.until ?? LONGEST,
      resolution: BigInt(Math.round(input.resolution_s * 1e9)),
    }
    let left = input.limit
    let truncated = false
    let first: bigint | undefined
    let last: bigint | undefined
    const datasets: z.input<typeof datasetCoverage>[] = []
    const asked = present({ exchange: input.exchange, pair: input.pair, kind: input.kind })
    for await (const { dataset, covered, gaps } of data.eachLedger(asked, signal)) {
      if (input.interval !== undefined && dataset.interval !== input.interval) continue
      const all = coverageIntervals(covered, gaps, view)
      const intervals = all.slice(0, left)
      truncated ||= intervals.length < all.length
      left -= intervals.length
      for (const each of [all[0], all.at(-1)]) {
        if (!each) continue
        const [start, end] = [BigInt(each.from), BigInt(each.until)]
        if (first === undefined || start < first) first = start
        if (last === undefined || end > last) last = end
      }
      const { exchange, kind, pair } = dataset
      datasets.push({ exchange, kind, pair, interval: dataset.interval ?? null, intervals })
    }
    return {
      from_time: first === undefined ? null : isoFromNanos(first),
      until_time: last === undefined ? null : isoFromNanos(last),
      resolution_s: input.resolution_s,
      truncated,
      datasets,
    }
  },
})

const gapsOperation = dataOperation({
  apart: true,
  summary: 'Every interval that may be missing, with its cause',
  role: 'read',
  input: z.strictObject({
    ...filter,
    from,
    until,
    limit: rowLimit(10_000, 200_000).describe('At most this many, the newest.'),
  }),
  output: z.array(
    z.object({
      ...datasetFields,
      from: nanosText,
      until: nanosText,
      from_time: z.string(),
      until_time: z.string(),
      seconds: z.number(),
      missing: z.string().nullable().describe("How many of the venue's counter are missing; null where it has none."),
      code: z.string(),
      detail: z.string(),
      lost: z.string().nullable().describe('Why it cannot be filled any more, once that is known.'),
    }),
  ),
  async run(ports, { limit, ...asked }, signal) {
    const data = await ports.data()
    let found: readonly Gap[] = []
    for await (const { gaps } of data.eachLedger(present(asked), signal)) {
      found = found.concat(gaps)
      if (found.length > 2 * limit) found = newest(found, limit)
    }
    return gapRows(newest(found, limit))
  },
})

const bytes = z.number()

const storage = dataOperation({
  apart: true,
  summary:
    'What the data takes of its disk: free space, data by exchange and kind, journal, catalog, and how long things are kept',
  role: 'read',
  input: nothing,
  output: z.object({
    data_path: z.string(),
    disk: z.object({
      free_bytes: bytes,
      total_bytes: bytes,
      pauses_below_bytes: bytes.describe('With less free space than this, recording pauses.'),
    }),
    bytes: z.object({
      data: bytes.describe('Visible files.'),
      journal: bytes.describe('Received frames, compressed once nothing needs them.'),
      tail: bytes.describe('Rows that are safe and not yet in a visible file.'),
      catalog: bytes.describe('What stands where, the ledger, and their backup.'),
      logs: bytes,
      other: bytes.describe('A reserve for a full disk, files that are being written, small state.'),
    }),
    data: z
      .array(
        z.object({
          exchange: z.string(),
          kind: z.string(),
          datasets: z.number(),
          files: z.number(),
          rows: z.number(),
          bytes,
        }),
      )
      .describe('Largest first.'),
    journal: z.object({
      files: z.number(),
      bytes,
      oldest_at: isoTime.describe('When the oldest file was last written.'),
    }),
    written: z.object({
      bytes: bytes.describe('Bytes of Parquet ever written.'),
      kept_bytes: bytes.describe('Bytes of Parquet that stand there now.'),
      amplification: z.number().nullable().describe('The one over the other: what merging costs the disk.'),
    }),
    retention: z
      .object({
        journal_keep: z.string(),
        journal_max_bytes: z.number().nullable(),
        journal_min_free_gb: z.union([z.literal('auto'), z.number()]),
        data_min_free_gb: z.number(),
      })
      .describe(
        'Keys of the config: `journal.keep`, `journal.max_bytes`, `journal.min_free_gb`, `storage.min_free_gb`.',
      ),
  }),
  run: (ports) => storageFacts(ports),
})

const readInput = z.strictObject({
  exchange,
  pair,
  kind,
  interval: interval.optional(),
  from,
  until,
  columns: z.array(z.string().min(1).max(40)).min(1).max(40).optional().describe('Only these columns.'),
  limit: rowLimit(1000, 10_000).describe('At most this many rows in a page.'),
  cursor,
})

const read = dataOperation({
  apart: true,
  summary: 'A page of stored rows, in the order of the files; times are nanoseconds and numbers exact, both as text',
  role: 'read',
  input: readInput,
  output: z.object({
    rows: z.array(z.record(z.string(), cell)),
    next_cursor: z.string().nullable().describe('Where the next page begins; null at the end.'),
  }),
  async run(ports, input, signal) {
    const { columns, limit, cursor } = input
    const range = { from: input.from ?? 0n, until: input.until ?? LONGEST }
    const request = { dataset: datasetOf(input), ...range, columns, limit, cursor }
    return await readPage(await ports.data(), request, signal)
  },
})

const sql = dataOperation({
  apart: true,
  summary:
    'Answer one SELECT over what is published: a view per kind (trades, quotes, …); reads nothing else and writes nothing',
  role: 'read',
  input: z.strictObject({
    sql: z.string().min(1).max(100_000),
    limit: rowLimit(1000, 100_000),
    timeout_s: z.number().min(0.1).max(300).default(30).describe('At most this long.'),
  }),
  output: z.object({
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rows: z.array(z.array(z.unknown())),
    truncated: z.boolean().describe('There were more rows than `limit`.'),
  }),
  async run(ports, { sql, limit, timeout_s }, signal) {
    return await ports.sql({ sql, limit, timeoutMs: timeout_s * 1000, memory: '512MB' }, signal)
  },
})

const level = z.tuple([z.string(), z.string()]).describe('Price and amount as exact decimal text.')

const book = dataOperation({
  apart: true,
  summary: 'The order book as it stood at an instant, and whether it is proven',
  role: 'read',
  input: z.strictObject({
    exchange,
    pair,
    at: instant.optional().describe('ISO time or nanoseconds; without it the newest that is held.'),
    depth: z.int().min(1).max(5000).default(25).describe('Levels a side.'),
  }),
  output: z.object({
    exchange: z.string(),
    pair: z.string(),
    at: z.string(),
    time: isoTime.describe('Exchange time of the last change in it; null where the exchange gives none.'),
    sequence: z.string().nullable(),
    proof: z.enum(['verified', 'unverifiable', 'pending', 'missing']),
    bids: z.array(level).describe('Best first.'),
    asks: z.array(level).describe('Best first.'),
  }),
  async run(ports, { exchange, pair, at, depth }, signal) {
    return await bookAt(await ports.data(), exchange, pair, at, depth, signal)
  },
})

const candle = z.object({
  time: z.number().describe('Open time, seconds since 1970 (UTC).'),
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
  quote_volume: z.number().nullable(),
  trades: z.number().nullable(),
  taker_buy_volume: z.number().nullable(),
  vwap: z.number().nullable(),
})

const candles = dataOperation({
  apart: true,
  summary: 'Candles of any interval, made from the stored trades, or those that the exchange sent',
  role: 'read',
  input: z.strictObject({
    exchange,
    pair,
    interval,
    source: z
      .enum(['trades', 'exchange'])
      .default('trades')
      .describe('Made from the stored trades, or as the exchange sent them.'),
    from,
    until,
    limit: rowLimit(1000, 20_000).describe('At most this many, the newest of the range.'),
  }),
  output: z.object({ source: z.enum(['trades', 'exchange']), truncated: z.boolean(), candles: z.array(candle) }),
  async run(ports, input, signal) {
    const { exchange, pair, interval, source, limit } = input
    const [start, end] = [input.from ?? 0n, input.until ?? LONGEST]
    const data = await ports.data()
    const rows =
      source === 'trades'
        ? data.derivedCandles({ exchange, kind: 'trades', pair }, interval, start, end, signal)
        : data.scan({ exchange, kind: 'ohlc', pair, interval }, start, end, undefined, signal)
    const kept: z.output<typeof candle>[] = []
    let truncated = false
    for await (const row of rows as AsyncIterable<Readonly<Record<string, unknown>>>) {
      const number = (name: string) => (row[name] === null || row[name] === undefined ? null : Number(row[name]))
      const openTime = row.open_time
      kept.push({
        time: typeof openTime === 'bigint' ? Number(openTime / SECOND) : 0,
        open: number('open') ?? 0,
        high: number('high') ?? 0,
        low: number('low') ?? 0,
        close: number('close') ?? 0,
        volume: number('volume') ?? 0,
        quote_volume: number('quote_volume'),
        trades: number('trades'),
        taker_buy_volume: number('taker_buy_volume'),
        vwap: number('vwap'),
      })
      if (kept.length <= limit * 2) continue
      kept.splice(0, kept.length - limit)
      truncated = true
    }
    return { source, truncated: truncated || kept.length > limit, candles: kept.slice(-limit) }
  },
})

/** The newest of all datasets are the ones that are asked about; in the order that they had. */
function newest(gaps: readonly Gap[], limit: number): readonly Gap[] {
  if (gaps.length <= limit) return gaps
  const kept = new Set([...gaps].sort((a, b) => (a.from > b.from ? -1 : 1)).slice(0, limit))
  return gaps.filter((gap) => kept.has(gap))
}

export const dataOperations = {
  inventory,
  coverage,
  gaps: gapsOperation,
  storage,
  read,
  sql,
  book,
  candles,
}
