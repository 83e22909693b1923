import { type Counters, countersOf, coverage } from '../model/gaps.js'
import type { Held, Lost } from '../model/ledger.js'
import type { Nanos } from '../model/time.js'

/** A stretch to be fetched, half-open, with the counters of what is held on both sides where they are known. */
export interface Stretch {
  readonly from: Nanos
  readonly until: Nanos
  readonly after?: bigint
  readonly before?: bigint
}

interface Range {
  readonly from: Nanos
  readonly until: Nanos
}

const MS = 1_000_000n

/**
 * What is wanted of ranges (in order of time) minus what is proven: the stretches to fetch, oldest first. What is known to be lost is not asked for again.
 * `seams`: events may share an instant with what is held beside them, so a stretch without counters reaches a millisecond over its edges.
 */
export function missingStretches(
  ranges: readonly Range[],
  held: readonly Held[],
  lost: readonly Lost[],
  seams: boolean,
): Stretch[] {
  const known = [...coverage(held), ...lost].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  const beside: Beside = {
    ends: new Set(held.map(({ until }) => until)),
    begins: new Set(held.map(({ from }) => from)),
    counters: countersOf(held),
  }
  const stretches: Stretch[] = []
  let next = 0
  for (const range of ranges) {
    let at = range.from
    const add = (until: Nanos) => {
      if (at < until) stretches.push(withNeighbours({ from: at, until }, range, beside, seams))
    }
    for (let each = known[next]; each && each.from < range.until; each = known[++next]) {
      add(each.from)
      if (each.until > at) at = each.until
      // It may cover the next range too.
      if (each.until > range.until) break
    }
    add(range.until)
  }
  return stretches
}

/** What is held beside a hole. */
interface Beside {
  readonly ends: ReadonlySet<Nanos>
  readonly begins: ReadonlySet<Nanos>
  readonly counters: Counters
}

function withNeighbours(hole: Range, range: Range, { ends, begins, counters }: Beside, seams: boolean): Stretch {
  const left = ends.has(hole.from)
  const right = begins.has(hole.until)
  const after = counters.last.get(hole.from)
  // The end of what was asked for is no seam of its own.
  const before = hole.until === range.until && !right ? undefined : counters.before.get(hole.until)
  // Counters that contradict each other help nobody.
  if (after !== undefined && before !== undefined && before <= after) return hole
  return {
    from: seams && left && after === undefined ? hole.from - MS : hole.from,
    until: seams && right && before === undefined ? hole.until + MS : hole.until,
    ...(after === undefined ? {} : { after }),
    ...(before === undefined ? {} : { before }),
  }
}
