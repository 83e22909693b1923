import { type Dataset, datasetPath, type Kind } from '../model/dataset.js'
import { pairInPath } from '../model/instrument.js'
import { SCHEMA } from '../model/row.js'
import { DAY, dateOfDay, dayOf, type Nanos } from '../model/time.js'

/**
 * One partition of a dataset as a number: days since 1970, or the year for kinds kept by year. Rises with time.
 */
export type Part = number

const MS_PER_DAY = 86_400_000

export function partOfDay(kind: Kind, day: number): Part {
  return SCHEMA[kind].partition === 'date' ? day : new Date(day * MS_PER_DAY).getUTCFullYear()
}

export function partOfTime(kind: Kind, time: Nanos): Part {
  return partOfDay(kind, dayOf(time))
}

/** `2026-11-23` or `2026`. */
export function partName(kind: Kind, part: Part): string {
  return SCHEMA[kind].partition === 'date' ? dateOfDay(part) : String(part)
}

/** The partition of a name such as `2026-11-23` or `2026`; `undefined` when it is none of the kind. */
export function partOfName(kind: Kind, name: string): Part | undefined {
  if (SCHEMA[kind].partition === 'year') return /^\d{4}$/.test(name) ? Number(name) : undefined
  const ms = /^\d{4}-\d\d-\d\d$/.test(name) ? Date.parse(`${name}T00:00:00Z`) : Number.NaN
  return Number.isNaN(ms) ? undefined : ms / MS_PER_DAY
}

/** The first instant of the partition. */
export function partStart(kind: Kind, part: Part): Nanos {
  return partEnd(kind, part - 1)
}

/** The first instant after the partition. */
export function partEnd(kind: Kind, part: Part): Nanos {
  if (SCHEMA[kind].partition === 'date') return BigInt(part + 1) * DAY
  return BigInt(Date.UTC(part + 1, 0, 1)) * 1_000_000n
}

/** The visible file of a partition, relative to the data path (durability C9). */
export function visiblePath(dataset: Dataset, part: Part): string {
  const { exchange, kind, pair, interval } = dataset
  const name = partName(kind, part)
  const stem = [exchange, kind, pairInPath(pair), ...(interval ? [interval] : []), name].join('-')
  return `${datasetPath(dataset)}/${SCHEMA[kind].partition}=${name}/${stem}.parquet`
}
