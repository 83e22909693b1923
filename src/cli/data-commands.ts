import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { INTERVALS, isInterval } from '../model/dataset.js'
import { isoFromNanos } from '../model/time.js'
import { bookAt } from '../service/book-at.js'
import { compareAll } from '../service/compare.js'
import type { DerivedCandle, Services, StoredData, StoredRow } from '../service/services.js'
import {
  configOption,
  dataOption,
  instant,
  jsonOption,
  jsonRowsOption,
  LONGEST,
  positive,
  type Where,
  whole,
} from './arguments.js'
import { type Io, json, table, usage } from './output.js'
import { printRows } from './read.js'

/** What the commands share. */
export interface DataTools {
  readonly services: Services
  readonly io: Io
  setCode(code: number): void
  dataPath(where: Where): Promise<string>
  withData(where: Where, act: (data: StoredData) => Promise<void> | void): Promise<void>
}

const formatOption = () =>
  new Option('--format <format>', 'how to print').choices(['table', 'ndjson', 'csv']).default('table')
type Format = 'table' | 'ndjson' | 'csv'

function barRule(text: string) {
  const [by = '', size = '', more] = text.split(':')
  const known = (['tick', 'volume', 'dollar'] as const).find((each) => each === by)
  if (!known || more !== undefined) throw new InvalidArgumentError('Write tick:100, volume:5 or dollar:1000000.')
  return { by: known, size: known === 'tick' ? whole(size) || positive(size) : positive(size) }
}

/** Commands that ask the stored data. */
export function addDataCommands(program: Command, tools: DataTools): void {
  const { services, io } = tools

  program
    .command('sql <query>')
    .description(
      'answer one SELECT over what is published: a view per kind (trades, quotes, …) and the ledger as coverage and gaps; reads nothing else and writes nothing',
    )
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(formatOption())
    .addOption(jsonRowsOption())
    .option('--limit <n>', 'at most this many rows', whole, 10_000)
    .option('--timeout <seconds>', 'at most this long', positive, 60)
    .option('--memory <size>', 'at most this much memory', '1GB')
    .action(
      async (query: string, options: Where & { format: Format; limit: number; timeout: number; memory: string }) => {
        if (!/^\d+(\.\d+)?\s?(MB|GB|MiB|GiB)$/.test(options.memory))
          throw usage(`${options.memory} is no size of memory`, 'Write it like 512MB or 2GB.')
        const { limit, timeout, memory } = options
        const request = { sql: query, limit, timeoutMs: timeout * 1000, memory }
        const { columns, rows, truncated } = await services.sql(await tools.dataPath(options), request)
        await printRows(records(columns, rows), options.format, limit, io)
        if (truncated) io.stderr(`dccd: there are more than ${limit} rows; --limit shows more\n`)
      },
    )

  program
    .command('book <exchange> <pair>')
    .description('rebuild an order book as it stood at an instant, and say whether it is proven')
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .option('--at <time>', 'ISO time or nanoseconds; else the newest that is held')
    .option('--depth <n>', 'levels a side', whole, 10)
    .action((exchange: string, pair: string, options: Where & { at?: string; depth: number }) => {
      const at = options.at === undefined ? undefined : instant(options.at, 0n)
      return tools.withData(options, async (data) => {
        const book = await bookAt(data, exchange, pair, at, options.depth)
        if (options.json) {
          io.stdout(json(book))
          return
        }
        io.stdout(`${exchange} ${pair} at ${book.at}: ${book.proof}; last change ${book.time ?? 'without a time'}\n\n`)
        const lines = Math.max(book.bids.length, book.asks.length)
        const rows = Array.from({ length: lines }, (_, level) => {
          const [bid = '', bidAmount = ''] = book.bids[level] ?? []
          const [ask = '', askAmount = ''] = book.asks[level] ?? []
          return [bidAmount, bid, ask, askAmount]
        })
        io.stdout(table(['BID AMOUNT', 'BID', 'ASK', 'ASK AMOUNT'], rows, io))
      })
    })

  program
    .command('ohlc <exchange> <pair>')
    .description(
      'candles of any interval, or bars of so many trades, so much volume or value, made from the stored trades',
    )
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(formatOption())
    .addOption(jsonRowsOption())
    .option('--interval <length>', 'length of a candle', '1m')
    .option(
      '--bars <rule>',
      'instead of an interval: tick:100 (trades), volume:5 (amount), dollar:1000000 (price times amount)',
      barRule,
    )
    .option('--from <time>', 'ISO time or nanoseconds, inclusive')
    .option('--until <time>', 'ISO time or nanoseconds, exclusive')
    .option('--limit <n>', 'at most this many candles', whole)
    .action((exchange: string, pair: string, options: Where & CandleOptions) => {
      const { interval, format, limit = format === 'table' ? 1000 : Number.POSITIVE_INFINITY } = options
      if (!isInterval(interval))
        throw usage(`${interval} is no interval`, `Choose one of ${Object.keys(INTERVALS).join(', ')}.`)
      const [from, until] = [instant(options.from, 0n), instant(options.until, LONGEST)]
      return tools.withData(options, (data) => {
        const candles = data.derivedCandles({ exchange, kind: 'trades', pair }, options.bars ?? interval, from, until)
        return printRows(candleRows(candles, format), format, limit, io)
      })
    })

  program
    .command('compare')
    .description(
      "the exchange's candles beside those made from the stored trades: where they differ, something is wrong or missing",
    )
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .option('--exchange <id>', 'only this exchange')
    .option('--pair <pair>', 'only this pair, as BASE/QUOTE')
    .action((options: Where & { exchange?: string; pair?: string }) =>
      tools.withData(options, async (data) => {
        const { exchange, pair } = options
        const found = await compareAll(data, { ...(exchange ? { exchange } : {}), ...(pair ? { pair } : {}) })
        tools.setCode(found.some(({ differing }) => differing > 0) ? 3 : 0)
        if (options.json) io.stdout(json(found))
        else if (!found.length) io.stdout('no candles are stored beside their trades\n')
        for (const { dataset, compared, equal, differences } of options.json ? [] : found) {
          io.stdout(`${dataset}: ${equal} of ${compared} candles are what the trades make\n`)
          for (const { open_time, what } of differences) io.stdout(`  ${open_time}  ${what}\n`)
        }
      }),
    )

  program
    .command('rebuild')
    .description(
      'derive everything that the journal still holds anew into another folder, and compare byte by byte with what is stored',
    )
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .requiredOption('--output <dir>', 'a new folder for what is made anew')
    .action(async (options: Where & { output: string }) => {
      const path = await tools.dataPath(options)
      const report = await services.rebuild(path, resolve(io.folder, options.output), (line) => io.stderr(`${line}\n`))
      const of = (result: string) => report.files.filter((file) => file.result === result)
      if (options.json) io.stdout(json(report))
      else {
        io.stdout(`${report.records} records of ${report.lanes} lanes into ${report.output}\n`)
        io.stdout(
          `  ${of('equal').length} files equal, ${of('different').length} different, ${of('only_stored').length} only stored (the journal no longer holds their frames), ${of('only_rebuilt').length} only rebuilt\n`,
        )
        for (const { path: file, result } of [...of('different'), ...of('only_rebuilt')])
          io.stdout(`  ${result}: ${file}\n`)
      }
      tools.setCode(of('different').length + of('only_rebuilt').length > 0 ? 3 : 0)
    })
}

interface CandleOptions {
  readonly interval: string
  readonly from?: string
  readonly until?: string
  readonly limit?: number
  readonly format: Format
  readonly bars?: ReturnType<typeof barRule>
}

type Plain = string | number | boolean | null

async function* records(
  columns: readonly { readonly name: string }[],
  rows: readonly (readonly unknown[])[],
): AsyncGenerator<Readonly<Record<string, Plain>>> {
  const plain = (value: unknown): Plain =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
      ? value
      : JSON.stringify(value)
  for (const row of rows) yield Object.fromEntries(columns.map(({ name }, at) => [name, plain(row[at])]))
}

/** For programs with the open time as people read it in front; in a table all times are so. */
async function* candleRows(candles: AsyncIterable<DerivedCandle>, format: Format): AsyncGenerator<StoredRow> {
  for await (const candle of candles)
    yield format === 'table' ? { ...candle } : { time: isoFromNanos(candle.open_time).slice(0, 19), ...candle }
}
