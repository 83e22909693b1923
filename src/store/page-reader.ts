import type { DuckDBValue } from '@duckdb/node-api'
import type { Dataset, Kind } from '../model/dataset.js'
import type { Nanos } from '../model/time.js'
import { fileOrder, orderKeys } from './canonical.js'
import type { PartState } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import type { Queries } from './engine.js'
import { behind, frameOf, type PagePlace, placeColumns, timeOf } from './page-place.js'
import { inTime } from './partition.js'
import { type RowRange, rawRowsIn, rowsIn } from './rows-in.js'

export interface PageRange {
  readonly from: Nanos
  readonly until: Nanos
  /** Where the page before ended. */
  readonly after?: PagePlace | undefined
  /** Rows of this page, at most. */
  readonly limit: number
}

/** A page as DuckDB gives it: what was selected, for each row. */
export interface RawPage {
  readonly rows: DuckDBValue[][]
  /** Where it ended; undefined when nothing follows. */
  readonly next: PagePlace | undefined
}

/**
 * Reads the rows of a dataset page by page in the order of the files. A page begins where the one before ended, by the values of its last row: what stands
 * before is passed over by the statistics of the files, however deep the page is.
 */
export class PageReader {
  readonly #engine: Queries
  readonly #folder: DataFolder

  constructor(engine: Queries, folder: DataFolder) {
    this.#engine = engine
    this.#folder = folder
  }

  /** `parts`: the files of the range, in the order of time. `fields`: what to select. */
  async page(
    dataset: Dataset,
    parts: readonly PartState[],
    fields: readonly string[],
    { from, until, after, limit }: PageRange,
    signal?: AbortSignal,
  ): Promise<RawPage> {
    const { kind } = dataset
    const rows: DuckDBValue[][] = []
    let last: PagePlace | undefined = after
    for (const part of parts) {
      if (after && inTime(kind)(part, after) < 0) continue
      let place = after?.part === part.part ? after : undefined
      for (;;) {
        const left = limit + 1 - rows.length
        const range = rangeAfter(kind, { from, until }, place)
        const bound =
          part.segments.length === 0 ? undefined : await this.#boundOf(dataset, part, range, place, left, signal)
        const found = await this.#rowsOf(dataset, part, fields, narrowed(kind, range, bound), place, left, signal)
        // What was bounded and is nothing but what stands before the place is asked for without a bound.
        const more =
          found.length || !bound ? found : await this.#rowsOf(dataset, part, fields, range, place, left, signal)
        for (const { row, keys } of more) {
          if (rows.length === limit) return { rows, next: last }
          rows.push(row)
          last = { part: part.part, keys }
        }
        if (!bound || more.length === 0) break
        place = last
      }
    }
    return { rows, next: undefined }
  }

  /** The rows of one file behind a place, in order. */
  async #rowsOf(
    dataset: Dataset,
    part: PartState,
    fields: readonly string[],
    range: RowRange,
    place: PagePlace | undefined,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly row: DuckDBValue[]; readonly keys: (string | null)[] }[]> {
    const { kind } = dataset
    const selected = [...fields, ...placeColumns(kind)]
    const where = place ? ` WHERE ${behind(kind, place.keys)}` : ''
    const query = `SELECT ${selected.join(', ')} FROM (${rowsIn(this.#folder, dataset, part, range)})${where} ORDER BY ${fileOrder(kind)} LIMIT ${limit}`
    const found: { row: DuckDBValue[]; keys: (string | null)[] }[] = []
    for await (const rows of this.#engine.stream(`SELECT * FROM (${query})`, selected.length, signal))
      for (const row of rows)
        found.push({ row: row.slice(1, 1 + fields.length), keys: row.slice(1 + fields.length).map(textOrNull) })
    return found
  }

  /**
   * The first key of the `count`-th row as the rows were committed, equal ones counted each: to tell which of them stay, no row behind it is looked at. Undefined when there are
   * not so many, or where it has no such key.
   */
  async #boundOf(
    dataset: Dataset,
    part: PartState,
    range: RowRange,
    place: PagePlace | undefined,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { kind } = dataset
    const [key] = placeColumns(kind)
    const where = place ? ` WHERE ${behind(kind, place.keys)}` : ''
    const [first] = orderKeys(kind)
    const order = `${first?.sql}${first?.nullable ? ' NULLS FIRST' : ''}`
    const rows = rawRowsIn(this.#folder, dataset, part, range)
    const query = `SELECT ${key} FROM (${rows})${where} ORDER BY ${order} LIMIT 1 OFFSET ${count - 1}`
    for await (const found of this.#engine.stream(`SELECT * FROM (${query})`, 1, signal))
      return textOrNull(found[0]?.[1]) ?? undefined
    return undefined
  }
}

function textOrNull(value: DuckDBValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}

/** The part of a range that can hold rows behind a place. */
function rangeAfter(kind: Kind, range: RowRange, place: PagePlace | undefined): RowRange {
  if (!place) return range
  const [time, frame] = [timeOf(kind, place), frameOf(kind, place)]
  return {
    ...range,
    ...(time === undefined ? {} : { keyFrom: time }),
    ...(frame === undefined ? {} : { frameFrom: frame }),
  }
}

/** The part of a range up to a first key. */
function narrowed(kind: Kind, range: RowRange, bound: string | undefined): RowRange {
  if (bound === undefined) return range
  const [time, frame] = [timeOf(kind, { keys: [bound] }), frameOf(kind, { keys: [bound] })]
  return {
    ...range,
    ...(time === undefined ? {} : { keyUntil: time + 1n }),
    ...(frame === undefined ? {} : { frameUntil: frame }),
  }
}
