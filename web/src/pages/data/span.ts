/** A stretch of time that is looked at, in milliseconds, half-open. */
export interface Span {
  readonly from: number
  readonly until: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const PRESETS = [
  { id: '30d', title: '30 days', ms: 30 * DAY },
  { id: '7d', title: '7 days', ms: 7 * DAY },
  { id: '1d', title: '1 day', ms: DAY },
  { id: '6h', title: '6 h', ms: 6 * HOUR },
  { id: '1h', title: '1 h', ms: HOUR },
  { id: '10m', title: '10 min', ms: 10 * MINUTE },
] as const

const STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  7 * DAY,
  30 * DAY,
]

const SHORTEST = 20 * SECOND
const LONGEST = 3660 * DAY

/** The length of a cell with which a span is at most so many wide. */
export function cellOf(span: Span, columns: number): number {
  const least = (span.until - span.from) / Math.max(1, columns)
  return STEPS.find((step) => step >= least) ?? STEPS[STEPS.length - 1] ?? DAY
}

/** The span widened to whole cells, so that equal questions have equal answers. */
export function aligned({ from, until }: Span, cell: number): Span {
  return { from: Math.floor(from / cell) * cell, until: Math.ceil(until / cell) * cell }
}

/** Closer or further, about a moment that stays where it is. */
export function zoomed({ from, until }: Span, factor: number, about = (from + until) / 2): Span {
  const length = Math.min(LONGEST, Math.max(SHORTEST, (until - from) * factor))
  const part = (about - from) / (until - from)
  const start = about - length * part
  return { from: Math.round(start), until: Math.round(start + length) }
}

export function moved({ from, until }: Span, part: number): Span {
  const by = Math.round((until - from) * part)
  return { from: from + by, until: until + by }
}

/** Where an axis is marked: at most about so many round moments. */
export function ticksOf(
  { from, until }: Span,
  most: number,
): { readonly step: number; readonly at: readonly number[] } {
  const step = cellOf({ from, until }, most)
  const at: number[] = []
  for (let tick = Math.ceil(from / step) * step; tick < until; tick += step) at.push(tick)
  return { step, at }
}
