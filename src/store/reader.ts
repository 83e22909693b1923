import type { DuckDBValue } from '@duckdb/node-api'
import { othersTurn } from '../lib/others-turn.js'
import type { CoverageRow } from '../model/coverage-rows.js'
import { type Dataset, datasetKey, type Interval, type Kind, parseDatasetKey } from '../model/dataset.js'
import { canonicalDecimal } from '../model/decimal.js'
import { CollectorError } from '../model/error.js'
import { type Covered, coverage, coverageAndGaps, type Gap, gaps } from '../model/gaps.js'
import type { Instrument } from '../model/instrument.js'
import type { Held, Lost } from '../model/ledger.js'
import { SCHEMA } from '../model/row.js'
import type { Nanos } from '../model/time.js'
import { copyTo, fileOrder, noRows, quoted, SCHEMA_VERSION, timeAxis } from './canonical.js'
import { Catalog, type PartState, type RunQuery, type StoredRun } from './catalog.js'
import type { Cell } from './column-buffer.js'
import { DataFolder } from './data-folder.js'
import { type BarRule, barsOf, CANDLE_FIELDS, type DerivedCandle, decodeCandle } from './derived-candles.js'
import type { Queries } from './engine.js'
import { EngineOnDemand } from './engine-on-demand.js'
import { type EventRange, EventRanges } from './event-ranges.js'
import { storeError } from './failure.js'
import { arePlaceKeys, type PagePlace } from './page-place.js'
import { type PageRange, PageReader } from './page-reader.js'
import { inTime, partName, partOfTime, wholePart } from './partition.js'
import { partRows } from './publish.js'
import { ledgerRows } from './publish-coverage.js'
import { rowsIn } from './rows-in.js'
import { parseInstruments } from './saved-instruments.js'
import { type Standing, standingAt } from './standing.js'
import { Verifier } from './verify.js'

/** A row as it is read back: columns of the kind by name; numbers as exact decimal text, times as nanoseconds. */
export type StoredRow = Readonly<Record<string, Cell>>

/** What stands of one dataset. `rows` counts unpublished rows as they came, so rows received twice may count twice until published. */
export interface InventoryEntry {
  readonly dataset: Dataset
  readonly rows: number
  /** Rows that are safe but not yet in the visible files. */
  readonly unpublishedRows: number
  /** Visible files and their bytes. */
  readonly files: number
  readonly bytes: number
  /** First and last partition: a date or a year. */
  readonly first: string
  readonly last: string
  /** When a visible file of it was last replaced. */
  readonly published: Nanos | undefined
}

/** Which gaps: absent fields mean all. `now` lets refused datasets count as lost until then. */
export interface GapFilter {
  readonly exchange?: string
  readonly pair?: string
  readonly kind?: Kind
  readonly from?: Nanos
  readonly until?: Nanos
  readonly now?: Nanos
}

/** What the ledger says of one dataset. */
export interface DatasetLedger {
  readonly dataset: Dataset
  /** What is held by proof, in order. */
  readonly covered: readonly Covered[]
  /** What is missing, in order. */
  readonly gaps: readonly Gap[]
}

/** Reads what is committed, published or not, through one state of the catalog (durability V3). */
export class DataReader {
  readonly #catalog: Catalog
  readonly #engine: Queries
  readonly #folder: DataFolder
  readonly #pages: PageReader
  readonly #ranges: EventRanges

  constructor(catalog: Catalog, engine: Queries, folder: DataFolder) {
    this.#catalog = catalog
    this.#engine = engine
    this.#folder = folder
    this.#pages = new PageReader(engine, folder)
    this.#ranges = new EventRanges(engine, folder)
  }

  inventory(): InventoryEntry[] {
    const { names, parts } = this.#catalog.snapshot(() => ({
      names: this.#catalog.datasets(),
      parts: this.#catalog.parts(),
    }))
    const byDataset = new Map<number, PartState[]>()
    for (const part of parts) {
      const own = byDataset.get(part.dataset)
      if (own) own.push(part)
      else byDataset.set(part.dataset, [part])
    }
    return [...names].flatMap(([id, key]) => {
      const dataset = parseDatasetKey(key)
      const own = byDataset.get(id)
      return dataset && own ? [inventoryEntry(dataset, own)] : []
    })
  }

  /** What an exchange listed when it was last asked. */
  instruments(exchange: string): Instrument[] | undefined {
    const text = this.#catalog.instruments(exchange)
    return text === undefined ? undefined : parseInstruments(text)
  }

  /** Every dataset that is stored or was wanted. */
  datasets(): Dataset[] {
    const keys = this.#catalog.snapshot(() => [
      ...this.#catalog.datasets().values(),
      ...this.#catalog.wanted().map(({ dataset }) => dataset),
    ])
    return [...new Set(keys)].sort().flatMap((key) => parseDatasetKey(key) ?? [])
  }

  /** First and last event of every dataset, by its key: of the first and last partition, published or not. */
  async eventRanges(signal?: AbortSignal): Promise<Map<string, EventRange>> {
    const { names, parts } = this.#catalog.snapshot(() => ({
      names: this.#catalog.datasets(),
      parts: this.#catalog.parts(),
    }))
    return await this.#ranges.of(names, parts, signal)
  }

  /** Bytes of Parquet written by all commits and publishes, over those that stand there now: what it costs the disk (durability C8). */
  writeAmplification(): { readonly written: number; readonly stored: number } {
    return this.#catalog.snapshot(() => {
      const pieces = this.#catalog.parts().reduce((sum, { piece }) => sum + (piece?.bytes ?? 0), 0)
      const segments = this.#catalog.segments().reduce((sum, { bytes }) => sum + bytes, 0)
      return { written: this.#catalog.writtenBytes, stored: pieces + segments }
    })
  }

  gaps(filter: GapFilter = {}): Gap[] {
    const { held, wanted, breaks, lost } = this.#catalog.snapshot(() => {
      const all = this.#catalog.wanted()
      const asked = filter.exchange !== undefined || filter.pair !== undefined || filter.kind !== undefined
      // The ledger of a few datasets is read by itself: that of all takes long.
      const keys = asked
        ? [...new Set(all.map(({ dataset }) => dataset))].filter((key) => matches(key, filter))
        : undefined
      const few = keys && keys.length <= FEW ? keys : undefined
      return {
        held: few ? few.flatMap((key) => this.#catalog.held(key)) : this.#catalog.held(),
        wanted: few ? all.filter(({ dataset }) => few.includes(dataset)) : all,
        breaks: few ? few.flatMap((key) => this.#catalog.breaks(key)) : this.#catalog.breaks(),
        lost: this.#catalog.lost(),
      }
    })
    const all = gaps({ held, wanted, breaks, lost, ...(filter.now === undefined ? {} : { until: filter.now }) })
    return all.filter((gap) => matches(gap.dataset, filter) && overlaps(gap, filter))
  }

  /**
   * The ledger dataset by dataset, in the order of their keys, each as it stands when its turn comes. Others have theirs in between, and aborting `signal`
   * ends it there: the whole ledger may take seconds.
   */
  async *eachLedger(filter: GapFilter = {}, signal?: AbortSignal): AsyncGenerator<DatasetLedger> {
    const keys = this.#catalog.snapshot(() => [
      ...this.#catalog.datasets().values(),
      ...[...this.#catalog.wanted(), ...this.#catalog.lost()].map(({ dataset }) => dataset),
    ])
    for (const key of [...new Set(keys)].sort()) {
      const dataset = parseDatasetKey(key)
      if (!dataset || !matches(key, filter)) continue
      await othersTurn(signal)
      const ledger = this.#catalog.snapshot(() => ({
        held: this.#catalog.held(key),
        wanted: this.#catalog.wanted(key),
        breaks: this.#catalog.breaks(key),
        lost: this.#catalog.lost(key),
        until: filter.now,
      }))
      const { covered, gaps } = coverageAndGaps(key, ledger)
      yield { dataset, covered, gaps: gaps.filter((gap) => overlaps(gap, filter)) }
    }
  }

  coverage(dataset: Dataset): Covered[] {
    return coverage(this.#catalog.held(datasetKey(dataset)))
  }

  /** What is held by proof of a dataset, stretch by stretch, and what is known to be lost. */
  proven(dataset: Dataset): { readonly held: readonly Held[]; readonly lost: readonly Lost[] } {
    const key = datasetKey(dataset)
    return this.#catalog.snapshot(() => ({ held: this.#catalog.held(key), lost: this.#catalog.lost(key) }))
  }

  /** Runs of histories as they were saved, newest first. */
  runs(query: RunQuery): StoredRun[] {
    return this.#catalog.runs(query)
  }

  /** Datasets that were wanted and nobody ended, with the time since when. */
  wantedSince(): Map<string, Nanos> {
    const since = new Map<string, Nanos>()
    for (const { dataset, from, until } of this.#catalog.wanted()) {
      const known = since.get(dataset)
      if (until === null && (known === undefined || from < known)) since.set(dataset, from)
    }
    return since
  }

  /**
   * Rows of a dataset with `from` ≤ time < `until` (exchange time, or receive time where there is none; open time of candles), in the
   * order of the files. Throws `UNSUPPORTED` for a column that the kind has not, `STORE_FAILED` when a file cannot be read whole.
   */
  async *scan(
    dataset: Dataset,
    from: Nanos,
    until: Nanos,
    columns?: readonly string[],
    signal?: AbortSignal,
  ): AsyncGenerator<StoredRow> {
    const { kind } = dataset
    const wanted = chosenColumns(kind, columns)
    for (const part of this.#partsBetween(dataset, from, until)) {
      const fields = selected(wanted)
      const query = `SELECT ${fields.join(', ')} FROM (${rowsIn(this.#folder, dataset, part, { from, until })}) ORDER BY ${fileOrder(kind)}`
      for await (const rows of this.#engine.stream(query, fields.length, signal)) {
        for (const row of rows) yield decodeRow(row.slice(1), wanted)
      }
    }
  }

  /**
   * One page of the rows that `scan` gives, in their order, from where the page before ended. Throws `UNSUPPORTED` for a column that the kind has not,
   * USAGE for a place that is none of the kind, and `STORE_FAILED` when a file cannot be read whole.
   */
  async page(
    dataset: Dataset,
    range: PageRange,
    columns?: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ readonly rows: StoredRow[]; readonly next: PagePlace | undefined }> {
    if (range.after && !arePlaceKeys(dataset.kind, range.after.keys))
      throw new CollectorError('USAGE', `this is no place among ${dataset.kind}`)
    const wanted = chosenColumns(dataset.kind, columns)
    const parts = this.#partsBetween(dataset, range.from, range.until)
    const { rows, next } = await this.#pages.page(dataset, parts, selected(wanted), range, signal)
    return { rows: rows.map((row) => decodeRow(row, wanted)), next }
  }

  /**
   * Writes the rows that `scan` gives as one Parquet file with the columns, order and metadata of a published one; a number keeps its exact text beside it.
   * Returns how many there are.
   */
  async copy(
    dataset: Dataset,
    from: Nanos,
    until: Nanos,
    columns: readonly string[] | undefined,
    path: string,
    limit?: number,
    signal?: AbortSignal,
  ): Promise<number> {
    const { exchange, kind, pair, interval } = dataset
    const fields = chosenColumns(kind, columns).flatMap(({ name, type }) =>
      type === 'number' ? [name, `${name}_text`] : [name],
    )
    const parts = this.#partsBetween(dataset, from, until)
    const rows = parts.map(
      (part, at) => `SELECT *, ${at} AS part FROM (${rowsIn(this.#folder, dataset, part, { from, until })})`,
    )
    const all = [`SELECT *, 0 AS part FROM (${noRows(kind)})`, ...rows].join(' UNION ALL ')
    const metadata = { schema_version: SCHEMA_VERSION, exchange, kind, pair, ...(interval ? { interval } : {}) }
    const query = `SELECT ${fields.join(', ')} FROM (${all}) ORDER BY part, ${fileOrder(kind)}${limit === undefined ? '' : ` LIMIT ${limit}`}`
    try {
      await this.#engine.run(copyTo(query, path, metadata), signal)
      const [[count] = []] = await this.#engine.rows(`SELECT num_rows FROM parquet_file_metadata(${quoted(path)})`)
      return Number(count)
    } catch (error) {
      throw storeError(error, 'write the rows as Parquet')
    }
  }

  /** The exchange's own name of a pair, from its list as it was saved last. */
  symbol(exchange: string, pair: string): string | undefined {
    const text = this.#catalog.instruments(exchange)
    return text === undefined ? undefined : parseInstruments(text)?.find((each) => each.pair === pair)?.symbol
  }

  /** The whole ledger as a list. */
  ledger(): CoverageRow[] {
    return ledgerRows(this.#catalog)
  }

  /** What the ledger says of one moment of a dataset. */
  standing(dataset: Dataset, at: Nanos): Standing {
    return standingAt(this.#catalog, dataset, at)
  }

  /** What an exchange listed at an instant, and since when its lists are kept. */
  listing(exchange: string, at: Nanos): { readonly list: readonly Instrument[]; readonly since: Nanos | undefined } {
    return { list: this.#catalog.listingAt(exchange, at), since: this.#catalog.listedSince(exchange) }
  }

  /**
   * The rows from which a book can be rebuilt as it stood at an instant: from the last whole book at or before it, in the order of application. None
   * where no whole book is stored in that partition or the one before.
   */
  async *bookRows(dataset: Dataset, at: Nanos, signal?: AbortSignal): AsyncGenerator<StoredRow> {
    const columns = schemaColumns('book_deltas')
    const fields = selected(columns)
    const axis = `epoch_ns(${timeAxis('book_deltas')})`
    for (const parts of wholeOnes(dataset.kind, this.#partsBetween(dataset, at, at)).reverse()) {
      const all = parts.map((part) => partRows(this.#folder, dataset, part)).join(' UNION ALL ')
      // A whole book may have no time of its own: it stands where the first change after it does.
      const until = `SELECT max(frame) FROM known WHERE ${axis} <= ${at}`
      const opens = `SELECT max(frame) FROM known WHERE is_snapshot AND frame <= (${until})`
      const query = `WITH known AS MATERIALIZED (${all})
        SELECT ${fields.join(', ')} FROM known WHERE frame >= (${opens}) AND frame <= (${until}) ORDER BY frame, row`
      let any = false
      for await (const rows of this.#engine.stream(query, fields.length, signal)) {
        for (const row of rows) {
          any = true
          yield decodeRow(row.slice(1), columns)
        }
      }
      if (any) return
    }
  }

  /** Candles made from the stored trades of a range, in the order of time. */
  async *derivedCandles(
    dataset: Dataset,
    rule: Interval | BarRule,
    from: Nanos,
    until: Nanos,
    signal?: AbortSignal,
  ): AsyncGenerator<DerivedCandle> {
    const parts = this.#partsBetween(dataset, from, until)
    if (parts.length === 0) return
    const trades = parts.map((part) => `(${partRows(this.#folder, dataset, part)})`).join(' UNION ALL ')
    const wanted = `SELECT * FROM (${trades}) WHERE epoch_ns(exchange_time) >= ${from} AND epoch_ns(exchange_time) < ${until}`
    for await (const rows of this.#engine.stream(
      barsOf(wanted, typeof rule === 'string' ? { by: 'time', interval: rule } : rule),
      CANDLE_FIELDS,
      signal,
    ))
      for (const row of rows) yield decodeCandle(row.slice(1))
  }

  /** A row's time may lie in the day beside its partition: a book moves to a new date as a whole. */
  #partsBetween(dataset: Dataset, from: Nanos, until: Nanos): PartState[] {
    const parts = this.#catalog.snapshot(() => {
      const ids = [...this.#catalog.datasets()].filter(([, key]) => key === datasetKey(dataset))
      return ids.flatMap(([id]) => this.#catalog.parts(id))
    })
    const first = partOfTime(dataset.kind, from) - 1
    const last = partOfTime(dataset.kind, until) + 1
    const whole = ({ part }: PartState) => wholePart(dataset.kind, part)
    return parts.filter((part) => whole(part) >= first && whole(part) <= last).sort(inTime(dataset.kind))
  }
}

/** The files of each whole partition together, in the order of time. */
function wholeOnes(kind: Kind, parts: readonly PartState[]): PartState[][] {
  const groups = new Map<number, PartState[]>()
  for (const part of parts) {
    const whole = wholePart(kind, part.part)
    groups.set(whole, [...(groups.get(whole) ?? []), part])
  }
  return [...groups.values()]
}

/** Up to so many datasets are asked one by one. */
const FEW = 50

function overlaps(gap: Gap, { from, until }: GapFilter): boolean {
  return (from === undefined || gap.until > from) && (until === undefined || gap.from < until)
}

function matches(key: string, { exchange, pair, kind }: GapFilter): boolean {
  const dataset = parseDatasetKey(key)
  return (
    (exchange === undefined || dataset?.exchange === exchange) &&
    (pair === undefined || dataset?.pair === pair) &&
    (kind === undefined || dataset?.kind === kind)
  )
}

function inventoryEntry(dataset: Dataset, parts: readonly PartState[]): InventoryEntry {
  let rows = 0
  let unpublishedRows = 0
  let files = 0
  let bytes = 0
  let published: Nanos | undefined
  for (const { piece, segments } of parts) {
    for (const segment of segments) unpublishedRows += segment.rows
    if (!piece) continue
    rows += piece.rows
    files++
    bytes += piece.bytes
    if (published === undefined || piece.published > published) published = piece.published
  }
  const numbers = parts.map(({ part }) => wholePart(dataset.kind, part))
  return {
    dataset,
    rows: rows + unpublishedRows,
    unpublishedRows,
    files,
    bytes,
    first: partName(dataset.kind, Math.min(...numbers)),
    last: partName(dataset.kind, Math.max(...numbers)),
    published,
  }
}

interface ChosenColumn {
  readonly name: string
  readonly type: string
}

export function schemaColumns(kind: Kind): readonly ChosenColumn[] {
  return SCHEMA[kind].columns
}

/** What a query selects for `decodeRow` to read: a number together with its exact text. */
export function selected(columns: readonly ChosenColumn[]): string[] {
  return columns.flatMap(({ name, type }) => {
    if (type === 'time') return [`epoch_ns(${name})`]
    return type === 'number' ? [name, `${name}_text`] : [name]
  })
}

function chosenColumns(kind: Kind, names: readonly string[] | undefined): readonly ChosenColumn[] {
  const known = schemaColumns(kind)
  if (!names) return known
  return names.map((name) => {
    const column = known.find((each) => each.name === name)
    if (column) return column
    const list = known.map((each) => each.name).join(', ')
    throw new CollectorError('UNSUPPORTED', `${kind} has no column ${name}; it has ${list}.`, {
      remedy: 'Ask for some of the columns that the message lists.',
    })
  })
}

export function decodeRow(values: readonly DuckDBValue[], columns: readonly ChosenColumn[]): StoredRow {
  const row: Record<string, Cell> = {}
  let at = 0
  for (const { name, type } of columns) {
    const value = cell(values[at++])
    if (type !== 'number') {
      row[name] = value
      continue
    }
    const text = cell(values[at++])
    row[name] = text ?? (typeof value === 'number' ? (canonicalDecimal(String(value)) ?? null) : null)
  }
  return row
}

function cell(value: DuckDBValue | undefined): Cell {
  const type = typeof value
  if (type === 'bigint' || type === 'string' || type === 'number' || type === 'boolean') {
    return typeof value === 'object' || value === undefined ? null : value
  }
  return null
}

/** A data folder opened for reading alone, beside its daemon or without one. Takes no lock. */
export class ReadOnlyData {
  readonly reader: DataReader
  readonly #catalog: Catalog
  readonly #engine = new EngineOnDemand()
  readonly #folder: DataFolder

  private constructor(catalog: Catalog, folder: DataFolder) {
    this.#folder = folder
    this.#catalog = catalog
    this.reader = new DataReader(catalog, this.#engine, folder)
  }

  /** Throws `STORE_FAILED` when there is no data here, `DATA_FOREIGN` when it is of another version. */
  static async open(dataPath: string): Promise<ReadOnlyData> {
    const folder = new DataFolder(dataPath)
    try {
      return new ReadOnlyData(Catalog.openReadOnly(folder.catalog), folder)
    } catch (error) {
      if (error instanceof CollectorError) throw error
      throw new CollectorError('STORE_FAILED', `There is no readable data in ${dataPath}.`, {
        cause: error,
        remedy: 'Check data_path; a first `dccd start` makes the folder.',
      })
    }
  }

  /** With DuckDB started: one that does not start must not look like files that cannot be read. */
  async verifier(): Promise<Verifier> {
    return new Verifier(this.#catalog, await this.#engine.engine(), this.#folder)
  }

  async close(): Promise<void> {
    await this.#engine.close()
    this.#catalog.close()
  }
}
