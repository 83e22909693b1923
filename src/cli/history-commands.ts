import { type Command, Option } from 'commander'
import type { ParsedConfig } from '../config/parse.js'
import { CHANNELS, INTERVALS, isInterval } from '../model/dataset.js'
import { type Histories, keptHistories, localHistories } from '../service/histories.js'
import type { Services } from '../service/services.js'
import { configOption, dataOption, jsonOption, list, type Where, whole } from './arguments.js'
import { clientOf } from './daemon-client.js'
import { follow, planText, runsTable, runText } from './history-output.js'
import { errorText, type Io, json, table, usage } from './output.js'

interface Tools {
  readonly services: Services
  readonly io: Io
  readonly setCode: (code: number) => void
  readonly load: (path: string | undefined) => Promise<ParsedConfig>
  readonly dataPath: (where: Where) => Promise<string>
}

interface Filters extends Where {
  readonly exchange?: string
  readonly pairs?: string[]
  readonly channels?: string[]
  readonly interval?: string
  readonly start?: string
  readonly until?: string
  readonly parallel?: number
  readonly first?: 'oldest' | 'newest'
  readonly fromArchives?: boolean
  readonly archives: boolean
  readonly retryLost?: boolean
  readonly refetch?: boolean
  readonly dryRun?: boolean
}

const HISTORIES = ['trades', 'ohlc', 'funding', 'open_interest']

/** Commands of the past: `backfill`, `collect`, `repair`, `runs`, `jobs`. A running daemon does the work; without one the command does. */
export function addHistoryCommands(program: Command, tools: Tools): void {
  const { io, setCode } = tools
  const filtered = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .addOption(configOption())
      .option('-e, --exchange <id>', 'only this exchange')
      .option('-p, --pairs <list>', 'only these pairs, comma-separated, as BASE/QUOTE', list)
      .option('--channels <list>', `only these, comma-separated: ${HISTORIES.join(', ')}`, list)
      .option('--interval <length>', 'of candles')
      .option('--start <time>', '`last` (go on from what is held), `origin`, ISO time or nanoseconds')
      .option('--until <time>', 'ISO time or nanoseconds; else now')
      .option('--parallel <n>', 'datasets fetched at once', whole)
      .addOption(new Option('--first <which>', 'which missing range first').choices(['oldest', 'newest']))
      .option('--from-archives', 'only files that the exchange publishes of days that are over')
      .option('--no-archives', 'none of these files')
      .option('--retry-lost', 'ask again for what is marked lost')
      .option('--dry-run', 'only tell what would be fetched: requests, rows, bytes, time')
      .addOption(jsonOption())

  const fetchHistory = async (kind: 'backfill' | 'repair', options: Filters) => {
    const request = { kind, ...requestOf(options) }
    await withHistories(tools, options, async (histories) => {
      if (options.dryRun) {
        const plan = await histories.call('runs.plan', request)
        io.stdout(options.json ? json(plan) : planText(plan, io))
        return
      }
      const { id } = await histories.call('runs.start', request)
      const ended = await follow(histories, [id], io)
      io.stdout(options.json ? json(ended[0]) : ended.map(runText).join(''))
      setCode(ended.every(({ state }) => state === 'succeeded') ? 0 : 1)
    })
  }
  filtered('backfill', 'fetch what is missing of the past, and prove it')
    .option('--refetch', 'ask again for what is held from --start on, too, and store what the exchange tells otherwise')
    .action((options: Filters) => fetchHistory('backfill', options))
  filtered('repair', 'fill the gaps of what was recorded, as far as the exchange still serves them').action(
    (options: Filters) => fetchHistory('repair', options),
  )

  program
    .command('collect')
    .description('run each history of the config once')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: Where) =>
      withHistories(tools, options, async (histories) => {
        const { jobs } = await histories.call('jobs', {})
        if (!jobs.length) throw usage('the config names no histories', 'Add histo_jobs to it.')
        const ids: number[] = []
        for (const { id: job } of jobs) ids.push((await histories.call('jobs.run', { job })).id)
        const ended = await follow(histories, ids, io)
        io.stdout(options.json ? json(ended) : ended.map(runText).join(''))
        setCode(ended.every(({ state }) => state === 'succeeded') ? 0 : 1)
      }),
    )

  program
    .command('runs [id]')
    .description('runs of histories, newest first; with an id that run and its log')
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .option('--job <id>', 'only of this job')
    .addOption(
      new Option('--state <state>', 'only in this state').choices([
        'queued',
        'running',
        'succeeded',
        'failed',
        'cancelled',
        'stale',
      ]),
    )
    .option('--limit <n>', 'at most this many', whole, 50)
    .option('--cancel', 'end the run at its next page; what is proven stays')
    .action(async (id: string | undefined, options: Where & RunOptions) => {
      if (options.cancel && id === undefined) throw usage('--cancel needs the id of a run', 'dccd runs 12 --cancel')
      const number = id === undefined ? undefined : whole(id)
      await withKept(tools, options, async (histories) => {
        if (number !== undefined && options.cancel) {
          const { cancelled } = await histories.call('runs.cancel', { id: number })
          if (options.json) io.stdout(json({ id: number, cancelled }))
          else io.stdout(cancelled ? `run ${number} ends\n` : `run ${number} is over\n`)
        } else if (number !== undefined) {
          const run = await histories.call('runs.get', { id: number })
          io.stdout(options.json ? json(run) : `${runText(run)}${run.log.map((line) => `  ${line}\n`).join('')}`)
        } else {
          const { job, state, limit } = options
          const runs = await histories.call('runs', { limit, ...(job ? { job } : {}), ...(state ? { state } : {}) })
          io.stdout(options.json ? json(runs) : runs.length ? runsTable(runs, io) : 'nothing ran yet\n')
        }
      })
    })

  program
    .command('jobs [id]')
    .description('the scheduled histories of a running daemon; with an id that one is run now')
    .addOption(configOption())
    .addOption(jsonOption())
    .option('--pause', 'the scheduler starts nothing by itself')
    .option('--resume', 'it does again')
    .action((id: string | undefined, options: Where & { pause?: boolean; resume?: boolean }) =>
      withHistories(tools, options, async (histories, isDaemon) => {
        if ((options.pause || options.resume) && !isDaemon)
          throw usage('no daemon runs on this data folder', 'Start it with: dccd start')
        if (options.pause || options.resume) {
          const state = await histories.call('jobs.pause', { paused: options.pause === true })
          io.stdout(options.json ? json(state) : `the scheduler is ${state.paused ? 'paused' : 'running'}\n`)
        } else if (id !== undefined) {
          const ended = await follow(histories, [(await histories.call('jobs.run', { job: id })).id], io)
          io.stdout(options.json ? json(ended[0]) : ended.map(runText).join(''))
          setCode(ended.every(({ state }) => state === 'succeeded') ? 0 : 1)
        } else {
          const { jobs, paused } = await histories.call('jobs', {})
          if (options.json) io.stdout(json({ paused, jobs }))
          else {
            if (paused) io.stdout('the scheduler is paused\n')
            const rows = jobs.map(({ id: job, schedule, next, last, failures }) => [
              job,
              schedule,
              isDaemon ? (next ?? '-') : '-',
              last ? `${last.state} ${last.ended ?? ''}` : 'never ran',
              String(failures),
            ])
            const text = table(['JOB', 'SCHEDULE', 'NEXT', 'LAST', 'FAILURES'], rows, io)
            io.stdout(jobs.length ? text : 'the config names no histories\n')
          }
        }
      }),
    )
}

interface RunOptions {
  readonly job?: string
  readonly state?: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'stale'
  readonly limit: number
  readonly cancel?: boolean
}

function requestOf(filters: Filters) {
  const { exchange, pairs, channels, interval, start, until, parallel, first, retryLost, refetch } = filters
  if (filters.fromArchives && !filters.archives)
    throw usage('--from-archives and --no-archives exclude each other', 'Give one of them.')
  if (interval !== undefined && !isInterval(interval))
    throw usage(`${interval} is no interval`, `Choose one of ${Object.keys(INTERVALS).join(', ')}.`)
  const known = channels?.map((name) => {
    const channel = CHANNELS.find((each) => each === name)
    if (!channel) throw usage(`${name} is no channel`, `Choose from ${HISTORIES.join(', ')}.`)
    return channel
  })
  return {
    ...(exchange === undefined ? {} : { exchange }),
    ...(pairs === undefined ? {} : { pairs }),
    ...(known === undefined ? {} : { channels: known }),
    ...(interval === undefined ? {} : { interval }),
    ...(start === undefined ? {} : { start }),
    ...(until === undefined ? {} : { until }),
    ...(parallel === undefined ? {} : { parallel }),
    ...(first === undefined ? {} : { first }),
    ...(filters.fromArchives ? { archives: 'only' as const } : filters.archives ? {} : { archives: 'never' as const }),
    ...(retryLost === undefined ? {} : { retryLost }),
    ...(refetch === undefined ? {} : { refetch }),
  }
}

/** With the daemon of the config's data folder, or else with the folder itself, taken for as long as `act` takes. */
async function withHistories(
  { services, io, load }: Tools,
  where: Where,
  act: (histories: Histories, isDaemon: boolean) => Promise<void>,
): Promise<void> {
  const { config } = await load(where.config)
  const daemon = await services.daemonOf(config.storage.local_path)
  if (daemon) {
    await act(clientOf(daemon), true)
    return
  }
  const opened = await services.openJobs(config, (error) => io.stderr(errorText(error)))
  try {
    await act(localHistories(opened.jobs), false)
  } finally {
    await opened.close()
  }
}

/** With the daemon, or else with what the data folder keeps: takes no lock. */
async function withKept(tools: Tools, where: Where, act: (histories: Histories) => Promise<void>): Promise<void> {
  const { services, dataPath } = tools
  const path = await dataPath(where)
  if (await services.daemonOf(path)) {
    await withHistories(tools, where, act)
    return
  }
  const data = await services.openData(path)
  try {
    await act(keptHistories((query) => data.runs(query)))
  } finally {
    await data.close()
  }
}
