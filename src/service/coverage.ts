import type { Covered, Gap } from '../model/gaps.js'
import { isoFromNanos, type Nanos } from '../model/time.js'

/** What a stretch of a dataset is: how it is held, or `missing`. */
export type CoverageState = 'observed' | 'backfilled' | 'unverifiable' | 'missing'

/** A stretch of a dataset; between two of them nobody wanted the data. */
export interface CoverageInterval {
  /** Nanoseconds as text, half-open. */
  readonly from: string
  readonly until: string
  readonly from_time: string
  readonly until_time: string
  readonly state: CoverageState
  /** Why something is missing in it. */
  readonly code: string | null
  readonly detail: string | null
  /** Seconds of it that are held, and that are missing; with a resolution both may be more than 0. */
  readonly held_s: number
  readonly missing_s: number
}

interface Stretch {
  readonly from: Nanos
  readonly until: Nanos
  readonly state: CoverageState
  readonly gap?: Gap
}

/** From what a cell of several states is shown as, first to last. */
const WORST: readonly CoverageState[] = ['missing', 'unverifiable', 'backfilled', 'observed']

export interface CoverageView {
  readonly from: Nanos
  readonly until: Nanos
  /** Length of a cell; 0 gives every stretch as it is. */
  readonly resolution: Nanos
}

/**
 * The stretches of a dataset in a range, in order, from what is held of it and what is missing. With a resolution the range is cut into cells of that length; a cell is shown as the worst state
 * in it, with how much of it is held and missing, and equal neighbours that are whole are one: as many intervals as a picture has columns, however
 * many the ledger has.
 */
export function coverageIntervals(
  covered: readonly Covered[],
  gaps: readonly Gap[],
  view: CoverageView,
): CoverageInterval[] {
  const all: Stretch[] = covered.map(({ from, until, proof }) => ({ from, until, state: proof }))
  for (const gap of gaps) all.push({ from: gap.from, until: gap.until, state: 'missing', gap })
  const stretches = all
    .filter(({ from, until }) => until > view.from && from < view.until)
    .map((each) => ({ ...each, from: max(each.from, view.from), until: min(each.until, view.until) }))
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  return view.resolution <= 0n ? stretches.map(exact) : cells(stretches, view.resolution)
}

function exact({ from, until, state, gap }: Stretch): CoverageInterval {
  const seconds = Number(until - from) / 1e9
  return interval(from, until, state, gap, state === 'missing' ? 0 : seconds, state === 'missing' ? seconds : 0)
}

interface Cell {
  readonly from: Nanos
  until: Nanos
  state: CoverageState
  gap: Gap | undefined
  held: Nanos
  missing: Nanos
}

function cells(stretches: readonly Stretch[], resolution: Nanos): CoverageInterval[] {
  const made: Cell[] = []
  const add = (at: Nanos, stretch: Stretch, cells: Nanos) => {
    const until = at + resolution * cells
    const part = min(stretch.until, until) - max(stretch.from, at)
    const last = made.at(-1)
    if (last && last.until > at) {
      if (WORST.indexOf(stretch.state) < WORST.indexOf(last.state)) last.state = stretch.state
      last.gap ??= stretch.gap
      if (stretch.state === 'missing') last.missing += part
      else last.held += part
      return
    }
    const missing = stretch.state === 'missing'
    made.push({
      from: at,
      until,
      state: stretch.state,
      gap: stretch.gap,
      held: missing ? 0n : part,
      missing: missing ? part : 0n,
    })
  }
  for (const stretch of stretches) {
    const first = floor(stretch.from, resolution)
    add(first, stretch, 1n)
    // The cells that lie in it as a whole are one.
    const middle = first + resolution
    const end = floor(stretch.until, resolution)
    if (end > middle) add(middle, stretch, (end - middle) / resolution)
    if (end >= middle && stretch.until > end) add(end, stretch, 1n)
  }
  return joined(made).map(({ from, until, state, gap, held, missing }) =>
    interval(from, until, state, gap, Number(held) / 1e9, Number(missing) / 1e9),
  )
}

/** Neighbours that are wholly of one state, for one cause, as one. */
function joined(made: readonly Cell[]): Cell[] {
  const list: Cell[] = []
  const whole = ({ from, until, held, missing }: Cell) => until - from === (held > missing ? held : missing)
  for (const cell of made) {
    const last = list.at(-1)
    if (last?.until === cell.from && last.state === cell.state && last.gap === cell.gap && whole(last) && whole(cell)) {
      last.until = cell.until
      last.held += cell.held
      last.missing += cell.missing
    } else list.push({ ...cell })
  }
  return list
}

function interval(
  from: Nanos,
  until: Nanos,
  state: CoverageState,
  gap: Gap | undefined,
  held: number,
  missing: number,
): CoverageInterval {
  return {
    from: from.toString(),
    until: until.toString(),
    from_time: isoFromNanos(from),
    until_time: isoFromNanos(until),
    state,
    code: gap?.code ?? null,
    detail: gap?.detail ?? null,
    held_s: held,
    missing_s: missing,
  }
}

function floor(at: Nanos, step: Nanos): Nanos {
  return at - (((at % step) + step) % step)
}

function max(a: Nanos, b: Nanos): Nanos {
  return a > b ? a : b
}

function min(a: Nanos, b: Nanos): Nanos {
  return a < b ? a : b
}
