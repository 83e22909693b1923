import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.js'
import { type Dataset, datasetKey } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { dayOf, type Nanos } from '../model/time.js'
import { quoted } from './canonical.js'
import { Catalog } from './catalog.js'
import type { Cell } from './column-buffer.js'
import { ColumnBuilder } from './columns.js'
import { DataFolder } from './data-folder.js'
import { hashFile } from './durable-file.js'
import { Engine } from './engine.js'
import { DataLock } from './lock.js'
import { type Cells, type FileFacts, type OldRow, RowMapper } from './predecessor-rows.js'
import { predecessorTree, type SkippedFile, type TreeFile } from './predecessor-tree.js'
import { Store } from './store.js'
import { messageOf } from './verify-file.js'

/** What became of one file. */
interface ImportedFile {
  readonly path: string
  readonly dataset: string
  /** What it holds, and how many of these are taken. */
  readonly rows: number
  readonly taken: number
  /** Rows left out, by the reason. */
  readonly left: Readonly<Record<string, number>>
  /** What the file says of its origin: `binance:rest`. */
  readonly origin: string | null
}

export interface ImportReport {
  readonly tree: string
  readonly dry_run: boolean
  /** Taken into the data, or would be. */
  readonly files: readonly ImportedFile[]
  /** Imported before: nothing to do. */
  readonly already: number
  readonly skipped: readonly SkippedFile[]
  readonly rows: number
}

const COMMIT_BYTES = 32 * 1024 * 1024
/** Bits of a file's hash that stand where other rows have the number of their connection. */
const HASH_BITS = 26n
const COUNT_BITS = 36n

/**
 * Takes the data tree of dccd 2 or 3 into the store, without one (`dry_run`) only looks. A file is taken once, however often this is asked; killed between, it
 * goes on where it was. Rows that were here already stay: of equals the one that was received or fetched is kept. Throws USAGE where no such tree is.
 */
async function importTree(
  tree: string,
  engine: Engine,
  store: Store | undefined,
  known: ReadonlySet<string>,
  tell: (line: string) => void,
): Promise<ImportReport> {
  const { files, skipped } = await predecessorTree(tree).catch((cause: unknown) => {
    throw new CollectorError('USAGE', `${tree} cannot be read: ${messageOf(cause)}`, {
      remedy: 'Give the folder that holds the exchanges.',
      cause,
    })
  })
  if (files.length === 0)
    throw new CollectorError('USAGE', `${tree} holds no data of dccd 2 or 3`, {
      remedy: 'Give the folder that holds the exchanges, such as ./data with ./data/binance/ohlc in it.',
    })
  const lane = await store?.allocateLane()
  let position = 0
  const builder = new ColumnBuilder()
  const pending: { hash: string; file: ImportedFile }[] = []
  const commit = async () => {
    if (!store || lane === undefined) return
    await store.submit(lane, position++, builder.take())
    await store.commit()
    for (const { hash, file } of pending.splice(0)) await store.saveImport(hash, file.path, file.origin, file.taken)
  }
  const done: ImportedFile[] = []
  const bad: SkippedFile[] = []
  let already = 0
  for (const file of files) {
    const path = join(tree, file.path)
    const { hash } = await hashFile(path)
    if (known.has(hash)) {
      already++
      continue
    }
    try {
      const { mapper, rows, origin } = await readFile(engine, path, file, hash)
      let taken = 0
      const dataset = datasetKey(file.dataset)
      for await (const bunch of rows) {
        taken += bunch.length
        if (!store) continue
        for (const row of bunch) builder.cells(file.dataset.kind, dataset, dayOfRow(file.dataset, row), row)
        // Not the whole file yet: it is remembered with its last rows.
        if (builder.bytes >= COMMIT_BYTES) await commit()
      }
      const report = { path: file.path, dataset, rows: mapper.seen, taken, left: mapper.left, origin }
      tell(`${file.path}: ${report.taken} of ${report.rows} rows`)
      pending.push({ hash, file: report })
      done.push(report)
    } catch (error) {
      if (error instanceof CollectorError && error.code !== 'DATA_FOREIGN') throw error
      bad.push({ path: file.path, reason: messageOf(error) })
    }
  }
  await commit()
  if (store && lane !== undefined) {
    await store.closeLane(lane)
    await store.publish({ all: true })
  }
  const rows = done.reduce((sum, { taken }) => sum + taken, 0)
  return { tree, dry_run: store === undefined, files: done, already, skipped: [...skipped, ...bad], rows }
}

function dayOfRow({ kind }: Dataset, row: Readonly<Record<string, Cell>>): number {
  const time = kind === 'ohlc' ? row.open_time : (row.exchange_time ?? row.receive_time)
  return dayOf(typeof time === 'bigint' ? time : 0n)
}

async function readFile(
  engine: Engine,
  path: string,
  file: TreeFile,
  hash: string,
): Promise<{ mapper: RowMapper; rows: AsyncIterable<readonly Cells[]>; origin: string | null }> {
  const source =
    file.format === 'parquet'
      ? `read_parquet(${quoted(path)}, hive_partitioning = false)`
      : `read_csv(${quoted(path)}, all_varchar = true)`
  try {
    const described = await engine.rows(`SELECT column_name FROM (DESCRIBE SELECT * FROM ${source})`)
    const names = described.map(([name]) => String(name))
    if (!names.includes('TS'))
      throw new CollectorError('DATA_FOREIGN', `it has no column TS; it has ${names.join(', ')}`)
    const time = 'CAST(TS AS DECIMAL(38, 0))'
    const [[latest] = []] = await engine.rows(`SELECT CAST(max(${time}) AS VARCHAR) FROM ${source}`)
    const { mtimeMs } = await stat(path)
    const connection = 1n + (BigInt(`0x${hash.slice(0, 16)}`) & ((1n << HASH_BITS) - 1n))
    const facts: FileFacts = {
      unit: unitOf(Number(latest)),
      written: BigInt(Math.floor(mtimeMs)) * 1_000_000n,
      frame: -(connection << COUNT_BITS),
    }
    const mapper = new RowMapper(file.dataset, facts)
    const texts = names.map((name) => `CAST(${name === 'TS' ? time : `"${name.replaceAll('"', '""')}"`} AS VARCHAR)`)
    const order = file.dataset.kind === 'book_snapshots' ? ` ORDER BY ${time}` : ''
    const rows = async function* () {
      for await (const bunch of readable(
        engine.stream(`SELECT ${texts.join(', ')} FROM ${source}${order}`, names.length),
      )) {
        const old = bunch.map(
          (cells): OldRow => Object.fromEntries(names.map((name, at) => [name, textOf(cells[at + 1])])),
        )
        yield mapper.map(old)
      }
      yield mapper.end()
    }
    return { mapper, rows: rows(), origin: file.format === 'parquet' ? await originOf(engine, path) : null }
  } catch (error) {
    if (error instanceof CollectorError) throw error
    throw new CollectorError('DATA_FOREIGN', messageOf(error), { cause: error })
  }
}

/** A file that cannot be read to its end is the fault of that file alone. */
async function* readable<T>(bunches: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* bunches
  } catch (error) {
    throw new CollectorError('DATA_FOREIGN', messageOf(error), { cause: error })
  }
}

/** What dccd 3 says of where a file came from. */
async function originOf(engine: Engine, path: string): Promise<string | null> {
  const [[value] = []] = await engine.rows(
    `SELECT decode(value) FROM parquet_kv_metadata(${quoted(path)}) WHERE decode(key) = 'dccd.provenance'`,
  )
  if (typeof value !== 'string') return null
  const [, source = value] = /"source"\s*:\s*"([^"]*)"/.exec(value) ?? []
  return source
}

function textOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  return value === '' || /^[+-]?(nan|inf(inity)?)$/i.test(value) ? null : value
}

/** Seconds, milliseconds, microseconds or nanoseconds, by the size of the latest time. */
function unitOf(latest: number): Nanos {
  if (latest < 1e11) return 1_000_000_000n
  if (latest < 1e14) return 1_000_000n
  return latest < 1e17 ? 1000n : 1n
}

/** `importTree` into a data folder, by its owner alone; with `dryRun` nothing is written and no lock is taken. Throws DATA_LOCKED beside a daemon. */
export async function importPredecessor(
  dataPath: string,
  tree: string,
  dryRun: boolean,
  clock: Clock,
  tell: (line: string) => void,
): Promise<ImportReport> {
  const spill = await mkdtemp(join(tmpdir(), 'dccd-import-'))
  const engine = await Engine.open({ spill })
  try {
    if (dryRun) return await importTree(tree, engine, undefined, importedBefore(dataPath), tell)
    const lock = await DataLock.acquire(dataPath)
    try {
      const store = await Store.open({ dataPath, clock })
      try {
        return await importTree(tree, engine, store, await store.imports(), tell)
      } finally {
        await store.close()
      }
    } finally {
      lock.release()
    }
  } finally {
    engine.close()
    await rm(spill, { recursive: true, force: true })
  }
}

function importedBefore(dataPath: string): ReadonlySet<string> {
  let catalog: Catalog
  try {
    catalog = Catalog.openReadOnly(new DataFolder(dataPath).catalog)
  } catch {
    return new Set() // no data yet
  }
  try {
    return catalog.imports()
  } finally {
    catalog.close()
  }
}
