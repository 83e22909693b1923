import { z } from 'zod'
import { CollectorError } from '../../model/error.js'
import { cursor, exchange, instant, isoTime, nothing, rowLimit } from '../fields.js'
import { health } from '../health.js'
import { LOG_LEVELS } from '../log-lines.js'
import { operation } from '../operation.js'
import { present } from '../present.js'
import { question } from '../questions.js'

const healthOperation = operation({
  summary: 'The daemon in one look',
  role: 'read',
  input: nothing,
  output: z.object({
    status: z.enum(['ok', 'degraded']),
    version: z.string(),
    uptime_s: z.number(),
    streams: z.record(z.string(), z.number()).describe('How many streams are in which state.'),
    journal_lag_ms: z.number().describe('Age of the oldest frame that is not yet safe on the disk; 0 when all are.'),
    store_lag_ms: z.number().nullable().describe('How long ago rows were last committed; null before the first time.'),
    drifts: z
      .array(
        z.object({
          exchange: z.string(),
          channel: z.string().nullable(),
          what: z
            .enum(['field', 'word', 'type', 'message', 'rule'])
            .describe('A field, a word, a type or a message that is not documented, or a rule that proves no more.'),
          name: z.string(),
          count: z.number().describe('Messages that showed it, of those that were looked at: about one a second.'),
          first: z.string(),
          last: z.string(),
          frame: z.string().nullable().describe('The first of them, in the journal.'),
        }),
      )
      .describe(
        'How exchanges differ from their documentation since the daemon started; data that is understood goes on.',
      ),
  }),
  run: (ports) => health(ports),
})

const capabilities = operation({
  summary: 'What each exchange offers: channels, depths, intervals, and what proves that nothing is missing',
  role: 'read',
  input: nothing,
  output: z.array(
    z.object({
      exchange: z.string(),
      task_per: z.enum(['pair', 'channel']).describe('Whether a stream has all channels of a pair or one.'),
      channels: z.array(
        z.object({
          channel: z.string(),
          depths: z.array(z.number()).nullable(),
          intervals: z.array(z.string()).nullable(),
          proof: z.string(),
          axis: z.enum(['exchange', 'receive']).describe('Whose clock its coverage is kept on.'),
        }),
      ),
    }),
  ),
  run: (ports) =>
    ports.catalog.map(({ id, taskPer, capabilities }) => ({
      exchange: id,
      task_per: taskPer,
      channels: capabilities.map(({ channel, depths, intervals, proof, axis }) => ({
        channel,
        depths: depths ? [...depths] : null,
        intervals: intervals ? [...intervals] : null,
        proof,
        axis,
      })),
    })),
})

const instruments = operation({
  summary: 'What an exchange lists: pairs with their symbols, increments and status',
  role: 'read',
  input: z.strictObject({
    exchange,
    search: z.string().max(60).optional().describe('Only pairs and symbols that hold this text, whatever the case.'),
    kind: z.enum(['spot', 'perpetual', 'future']).optional(),
    at: instant.optional().describe('As the data folder saw it then; now when absent. ISO time or nanoseconds.'),
    limit: rowLimit(100, 20_000),
    cursor,
  }),
  output: z.object({
    total: z.number().describe('How many match.'),
    next_cursor: z.string().nullable(),
    instruments: z.array(
      z.object({
        exchange: z.string(),
        pair: z.string(),
        symbol: z.string(),
        kind: z.string(),
        base: z.string(),
        quote: z.string(),
        status: z.enum(['trading', 'halted', 'closed']),
        price_increment: z.string().nullable(),
        amount_increment: z.string().nullable(),
        amount_unit: z.string().describe('What an amount of 1 is: base, quote or contract.'),
        settle: z.string().nullable().describe('Of derivatives: what profit and loss are paid in.'),
        contract: z.enum(['linear', 'inverse', 'quanto']).nullable(),
        contract_size: z.string().nullable().describe('One contract is this much of `contract_unit`.'),
        contract_unit: z.enum(['base', 'quote']).nullable(),
        list_time: z.string().nullable(),
        expiry_time: z.string().nullable(),
      }),
    ),
  }),
  async run(ports, { exchange, search, kind, at, limit, cursor }, signal) {
    if (!ports.catalog.some(({ id }) => id === exchange))
      throw new CollectorError('UNSUPPORTED', `there is no exchange ${exchange}`, {
        remedy: `Choose one of ${ports.catalog.map(({ id }) => id).join(', ')}.`,
      })
    const known =
      at === undefined ? await ports.instruments(exchange) : await question(ports, 'listing', { exchange, at }, signal)
    const text = search?.toLowerCase() ?? ''
    const all = (known ?? [])
      .filter((each) => kind === undefined || each.kind === kind)
      .filter(({ pair, symbol }) => pair.toLowerCase().includes(text) || symbol.toLowerCase().includes(text))
      .sort((a, b) => rank(a.pair, text) - rank(b.pair, text) || (a.pair < b.pair ? -1 : 1))
    const start = cursor === undefined ? 0 : Number(cursor)
    if (!Number.isSafeInteger(start) || start < 0)
      throw new CollectorError('USAGE', 'this is no cursor of an earlier answer')
    const page = all.slice(start, start + limit)
    return {
      total: all.length,
      next_cursor: start + limit < all.length ? String(start + limit) : null,
      instruments: page.map((each) => ({
        exchange,
        pair: each.pair,
        symbol: each.symbol,
        kind: each.kind,
        base: each.base,
        quote: each.quote,
        status: each.status,
        price_increment: each.priceIncrement ?? null,
        amount_increment: each.amountIncrement ?? null,
        amount_unit: each.amountUnit,
        settle: each.settle ?? null,
        contract: each.contract ?? null,
        contract_size: each.contractSize ?? null,
        contract_unit: each.contractUnit ?? null,
        list_time: each.listTime ?? null,
        expiry_time: each.expiryTime ?? null,
      })),
    }
  },
})

/** What begins with the text comes before what holds it. */
function rank(pair: string, text: string): number {
  const name = pair.toLowerCase()
  if (name === text) return 0
  return name.startsWith(text) ? 1 : 2
}

const logs = operation({
  summary: 'The newest lines of the log',
  role: 'read',
  input: z.strictObject({
    tail: z.int().min(1).max(10_000).default(200).describe('The newest so many that match.'),
    level: z.enum(LOG_LEVELS).optional().describe('This level and those that matter more.'),
    search: z.string().max(200).optional().describe('Only lines that hold this text, whatever the case.'),
    since: instant.optional().describe('Only lines of this instant or later. ISO time or nanoseconds.'),
  }),
  output: z.array(
    z.object({
      time: z.string(),
      level: z.enum(LOG_LEVELS),
      message: z.string(),
      fields: z.record(z.string(), z.unknown()),
    }),
  ),
  async run(ports, input, signal) {
    return await ports.logs.tail(present(input), signal)
  },
})

const syncOutput = z.object({
  remotes: z.array(z.string()).describe('Without their secrets.'),
  sync_interval: z.number().describe('Seconds between two copies; 0 copies never.'),
  running: z.boolean(),
  last_sync_at: isoTime.describe('When all remotes were last complete.'),
  results: z.array(
    z.object({
      remote: z.string(),
      ok: z.boolean(),
      at: z.string(),
      error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
    }),
  ),
})

const sync = operation({
  summary: 'Copies to remotes: what is configured and how the last ones went',
  role: 'read',
  input: nothing,
  output: syncOutput,
  async run(ports) {
    const { remotes, sync_interval } = ports.config().storage
    const last = await ports.sync.last()
    return {
      remotes: remotes.map(({ remote }) =>
        remote.replace(/(,[\w-]+=)("(?:[^"]|"")*"|'(?:[^']|'')*'|[^,:]*)/g, '$1***'),
      ),
      sync_interval,
      running: ports.sync.running,
      last_sync_at: last?.last_sync_at ?? null,
      results: last?.remotes ?? [],
    }
  },
})

const syncRun = operation({
  summary: 'Copy to every remote now; answers at once, `sync` tells how it goes',
  role: 'control',
  input: nothing,
  output: z.object({ started: z.boolean() }),
  run(ports) {
    if (ports.config().storage.remotes.length === 0)
      throw new CollectorError('REMOTE_NOT_FOUND', 'no remote is configured', {
        remedy: 'Name one under storage.remotes.',
      })
    void ports.sync.syncNow()
    return { started: true }
  },
})

export const systemOperations = {
  health: healthOperation,
  capabilities,
  instruments,
  logs,
  sync,
  'sync.run': syncRun,
}
