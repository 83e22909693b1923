import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { beginConfig } from '../config/begin.js'
import { loadConfig } from '../config/load.js'
import type { ParsedConfig } from '../config/parse.js'
import { ConfigError, oneLine, renderProblems } from '../config/problem.js'
import { isRule } from '../config/selection.js'
import { validateAgainst } from '../config/validate-against.js'
import { INTERVALS, isInterval, KINDS } from '../model/dataset.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import { understood } from '../service/decode.js'
import { gapRows } from '../service/gaps.js'
import { inventoryRows } from '../service/inventory.js'
import type { Services, StoredData } from '../service/services.js'
import { storedStreams } from '../service/stored-streams.js'
import { type StreamJson, statusJson } from '../service/streams.js'
import {
  configOption,
  dataOption,
  instant,
  jsonOption,
  jsonRowsOption,
  LONGEST,
  list,
  port,
  positive,
  type Where,
  whole,
} from './arguments.js'
import { type ChaosOptions, chaos } from './chaos.js'
import { clientOf } from './daemon-client.js'
import { addDataCommands } from './data-commands.js'
import { runDemo } from './demo.js'
import { addExportCommand } from './export.js'
import { addHistoryCommands } from './history-commands.js'
import { addImportCommand } from './import.js'
import { addOperationCommands } from './operation-commands.js'
import { bytesText, errorText, exitCode, type Io, json, usage } from './output.js'
import { printFile, printRows } from './read.js'
import { runDaemon } from './run-daemon.js'
import { gapsTable, inventoryTable } from './show-data.js'
import { driftsText, streamsTable } from './show-streams.js'
import { addVerifyCommand } from './verify.js'

/** Runs one command line and resolves with its exit code: 0 done, 1 failed, 2 usage or config, 3 data problem. Never rejects. */
export async function runCli(args: readonly string[], services: Services, io: Io): Promise<number> {
  let code = 0
  const program = buildProgram(services, io, (value) => {
    code = value
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof ConfigError) {
      io.stderr(
        error.problems.length
          ? `${renderProblems(error.file, error.problems)}\ndccd: ${error.remedy}\n`
          : errorText(error),
      )
      return 2
    }
    const known = asCollectorError(error, 'STORE_FAILED')
    io.stderr(errorText(known))
    return exitCode(known)
  }
}

/** Every command with its options; `setCode` tells the exit code of one that ended well. */
export function buildProgram(services: Services, io: Io, setCode: (code: number) => void): Command {
  const program = new Command('dccd')
    .description('Records crypto market data from public exchange feeds and can prove what it holds.')
    .version(services.version, '-V, --version', 'print the version')
    .showSuggestionAfterError()
    .enablePositionalOptions() // what stands behind the name of a command is that command's
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .addHelpText(
      'after',
      '\nExamples:\n  dccd demo --seconds 30\n  dccd validate && dccd start\n  dccd gaps --json | jq .\n\nExit codes: 0 done, 1 failed, 2 usage or config, 3 data problem.',
    )

  const load = async (path: string | undefined): Promise<ParsedConfig> => {
    const parsed = await loadConfig({
      ...(path === undefined ? {} : { path }),
      environment: io.environment,
      folder: io.folder,
    })
    const warnings = [...parsed.warnings, ...validateAgainst(parsed, await services.catalog())]
    for (const warning of warnings) io.stderr(`dccd: warning: ${oneLine(parsed.file, warning)}\n`)
    return parsed
  }
  const dataPath = async ({ data, config }: Where): Promise<string> =>
    data === undefined ? (await load(config)).config.storage.local_path : resolve(io.folder, data)
  const withData = async (where: Where, act: (data: StoredData) => Promise<void> | void) => {
    const data = await services.openData(await dataPath(where))
    try {
      await act(data)
    } finally {
      await data.close()
    }
  }

  program
    .command('demo')
    .description('record emulated exchanges on this machine: no network, no config')
    .option('--seconds <n>', 'end by itself after this many seconds', positive)
    .option('--data <dir>', 'where the data goes', './data/demo')
    .option('--port <n>', 'port of the HTTP API; 0 takes a free one', port, 8080)
    .option('--seed <text>', 'the same seed gives the same markets', '1')
    .option('--instruments <n>', 'instruments per exchange', whole, 2)
    .option('--exchanges <list>', 'comma-separated; all that can be emulated when absent', list)
    .action(async (options) => runDemo(services, io, options))

  program
    .command('init')
    .description('write a config to begin with; one that is there stays as it is')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options: Where) => {
      const file = resolve(io.folder, options.config ?? 'config.yml')
      await beginConfig(file, await services.exampleConfig())
      if (options.json) io.stdout(json({ file }))
      else
        io.stdout(`wrote ${file}\nname your exchanges, pairs and channels there, then: dccd validate && dccd start\n`)
    })

  program
    .command('start')
    .description('record what the config names, until stopped')
    .addOption(configOption())
    .option('--port <n>', 'port of the HTTP API instead of settings.ui_port', port)
    .action(async (options: { config?: string; port?: number }) => {
      const parsed = await load(options.config)
      const { config } = parsed
      const settings = options.port === undefined ? config.settings : { ...config.settings, ui_port: options.port }
      const start = async () => {
        const daemon = await services.startDaemon({ ...config, settings }, (error) => io.stderr(errorText(error)), {
          parsed,
          environment: io.environment,
        })
        io.stdout(
          `dccd records into ${daemon.dataPath}\n  Web UI: ${daemon.url}\n  Ctrl-C stores everything and ends; a second one ends at once.\n`,
        )
        return daemon
      }
      setCode(await runDaemon(io, start))
    })

  program
    .command('validate')
    .description('check the config')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options: Where) => {
      const parsed = await load(options.config)
      const streams = await services.idleStreams(parsed.config)
      if (options.json)
        io.stdout(
          json({
            file: parsed.file,
            valid: true,
            data_path: parsed.config.storage.local_path,
            streams: streams.map(({ key }) => key),
          }),
        )
      else {
        const rules = parsed.config.stream_jobs.filter(isRule).length
        const more = rules
          ? `, and what ${rules === 1 ? 'a rule selects' : `${rules} rules select`} of what is listed,`
          : ''
        io.stdout(
          `${parsed.file} is valid: ${streams.length} streams${more} into ${parsed.config.storage.local_path}\n`,
        )
      }
    })

  program
    .command('status')
    .description('every stream: state, rate, lag, reconnects, gaps')
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (options: Where) => {
      const path = await dataPath(options)
      const daemon = await services.daemonOf(path)
      let rows: StreamJson[]
      if (daemon) rows = await clientOf(daemon).call('streams.list', {})
      else {
        const idle = options.data === undefined ? await services.idleStreams((await load(options.config)).config) : []
        const per = new Map((await services.catalog()).map(({ id, taskPer }) => [id, taskPer]))
        rows = storedStreams(idle.map(statusJson), await storedRows(services, path), (id) => per.get(id) ?? 'pair')
      }
      if (options.json) io.stdout(json(rows))
      else {
        io.stdout(
          daemon
            ? `dccd runs as process ${daemon.pid} on ${path}\n`
            : `no dccd runs on ${path}; start it with: dccd start\n`,
        )
        io.stdout(streamsTable(rows, io, Date.now()))
        if (daemon) io.stdout(driftsText((await clientOf(daemon).call('health', {})).drifts))
      }
    })

  program
    .command('inventory')
    .description('every dataset: rows, size, range, coverage, gaps')
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .action((options: Where) =>
      withData(options, async (data) => {
        const rows = await inventoryRows(data)
        if (options.json) io.stdout(json(rows))
        else if (rows.length === 0) io.stdout('nothing is stored yet\n')
        else {
          const { written, stored } = data.writeAmplification()
          const times = stored > 0 ? (written / stored).toFixed(1) : '0'
          io.stdout(inventoryTable(rows, io))
          io.stdout(
            `${bytesText(stored)} stored, ${bytesText(written)} written for it (${times} times, journal apart)\n`,
          )
        }
      }),
    )

  program
    .command('gaps')
    .description('every interval that may be missing, with its cause')
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .option('--exchange <id>', 'only this exchange')
    .option('--pair <pair>', 'only this pair, as BASE/QUOTE')
    .addOption(new Option('--kind <kind>', 'only this kind').choices(KINDS))
    .action((options: Where & { exchange?: string; pair?: string; kind?: (typeof KINDS)[number] }) =>
      withData(options, (data) => {
        const { exchange, pair, kind } = options
        const rows = gapRows(
          data.gaps({ ...(exchange ? { exchange } : {}), ...(pair ? { pair } : {}), ...(kind ? { kind } : {}) }),
        )
        io.stdout(
          options.json
            ? json(rows)
            : rows.length
              ? gapsTable(rows, io)
              : 'no gaps: everything that was wanted is held\n',
        )
      }),
    )

  program
    .command('read <exchange> <pair> <kind>')
    .description(`print stored rows (${KINDS.join(', ')})`)
    .addOption(configOption())
    .addOption(dataOption())
    .option('--interval <length>', 'of candles', '1m')
    .option('--from <time>', 'ISO time or nanoseconds, inclusive')
    .option('--until <time>', 'ISO time or nanoseconds, exclusive')
    .option('--limit <n>', 'at most this many rows', whole)
    .option('--columns <list>', 'comma-separated', list)
    .addOption(
      new Option('--format <format>', 'how to print; parquet and arrow (a stream of IPC) into a file or a pipe')
        .choices(['table', 'ndjson', 'csv', 'parquet', 'arrow'])
        .default('table'),
    )
    .addOption(jsonRowsOption())
    .action(async (exchange: string, pair: string, kindText: string, options: Where & ReadOptions) => {
      const { interval, columns, format, limit = format === 'table' ? 1000 : Number.POSITIVE_INFINITY } = options
      const kind = KINDS.find((each) => each === kindText)
      if (!kind) throw usage(`there is no kind ${kindText}`, `Choose one of ${KINDS.join(', ')}.`)
      if (kind === 'ohlc' && !isInterval(interval)) {
        throw usage(`${interval} is no interval`, `Choose one of ${Object.keys(INTERVALS).join(', ')}.`)
      }
      const dataset = { exchange, pair, kind, ...(kind === 'ohlc' && isInterval(interval) ? { interval } : {}) }
      const [from, until] = [instant(options.from, 0n), instant(options.until, LONGEST)]
      if (format !== 'parquet' && format !== 'arrow') {
        await withData(options, (data) => printRows(data.scan(dataset, from, until, columns), format, limit, io))
        return
      }
      const path = await dataPath(options)
      const most = Number.isFinite(limit) ? limit : undefined
      const as = format === 'arrow' ? 'arrow-stream' : format
      const request = { dataset, from, until, columns, limit: most, format: as, overwrite: false, depth: 0 } as const
      await printFile((output) => services.export(path, { ...request, output }), io)
    })

  const tools = { services, io, setCode, dataPath, withData }
  addOperationCommands(program, { services, io, load })
  addHistoryCommands(program, { services, io, setCode, load, dataPath })
  addDataCommands(program, tools)
  addVerifyCommand(program, tools)
  addExportCommand(program, tools)
  addImportCommand(program, tools)

  program
    .command('decode [file]')
    .description(
      'read frames (raw text a line, or records of a recording; gzip allowed; - is stdin) and print their events',
    )
    .requiredOption('--exchange <id>', 'whose frames these are')
    .action(async (file: string | undefined, options: { exchange: string }) => {
      const input = file === undefined || file === '-' ? io.stdin : createReadStream(resolve(io.folder, file))
      const report = await services.decode(options.exchange, input, io.stdout).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
          throw usage(`there is no file ${file}`, 'Check the path.')
        throw error
      })
      const counts = Object.entries(report.counts).map(([kind, count]) => `${kind} ${count}`)
      io.stderr(`${counts.join(', ')}; ${report.events} events, ${report.skipped} records skipped\n`)
      for (const { line, kind, reason } of report.problems) io.stderr(`line ${line}: ${kind}: ${reason}\n`)
      for (const { channel, what, name, count } of report.drifts)
        io.stderr(`not as documented: ${channel}: ${what} ${name} (${count})\n`)
      setCode(understood(report) ? 0 : 3)
    })

  program
    .command('emulate')
    .description('serve emulated exchanges on 127.0.0.1, speaking the real protocols')
    .option('--port <n>', '0 takes a free one', port, 8100)
    .option('--seed <text>', 'the same seed gives the same markets', '1')
    .option('--rate <n>', 'mean market events per second and instrument', positive)
    .option('--instruments <n>', 'instruments per exchange', whole)
    .option('--exchanges <list>', 'comma-separated; all when absent', list)
    .option('--past <seconds>', 'how long the markets have been running: the past that REST serves', positive)
    .option('--truth <file>', 'write what really happened, as ndjson')
    .option('--faults <file>', 'carry out these faults, ndjson of {at_ms, exchange, fault, …}')
    .option('--fault-log <file>', 'write the faults that were carried out, as ndjson')
    .option('--play <file>', 'repeat a recording instead of seeded markets')
    .option('--capture <name>', 'which capture of the recording')
    .option('--pace <n>', 'times as fast as recorded, or max')
    .action(async (options) => {
      const { play, capture, pace, ...rest } = options
      if (pace !== undefined && pace !== 'max' && !(Number(pace) > 0))
        throw usage(`${pace} is no pace`, 'Use a number above 0, or max.')
      const request =
        play === undefined
          ? rest
          : {
              ...rest,
              play: {
                file: resolve(io.folder, play),
                ...(capture ? { capture } : {}),
                ...(pace ? { pace: pace === 'max' ? 'max' : Number(pace) } : {}),
              },
            }
      const files = Object.fromEntries(
        ['truth', 'faults', 'faultLog'].flatMap((key) =>
          request[key] ? [[key, resolve(io.folder, request[key])]] : [],
        ),
      )
      const emulator = await services.startEmulator({ ...request, ...files })
      const ids = request.exchanges ?? (await services.emulated(1)).map(({ exchange }) => exchange)
      io.stdout('emulated exchanges; to record them, put into the config:\n\nsettings:\n  endpoints:\n')
      for (const id of ids)
        io.stdout(
          `    ${id}: { websocket: "ws://127.0.0.1:${emulator.port}/${id}", rest: "http://127.0.0.1:${emulator.port}/${id}", archive: "http://127.0.0.1:${emulator.port}/${id}" }\n`,
        )
      await new Promise<void>((done) => io.onSignal(done))
      await emulator.close()
    })

  program
    .command('chaos')
    .description(
      'prove it on this machine: record emulated exchanges under kills and faults, then compare with what happened',
    )
    .option('--minutes <n>', 'how long', positive, 5)
    .option('--seed <text>', 'the same seed gives the same markets and the same faults', '1')
    .option('--instruments <n>', 'instruments per exchange', whole, 3)
    .option('--rate <n>', 'mean market events per second and instrument', positive, 20)
    .option('--exchanges <list>', 'comma-separated; all that can be emulated when absent', list)
    .option(
      '--torments <list>',
      'comma-separated: kill, suspend, slow_disk, full_disk, clock, network (or one of it: cut, close, hang, refuse, delay, status, lose, repeat, reorder, corrupt, checksum); all when absent',
      list,
    )
    .option('--data <dir>', 'a new folder to work in, kept; else a temporary one, kept when something is wrong')
    .addOption(jsonOption())
    .action(async (options: ChaosOptions) => setCode(await chaos(services, io, options)))
  return program
}

interface ReadOptions {
  readonly interval: string
  readonly from?: string
  readonly until?: string
  readonly limit?: number
  readonly columns?: string[]
  readonly format: 'table' | 'ndjson' | 'csv' | 'parquet' | 'arrow'
}

/** What the catalog knows; nothing where no data is yet. */
async function storedRows(services: Services, path: string) {
  let data: StoredData
  try {
    data = await services.openData(path)
  } catch (error) {
    if (error instanceof CollectorError && error.code === 'STORE_FAILED') return []
    throw error
  }
  try {
    return await inventoryRows(data)
  } finally {
    await data.close()
  }
}
