import { z } from 'zod'
import { CHANNELS } from '../../model/dataset.js'
import { CollectorError } from '../../model/error.js'
import { errorFields, exchange, interval, nothing, pair, rowLimit } from '../fields.js'
import type { Job, Jobs, Run, RunDetail, RunPlan } from '../jobs.js'
import { type Operation, operation } from '../operation.js'
import type { Ports } from '../ports.js'
import { present } from '../present.js'

const time = z.string().max(40)

const request = {
  exchange: exchange.optional().describe('Only this exchange; left out, all that the config names.'),
  pairs: z.array(pair).min(1).max(1000).optional().describe('Only these pairs.'),
  channels: z
    .array(z.enum(CHANNELS))
    .min(1)
    .optional()
    .describe('Only these: `trades`, `ohlc`, `funding`, `open_interest`.'),
  interval: interval.optional().describe('Of candles.'),
  start: time
    .optional()
    .describe('`last` (go on from what is held), `origin` (the first there is), ISO time, or nanoseconds.'),
  until: time.optional().describe('ISO time or nanoseconds; left out, now.'),
  parallel: z
    .int()
    .min(1)
    .max(32)
    .optional()
    .describe('Datasets fetched at once; the budget of each exchange is kept.'),
  first: z.enum(['oldest', 'newest']).optional().describe('Which missing range is fetched first.'),
  archives: z
    .enum(['auto', 'never', 'only'])
    .optional()
    .describe('Files that exchanges publish of the past; left out, as `settings.archives` says.'),
  retryLost: z
    .boolean()
    .optional()
    .describe('Ask again for what is marked lost: the exchange could not give it when it was asked last.'),
  refetch: z
    .boolean()
    .optional()
    .describe(
      'Of a backfill with a start: ask again for what is held, too. Candles and values that the exchange tells otherwise now replace those that requests brought before.',
    ),
}

const kind = z
  .enum(['backfill', 'repair'])
  .describe('`backfill`: what is missing of a range; `repair`: the gaps of what was wanted.')

const runState = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'stale'])

const stretch = z.object({ from: z.string(), until: z.string() })

const runSchema = z.object({
  id: z.number(),
  job: z.string().nullable().describe('The scheduled job that it is of; null for one asked for by hand or by a gap.'),
  kind,
  trigger: z.enum(['manual', 'schedule', 'gap']),
  state: runState.describe('`stale`: its process died, nobody runs it.'),
  request: z.object({
    exchange: z.string().nullable(),
    pairs: z.array(z.string()).nullable(),
    channels: z.array(z.string()).nullable(),
    interval: z.string().nullable(),
    start: z.string().nullable(),
    until: z.string().nullable(),
  }),
  created: z.string(),
  started: z.string().nullable(),
  ended: z.string().nullable(),
  rows: z.number(),
  requests: z.number(),
  bytes: z.number(),
  rate: z.number().describe('Rows per second over the last seconds.'),
  progress: z.number().describe('Part of the missing time that is done, 0 to 1.'),
  eta_s: z.number().nullable().describe('Seconds until it is done at this rate; null while that cannot be told.'),
  error: errorFields.nullable(),
  parts: z.array(
    z.object({
      dataset: z.string().describe('`binance trades BTC/USDT`.'),
      from: z.string().describe('Nanoseconds as text.'),
      until: z.string(),
      wanted_s: z.number(),
      done_s: z.number(),
      rows: z.number(),
      requests: z.number(),
      bytes: z.number(),
      lost: z.array(stretch.extend({ reason: z.string() })).describe('What cannot be had, and why.'),
      error: errorFields.nullable(),
    }),
  ),
})

const planSchema = z.object({
  requests: z.number(),
  rows: z.number(),
  bytes: z.number(),
  seconds: z.number(),
  parts: z.array(
    z.object({
      dataset: z.string(),
      from: z.string(),
      until: z.string(),
      missing: z.array(stretch),
      archives: z
        .object({ files: z.number(), bytes: z.number(), first: z.string(), last: z.string() })
        .nullable()
        .describe('Files of archives beside the requests: how many, their bytes, the first and the last.'),
      requests: z.number(),
      rows: z.number(),
      bytes: z.number(),
      seconds: z.number(),
      warnings: z.array(z.string()),
    }),
  ),
})

const jobSchema = z.object({
  id: z.string().describe('`backfill:binance:BTC/USDT:ohlc:1m`.'),
  trigger: z.enum(['once', 'interval', 'cron', 'manual']),
  schedule: z.string(),
  next: z.string().nullable().describe('ISO time; null where nothing is planned.'),
  running: z.number().nullable().describe('Id of the run that is under way.'),
  last: runSchema.nullable(),
  failures: z.number().describe('In a row; while above 0 the next run waits longer.'),
})

const id = z.int().min(1)

/** All that these operations work on: a daemon has it, and a command that has the data folder for itself. */
export type HistoryPorts = Pick<Ports, 'jobs'>

function historyOperation<I extends z.ZodType, O extends z.ZodType>(made: Operation<I, O, HistoryPorts>) {
  return operation(made)
}

function jobsOf(ports: HistoryPorts): Jobs {
  if (ports.jobs) return ports.jobs
  throw new CollectorError('UNSUPPORTED', 'this process fetches no histories', {
    remedy: 'Ask a daemon: `dccd start`.',
  })
}

/** A run as JSON. */
export function runOf(run: Run): z.input<typeof runSchema> {
  const { request } = run
  return {
    id: run.id,
    job: run.job,
    kind: run.kind,
    trigger: run.trigger,
    state: run.state,
    request: {
      exchange: request.exchange ?? null,
      pairs: request.pairs ? [...request.pairs] : null,
      channels: request.channels ? [...request.channels] : null,
      interval: request.interval ?? null,
      start: request.start ?? null,
      until: request.until ?? null,
    },
    created: run.created,
    started: run.started,
    ended: run.ended,
    rows: run.rows,
    requests: run.requests,
    bytes: run.bytes,
    rate: run.rate,
    progress: run.progress,
    eta_s: run.etaSeconds,
    error: run.error,
    parts: run.parts.map(({ wantedSeconds, doneSeconds, lost, ...part }) => ({
      ...part,
      wanted_s: wantedSeconds,
      done_s: doneSeconds,
      lost: lost.map((each) => ({ ...each })),
    })),
  }
}

function jobOf({ id, trigger, schedule, next, running, last, failures }: Job): z.input<typeof jobSchema> {
  return { id, trigger, schedule, next, running, last: last && runOf(last), failures }
}

async function found(ports: HistoryPorts, wanted: number): Promise<RunDetail> {
  const run = await jobsOf(ports).run(wanted)
  if (run) return run
  throw new CollectorError('NOT_FOUND', `there is no run ${wanted}`, { remedy: '`dccd runs` lists them.' })
}

const jobs = historyOperation({
  summary: 'The scheduled histories: when they run next, and how the last run went',
  role: 'read',
  input: nothing,
  output: z.object({ paused: z.boolean(), jobs: z.array(jobSchema) }),
  async run(ports) {
    const [list, paused] = [await jobsOf(ports).jobs(), await jobsOf(ports).paused()]
    return { paused, jobs: list.map(jobOf) }
  },
})

const jobRun = historyOperation({
  summary: 'Start a scheduled history now; the run that is under way if there is one',
  role: 'control',
  input: z.strictObject({ job: z.string().min(1).max(200) }),
  output: runSchema,
  run: async (ports, { job }) => runOf(await jobsOf(ports).runNow(job)),
})

const pause = historyOperation({
  summary: 'Let the scheduler start nothing by itself, or again; runs under way go on',
  role: 'control',
  input: z.strictObject({ paused: z.boolean() }),
  output: z.object({ paused: z.boolean() }),
  async run(ports, { paused }) {
    await jobsOf(ports).pause(paused)
    return { paused: await jobsOf(ports).paused() }
  },
})

const runs = historyOperation({
  summary: 'Runs of histories, newest first',
  role: 'read',
  input: z.strictObject({
    job: z.string().max(200).optional(),
    state: runState.optional(),
    limit: rowLimit(50, 500),
    before: id.optional().describe('Only runs with a smaller id: the next page.'),
  }),
  output: z.array(runSchema),
  run: async (ports, filter) => (await jobsOf(ports).runs(present(filter))).map(runOf),
})

const run = historyOperation({
  summary: 'One run with the last lines of its log',
  role: 'read',
  input: z.strictObject({ id }),
  output: runSchema.extend({ log: z.array(z.string()).describe('Oldest first: `2026-11-26T10:00:00Z text`.') }),
  async run(ports, { id }) {
    const detail = await found(ports, id)
    return { ...runOf(detail), log: detail.log }
  },
})

const start = historyOperation({
  summary:
    'Fetch history: what is missing of a range, or the gaps of what was wanted. Answers at once; `runs.get` tells how it goes',
  role: 'control',
  input: z.strictObject({ kind: kind.default('backfill'), ...request }),
  output: runSchema,
  run: async (ports, { kind, ...asked }) => runOf(await jobsOf(ports).start({ kind, ...present(asked) })),
})

const plan = historyOperation({
  summary: 'What fetching history would do, without doing it: requests, rows, bytes and time',
  role: 'read',
  input: z.strictObject({ kind: kind.default('backfill'), ...request }),
  output: planSchema,
  run: async (ports, { kind, ...asked }): Promise<RunPlan> => await jobsOf(ports).plan({ kind, ...present(asked) }),
})

const cancel = historyOperation({
  summary: 'End a run at its next page; what is proven stays',
  role: 'control',
  input: z.strictObject({ id }),
  output: z.object({ id: z.number(), cancelled: z.boolean().describe('Whether there was something to end.') }),
  async run(ports, { id }) {
    await found(ports, id)
    return { id, cancelled: await jobsOf(ports).cancel(id) }
  },
})

export const historyOperations = {
  jobs,
  'jobs.run': jobRun,
  'jobs.pause': pause,
  runs,
  'runs.get': run,
  'runs.start': start,
  'runs.plan': plan,
  'runs.cancel': cancel,
}
