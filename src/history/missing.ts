import { coverage } from '../model/gaps.js'
import type { Held, Lost } from '../model/ledger.js'
import type { Nanos } from '../model/time.js'

/** A stretch to be fetched, half-open, with the counters of what is held on both sides where they are known. */
export interface Stretch {
  readonly from: Nanos
  readonly until: Nanos
  readonly after?: bigint
  readonly before?: bigint
}

const MS = 1_000_000n

/**
 * What is wanted of `range` minus what is proven: the stretches to fetch, oldest first. What is known to be lost is not asked for again. `seams`:
 * events may share an instant with what is held beside them, so a stretch without counters reaches a millisecond over its edges.
 */
export function missingStretches(
  range: { readonly from: Nanos; readonly until: Nanos },
  held: readonly Held[],
  lost: readonly Lost[],
  seams: boolean,
): Stretch[] {
  const known = [...coverage(held), ...lost]
    .filter(({ from, until }) => until > range.from && from < range.until)
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  const stretches: Stretch[] = []
  let at = range.from
  const add = (until: Nanos) => {
    if (at < until) stretches.push(withNeighbours({ from: at, until }, range, held, seams))
  }
  for (const { from, until } of known) {
    add(from < range.until ? from : range.until)
    if (until > at) at = until
  }
  add(range.until)
  return stretches
}

function withNeighbours(
  hole: { from: Nanos; until: Nanos },
  range: { readonly from: Nanos; readonly until: Nanos },
  held: readonly Held[],
  seams: boolean,
): Stretch {
  let after: bigint | undefined
  let before: bigint | undefined
  let beside = { left: false, right: false }
  for (const stretch of held) {
    if (stretch.until === hole.from) {
      beside = { ...beside, left: true }
      if (stretch.last !== null && (after === undefined || stretch.last > after)) after = stretch.last
    }
    if (stretch.from === hole.until) {
      beside = { ...beside, right: true }
      if (stretch.before !== null && (before === undefined || stretch.before < before)) before = stretch.before
    }
  }
  // Counters that contradict each other help nobody.
  if (after !== undefined && before !== undefined && before <= after) return hole
  // The end of what was asked for is no seam of its own.
  if (hole.until === range.until && !beside.right) before = undefined
  return {
    from: seams && beside.left && after === undefined ? hole.from - MS : hole.from,
    until: seams && beside.right && before === undefined ? hole.until + MS : hole.until,
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
  }
}
