import { type Dataset, type Kind, parseDatasetKey } from '../model/dataset.js'
import { SCHEMA } from '../model/row.js'
import { type Nanos, SECOND } from '../model/time.js'
import type { PartState, Publishable } from './catalog.js'
import { isSlot, partEnd, partStart, wholePart } from './partition.js'

const MINUTE: Nanos = 60n * SECOND
/**
 * A visible file that still grows is replaced once in each stretch of the clock of this length, counted from the full hour: so readers from outside are
 * less than 15 minutes behind, and the file of an hour is written five times.
 */
export const STALE: Nanos = 12n * MINUTE
/** A partition gets its last rows for this long after its end; late rows after that come in batches of as long. */
const CLOSED: Nanos = 5n * MINUTE
/** Bytes of Parquet that are written for one that stands: five may be (durability C8), less what the footers of small files add that no plan foresees. */
const WRITE_BUDGET = 4.9
/** A growing partition with so many rows is split: its later slots have files of their own, which cost less to replace. */
const SPLIT_ROWS = { date: 20_000, year: 2000 } as const
/** The same of a date where the budget is spent. With fewer rows the file lags instead: it is not worth 24 files a day. */
const SPLIT_ROWS_TIGHT = 1500
/** Slots with so many rows are worth their files: the next partition is split as well. */
const SLOT_ROWS = 400

/** A file to be made or replaced. `split`: later slots, of its partition and the next, are to have files of their own. */
export interface Publication {
  readonly dataset: Dataset
  readonly state: PartState
  readonly split: boolean
}

export interface PlanOptions {
  readonly now: Nanos
  /** Everything with unpublished rows, whatever it costs. */
  readonly all?: boolean
  readonly splitRows?: number
}

/**
 * What is to be published now. First what must be: datasets and slots without a file, growing hours, ended partitions with rows outstanding. Then what grows, while the write
 * budget lasts: what costs the fewest bytes for each minute that a reader is behind comes first, so that quiet datasets, whose files cost next to nothing, do not wait for
 * large ones. A date that the budget does not allow is split when it is worth it, and then no longer grows after its hour.
 */
export function publishPlan(known: Publishable, { now, all = false, splitRows }: PlanOptions): Publication[] {
  const files = known.parts.flatMap((state) => {
    const dataset = parseDatasetKey(known.names.get(state.dataset) ?? '')
    return dataset ? [{ dataset, state }] : []
  })
  const budget = new Budget(known, files, now)
  const waiting = files.flatMap(({ dataset, state }) => {
    if (state.segments.length === 0) return []
    const need = all ? 'must' : needOf(dataset, state, now)
    return need ? [{ dataset, state, must: need === 'must', price: budget.price(state) }] : []
  })
  const order = [...waiting].sort((a, b) => Number(b.must) - Number(a.must) || a.price - b.price)
  return order.flatMap(({ dataset, state, must }) => {
    const { partition } = SCHEMA[dataset.kind]
    const tight = !must && !budget.allows(state)
    if (tight && partition === 'year') return []
    const enough = isSlot(state.part) ? SLOT_ROWS : tight ? SPLIT_ROWS_TIGHT : SPLIT_ROWS[partition]
    const grows = now < partEnd(dataset.kind, state.part)
    const split = grows && rowsOf(state) >= (splitRows ?? enough)
    if (tight && !split) return []
    budget.spend(state)
    return [{ dataset, state, split }]
  })
}

/** Whether a part must be published, or may be; `undefined` when it is not time. */
function needOf({ kind }: Dataset, state: PartState, now: Nanos): 'must' | 'may' | undefined {
  const { part, piece } = state
  if (!piece) return 'must'
  const end = partEnd(kind, part) + (isSlot(part) ? 0n : CLOSED)
  if (now >= end) return now - piece.published >= CLOSED ? 'must' : undefined
  if (now / STALE === piece.published / STALE) return undefined
  // What has ended is written once more and then no longer. An hour is written five times whatever comes; a day of a year would be a hundred and twenty times.
  if (now >= partEnd(kind, part)) return 'must'
  return isSlot(part) && SCHEMA[kind].partition === 'date' && isWorthItsFile(kind, state, now) ? 'must' : 'may'
}

/** Whether a slot will have enough rows at the pace of those that it has. */
function isWorthItsFile(kind: Kind, state: PartState, now: Nanos): boolean {
  const start = partStart(kind, state.part)
  const elapsed = Number(now - start) / Number(partEnd(kind, state.part) - start)
  return rowsOf(state) >= SLOT_ROWS * Math.min(1, elapsed)
}

const unpublished = ({ segments }: PartState) => segments.reduce((sum, { rows }) => sum + rows, 0)
const rowsOf = (state: PartState) => (state.piece?.rows ?? 0) + unpublished(state)

interface DatasetFile {
  readonly dataset: Dataset
  readonly state: PartState
}

/** How many bytes may still be written so that, when all that stands now is complete, no more than the budget was written for it. */
class Budget {
  readonly #now: Nanos
  #left: number
  /** Of unpublished rows, by what they take in segments. */
  readonly #bytesPerRow: number

  constructor({ segments, writtenBytes }: Publishable, files: readonly DatasetFile[], now: Nanos) {
    this.#now = now
    const rows = segments.reduce((sum, segment) => sum + segment.rows, 0)
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
    this.#bytesPerRow = rows === 0 ? 0 : bytes / rows
    const whole = ({ dataset, state }: DatasetFile) => `${state.dataset} ${wholePart(dataset.kind, state.part)}`
    const divided = new Set(files.filter(({ state }) => isSlot(state.part)).map(whole))
    let stands = 0
    // Everything that waits or grows is written at least once more. What was split no longer grows: its slots do.
    let ahead = 0
    for (const file of files) {
      const { dataset, state } = file
      const size = this.#size(state)
      stands += size
      const grows = now < partEnd(dataset.kind, state.part) && (isSlot(state.part) || !divided.has(whole(file)))
      if (grows || state.segments.length > 0) ahead += size
    }
    this.#left = WRITE_BUDGET * stands - writtenBytes - ahead
  }

  #size(state: PartState): number {
    return (state.piece?.bytes ?? 0) + unpublished(state) * this.#bytesPerRow
  }

  /** Bytes for each nanosecond that a reader is behind; nothing where there is no file yet. */
  price(state: PartState): number {
    return state.piece ? this.#size(state) / Number(this.#now - state.piece.published) : 0
  }

  allows(state: PartState): boolean {
    return this.#size(state) <= this.#left
  }

  spend(state: PartState): void {
    this.#left -= this.#size(state)
  }
}
