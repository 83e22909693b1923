import type { Dataset, Kind } from '../model/dataset.js'
import { type Nanos, SECOND } from '../model/time.js'
import { orderKeys, timeAxis } from './canonical.js'
import type { PartState } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import { committedRows, partRows } from './publish.js'

/** Which rows of a file: `from` ≤ time < `until`, and a part of these by the first key of their order. */
export interface RowRange {
  readonly from: Nanos
  readonly until: Nanos
  /** Of kinds in the order of time; rows without a time of the exchange stand first, and are meant only without `keyFrom`. */
  readonly keyFrom?: Nanos
  readonly keyUntil?: Nanos
  /** Of kinds in the order of frames, inclusive. */
  readonly frameFrom?: string
  readonly frameUntil?: string
}

/** What a timestamp in nanoseconds can hold. */
const FIRST: Nanos = -(2n ** 62n)
const LAST: Nanos = 2n ** 63n - 1n
/** How far the times of rows that are one can be apart. */
const NEAR: Nanos = 3600n * SECOND

/** A query for the merged rows of a file in a range, unordered. */
export function rowsIn(folder: DataFolder, dataset: Dataset, part: PartState, range: RowRange): string {
  const { kind } = dataset
  if (part.segments.length === 0) return partRows(folder, dataset, part, conditions(kind, range, 0n))
  // What is one row may differ in its time, by less than `NEAR`: the merge must see all of it.
  const rows = partRows(folder, dataset, part, conditions(kind, range, NEAR))
  const exact = conditions(kind, range, 0n).map((each) => `(${each})`)
  return `SELECT * FROM (${rows}) WHERE ${exact.join(' OR ')}`
}

/** The same, with what was committed twice as often as it was. */
export function rawRowsIn(folder: DataFolder, dataset: Dataset, part: PartState, range: RowRange): string {
  return committedRows(folder, dataset, part, conditions(dataset.kind, range, 0n))
}

/**
 * A range as conditions that exclude each other. Each compares stored columns alone and without OR, so that DuckDB passes over row groups by
 * their statistics.
 */
function conditions(kind: Kind, range: RowRange, near: Nanos): string[] {
  const { from, until, keyFrom, keyUntil, frameFrom, frameUntil } = range
  const [first] = orderKeys(kind)
  const whole: Bounds = [from, until]
  const byKey: Bounds = [
    keyFrom !== undefined && keyFrom > from ? keyFrom : from,
    keyUntil !== undefined && keyUntil < until ? keyUntil : until,
  ]
  const between = (column: string, bounds: Bounds) => {
    const [least, most] = [bounds[0] - near, bounds[1] + near]
    return `${column} >= make_timestamp_ns(${least < FIRST ? FIRST : least}) AND ${column} < make_timestamp_ns(${most > LAST ? LAST : most})`
  }
  if (timeAxis(kind) === 'open_time') return [between('open_time', byKey)]
  const frames = [
    ...(frameFrom === undefined ? [] : [` AND frame >= ${frameFrom}`]),
    ...(frameUntil === undefined ? [] : [` AND frame <= ${frameUntil}`]),
  ].join('')
  const timed = `${between('exchange_time', byKey)}${frames}`
  // Where the order is that of the time of the exchange alone, rows without one stand before all others.
  const untimed = first?.nullable ? whole : byKey
  if (first?.nullable && keyFrom !== undefined) return [timed]
  return [timed, `exchange_time IS NULL AND ${between('receive_time', untimed)}${frames}`]
}

type Bounds = readonly [from: Nanos, until: Nanos]
