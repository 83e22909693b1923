import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { INTERVALS, isInterval, KINDS } from '../model/dataset.js'
import type { ExportFormat } from '../service/services.js'
import { configOption, dataOption, instant, jsonOption, LONGEST, list, type Where, whole } from './arguments.js'
import type { DataTools } from './data-commands.js'
import { bytesText, json, usage } from './output.js'

const FORMATS: readonly ExportFormat[] = [
  'csv',
  'ndjson',
  'parquet',
  'arrow',
  'arrow-stream',
  'xlsx',
  'sqlite',
  'tardis',
  'hftbacktest',
]

interface ExportOptions extends Where {
  readonly format: ExportFormat
  readonly output: string
  readonly interval: string
  readonly from?: string
  readonly until?: string
  readonly columns?: string[]
  readonly limit?: number
  readonly depth: number
  readonly force?: boolean
}

export function addExportCommand(program: Command, tools: DataTools): void {
  const { services, io } = tools
  program
    .command('export <what> [pair] [kind]')
    .description(
      `write stored rows into a file of another format: export EXCHANGE PAIR KIND (${KINDS.join(', ')}), or export coverage for the ledger; hftbacktest takes trades and book of the pair together`,
    )
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .addOption(new Option('--format <format>', 'of the file').choices(FORMATS).makeOptionMandatory())
    .requiredOption(
      '-o, --output <file>',
      'complete or absent; csv, ndjson and tardis are compressed when it ends in .gz',
    )
    .option('--interval <length>', 'of candles', '1m')
    .option('--from <time>', 'ISO time or nanoseconds, inclusive')
    .option('--until <time>', 'ISO time or nanoseconds, exclusive')
    .option('--columns <list>', 'comma-separated', list)
    .option('--limit <n>', 'at most this many rows', whole)
    .option('--depth <n>', 'levels a side of book snapshots in tardis CSV', whole, 25)
    .option('--force', 'replace the file that is there')
    .action(async (what: string, pair: string | undefined, kind: string | undefined, options: ExportOptions) => {
      const report = await services.export(await tools.dataPath(options), {
        dataset: datasetOf(what, pair, kind, options),
        from: instant(options.from, 0n),
        until: instant(options.until, LONGEST),
        columns: options.columns,
        limit: options.limit,
        format: options.format,
        output: resolve(io.folder, options.output),
        overwrite: options.force ?? false,
        depth: options.depth,
      })
      for (const note of report.notes) io.stderr(`dccd: ${note}\n`)
      if (options.json) io.stdout(json(report))
      else io.stdout(`${report.rows} rows, ${bytesText(report.bytes)}: ${report.output}\n`)
    })
}

function datasetOf(what: string, pair: string | undefined, kindText: string | undefined, options: ExportOptions) {
  if (what === 'coverage' && pair === undefined) return 'coverage'
  if (pair === undefined)
    throw usage('there is no pair', 'Write: dccd export EXCHANGE PAIR KIND, or: dccd export coverage')
  const kind = KINDS.find((each) => each === (kindText ?? (options.format === 'hftbacktest' ? 'trades' : undefined)))
  if (!kind) throw usage(`there is no kind ${kindText ?? 'named'}`, `Choose one of ${KINDS.join(', ')}.`)
  if (kind !== 'ohlc') return { exchange: what, pair, kind }
  const { interval } = options
  if (!isInterval(interval))
    throw usage(`${interval} is no interval`, `Choose one of ${Object.keys(INTERVALS).join(', ')}.`)
  return { exchange: what, pair, kind, interval }
}
