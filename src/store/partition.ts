import { type Dataset, datasetPath, type Kind } from '../model/dataset.js'
import { pairInPath } from '../model/instrument.js'
import { SCHEMA } from '../model/row.js'
import { DAY, dateOfDay, dayOf, type Nanos } from '../model/time.js'

/**
 * What one visible file holds of a dataset, as a number: a whole partition (days since 1970, or the year for kinds kept by year), or from
 * `FIRST_SLOT` on one slot of it: an hour of a date, a day of a year. Whole ones and slots rise with time, each among themselves.
 */
export type Part = number

/** Added to the number of a slot: hours or days since 1970. No whole partition has such a number. */
const FIRST_SLOT = 1_000_000
const MS_PER_DAY = 86_400_000
const HOUR: Nanos = DAY / 24n

function byDate(kind: Kind): boolean {
  return SCHEMA[kind].partition === 'date'
}

function yearOfDay(day: number): number {
  return new Date(day * MS_PER_DAY).getUTCFullYear()
}

/** The whole partition of a day. */
export function partOfDay(kind: Kind, day: number): Part {
  return byDate(kind) ? day : yearOfDay(day)
}

/** The whole partition of an instant. */
export function partOfTime(kind: Kind, time: Nanos): Part {
  return partOfDay(kind, dayOf(time))
}

export function isSlot(part: Part): boolean {
  return part >= FIRST_SLOT
}

/** The partition of which this is a slot; itself when it is whole. */
export function wholePart(kind: Kind, part: Part): Part {
  if (!isSlot(part)) return part
  const slot = part - FIRST_SLOT
  return byDate(kind) ? Math.floor(slot / 24) : yearOfDay(slot)
}

/** The order of files in time: a whole partition stands before its slots. */
export function inTime(kind: Kind): (a: { readonly part: Part }, b: { readonly part: Part }) => number {
  return (a, b) => wholePart(kind, a.part) - wholePart(kind, b.part) || a.part - b.part
}

/** `2026-11-23` or `2026`; of slots `2026-11-23T05` or `2026-11-23`. */
export function partName(kind: Kind, part: Part): string {
  if (!isSlot(part)) return byDate(kind) ? dateOfDay(part) : String(part)
  const slot = part - FIRST_SLOT
  if (!byDate(kind)) return dateOfDay(slot)
  return `${dateOfDay(Math.floor(slot / 24))}T${String(slot % 24).padStart(2, '0')}`
}

/** The partition or slot with which the name of a file ends; `undefined` when there is none of the kind. */
export function partOfFile(kind: Kind, fileName: string): Part | undefined {
  const [, date, hour, year] = /-(?:(\d{4}-\d\d-\d\d)(?:T(\d\d))?|(\d{4}))\.parquet$/.exec(fileName) ?? []
  if (year !== undefined) return byDate(kind) ? undefined : Number(year)
  const day = Date.parse(`${date}T00:00:00Z`) / MS_PER_DAY
  if (Number.isNaN(day)) return undefined
  if (!byDate(kind)) return hour === undefined ? FIRST_SLOT + day : undefined
  return hour === undefined ? day : FIRST_SLOT + day * 24 + Number(hour)
}

/** The first instant of the partition. */
export function partStart(kind: Kind, part: Part): Nanos {
  if (isSlot(part)) return BigInt(part - FIRST_SLOT) * (byDate(kind) ? HOUR : DAY)
  return byDate(kind) ? BigInt(part) * DAY : BigInt(Date.UTC(part, 0, 1)) * 1_000_000n
}

/** The first instant after the partition. */
export function partEnd(kind: Kind, part: Part): Nanos {
  return partStart(kind, part + 1)
}

/** The slots of a whole partition, the first and the last. */
export function slotsOf(kind: Kind, whole: Part): { readonly first: Part; readonly last: Part } {
  const slot = byDate(kind) ? HOUR : DAY
  const first = FIRST_SLOT + Number(partStart(kind, whole) / slot)
  return { first, last: FIRST_SLOT + Number(partEnd(kind, whole) / slot) - 1 }
}

/** Kinds of which rows are applied in the order of frames: their slot is that of their arrival, which rises with the frames. */
const APPLIED: readonly Kind[] = ['book_deltas', 'book_snapshots', 'quotes']

/** SQL for the slot of a row that is known to belong to a whole partition: of a book that moved to it as a whole, the nearest. */
export function slotSql(kind: Kind, whole: Part): string {
  const { first, last } = slotsOf(kind, whole)
  const times = APPLIED.includes(kind) ? 'receive_time, exchange_time' : 'exchange_time, receive_time'
  const time = kind === 'ohlc' ? 'open_time' : `coalesce(${times})`
  const slot = `${FIRST_SLOT} + epoch_ns(${time}) // ${byDate(kind) ? HOUR : DAY}`
  return `least(greatest(${slot}, ${first}), ${last})`
}

/** The visible file of a partition, relative to the data path (durability C9). */
export function visiblePath(dataset: Dataset, part: Part): string {
  const { exchange, kind, pair, interval } = dataset
  const stem = [exchange, kind, pairInPath(pair), ...(interval ? [interval] : []), partName(kind, part)].join('-')
  return `${datasetPath(dataset)}/${SCHEMA[kind].partition}=${partName(kind, wholePart(kind, part))}/${stem}.parquet`
}
