import type { ErrorCode } from './error.js'
import type { Held, LedgerBreak, Lost, Proof, Wanted } from './ledger.js'
import { type Nanos, SECOND } from './time.js'

/** A stretch that was wanted and is not held by proof, half-open, on the dataset's axis. */
export interface Gap {
  readonly dataset: string
  readonly from: Nanos
  readonly until: Nanos
  readonly code: ErrorCode
  readonly detail: string
  /** How many of the venue's counter are missing; absent where there is no counter. */
  readonly missing?: bigint
  /** Why it cannot be filled from the past, once that is known. */
  readonly lost?: { readonly code: ErrorCode; readonly detail: string }
}

/** A stretch of coverage after the union: neighbours with the same proof are one. */
export interface Covered {
  readonly from: Nanos
  readonly until: Nanos
  readonly proof: Proof
}

/** The ledger as it is stored, of one or more datasets. */
export interface Ledger {
  readonly held: readonly Held[]
  readonly wanted: readonly Wanted[]
  readonly breaks: readonly LedgerBreak[]
  readonly lost?: readonly Lost[]
  /** Now, on the datasets' axis: how far a refused dataset counts as lost. */
  readonly until?: Nanos | undefined
}

const STRENGTH: { readonly [P in Proof]: number } = { observed: 3, backfilled: 2, unverifiable: 1 }
/** A break this near to a gap is taken for its cause when none lies inside. */
const NEAR: Nanos = 60n * SECOND
/** After these the dataset is not coming by itself soon: what follows is lost, not pending. */
const REFUSED: ReadonlySet<ErrorCode> = new Set(['SUBSCRIBE_REJECTED', 'UNKNOWN_INSTRUMENT', 'UNSUPPORTED'])

/**
 * The union of held stretches (durability G4): where several cover an instant the strongest proof counts. Where a stretch begins with
 * the very counter at which another ended, nothing happened between them, and the time between is held as well.
 */
export function coverage(held: readonly Held[]): Covered[] {
  const stretches: Covered[] = [...held, ...bridges(held)].filter(({ from, until }) => from < until)
  const sorted = [...stretches].sort((a, b) => compare(a.from, b.from))
  // As nearly all are: one after the other, none over another.
  if (sorted.every(({ from }, at) => from >= (sorted[at - 1]?.until ?? from))) return joined(sorted)
  const edges = [...new Set(stretches.flatMap(({ from, until }) => [from, until]))].sort(compare)
  const covered: Covered[] = []
  let open: Covered[] = []
  let next = 0
  edges.forEach((from, index) => {
    const until = edges[index + 1]
    if (until === undefined) return
    for (let stretch = sorted[next]; stretch && stretch.from <= from; stretch = sorted[++next]) open.push(stretch)
    open = open.filter((stretch) => stretch.until > from)
    const [first] = open
    if (!first) return
    const { proof } = open.reduce(
      (best, stretch) => (STRENGTH[stretch.proof] > STRENGTH[best.proof] ? stretch : best),
      first,
    )
    const last = covered.at(-1)
    if (last?.until === from && last.proof === proof) covered[covered.length - 1] = { from: last.from, until, proof }
    else covered.push({ from, until, proof })
  })
  return covered
}

/** Neighbours with the same proof as one. */
function joined(sorted: readonly Covered[]): Covered[] {
  const covered: Covered[] = []
  for (const { from, until, proof } of sorted) {
    const last = covered.at(-1)
    if (last?.until === from && last.proof === proof) covered[covered.length - 1] = { from: last.from, until, proof }
    else covered.push({ from, until, proof })
  }
  return covered
}

/** The times between stretches that the venue's counter proves empty. They are as good as the weaker of the two. */
function bridges(held: readonly Held[]): Covered[] {
  const ends = new Map<bigint, Held[]>()
  for (const stretch of held) {
    if (stretch.last === null) continue
    const same = ends.get(stretch.last)
    if (same) same.push(stretch)
    else ends.set(stretch.last, [stretch])
  }
  return held.flatMap((later) => {
    if (later.before === null) return []
    const earlier = (ends.get(later.before) ?? [])
      .filter((stretch) => stretch !== later && stretch.from <= later.from && stretch.until < later.from)
      .reduce<Held | undefined>((best, stretch) => (!best || stretch.until > best.until ? stretch : best), undefined)
    if (!earlier) return []
    const proof = STRENGTH[earlier.proof] < STRENGTH[later.proof] ? earlier.proof : later.proof
    return [{ from: earlier.until, until: later.from, proof }]
  })
}

/**
 * Wanted minus held (durability G1), each piece labelled by the break inside it or nearest to it. The time after the last proof of a dataset
 * that is still wanted is pending, not a gap, unless the exchange refused it. Sorted by dataset and time.
 */
export function gaps(ledger: Ledger): Gap[] {
  const held = byDataset(ledger.held)
  const breaks = byDataset(ledger.breaks)
  const lost = byDataset(ledger.lost ?? [])
  const wanted = byDataset(ledger.wanted)
  return [...new Set([...wanted.keys(), ...lost.keys()])].sort().flatMap((dataset) => {
    const own = {
      held: held.get(dataset) ?? [],
      wanted: wanted.get(dataset) ?? [],
      breaks: breaks.get(dataset) ?? [],
      lost: lost.get(dataset) ?? [],
      until: ledger.until,
    }
    return gapsOf(dataset, own, coverage(own.held))
  })
}

/** The ledger of one dataset, `of`, told: what is held of it, and what is missing. */
export function coverageAndGaps(of: string, ledger: Ledger): { covered: readonly Covered[]; gaps: readonly Gap[] } {
  const covered = coverage(ledger.held)
  return { covered, gaps: gapsOf(of, ledger, covered) }
}

function gapsOf(dataset: string, ledger: Ledger, covered: readonly Covered[]): readonly Gap[] {
  const { held, wanted, breaks, lost = [], until: now } = ledger
  // What a history looked for and could not have was wanted too, if by nobody else.
  const alone = lost.filter(({ from, until }) =>
    wanted.every((each) => each.from >= until || (each.until !== null && each.until <= from)),
  )
  const causes = alone.map(({ from, code, detail }): LedgerBreak => ({ dataset, at: from, code, detail }))
  const all = { held, wanted: [...wanted, ...alone], breaks: [...breaks, ...causes], until: now }
  return given(datasetGaps(dataset, all, covered), lost)
}

/** Gaps in order of time, each with the reason why it is lost for good, where that is known of all of it. */
function given(gaps: readonly Gap[], lost: readonly Lost[]): readonly Gap[] {
  const sorted = [...lost].sort((a, b) => compare(a.from, b.from))
  let next = 0
  let longest: Lost | undefined
  return gaps.map((gap) => {
    for (let each = sorted[next]; each && each.from <= gap.from; each = sorted[++next])
      if (!longest || each.until > longest.until) longest = each
    if (!longest || longest.until < gap.until) return gap
    return { ...gap, lost: { code: longest.code, detail: longest.detail } }
  })
}

function datasetGaps(
  dataset: string,
  { held, wanted, breaks, until: now }: Ledger,
  covered: readonly Covered[],
): Gap[] {
  const sorted = [...breaks].sort((a, b) => compare(a.at, b.at))
  const firstProof = covered[0]?.from
  const counters = countersOf(held)
  const lastProof = held.reduce<Nanos | undefined>(
    (latest, { until }) => (latest === undefined || until > latest ? until : latest),
    undefined,
  )
  return wantedStretches(wanted).flatMap(({ from, until }) => {
    const pendingSince = lastProof !== undefined && lastProof > from ? lastProof : from
    const end = until ?? refusedUntil(pendingSince, sorted, now) ?? pendingSince
    return uncovered(from, end, covered).map((hole): Gap => {
      const cause = causeOf(hole.from, hole.until, sorted, firstProof)
      const missing = missingIn(hole.from, hole.until, counters)
      return { dataset, ...hole, ...cause, ...(missing === undefined ? {} : { missing }) }
    })
  })
}

/** Overlapping and adjacent wishes are one; an open one has no end. */
export function wantedStretches(wanted: readonly Wanted[]): { from: Nanos; until: Nanos | null }[] {
  const stretches: { from: Nanos; until: Nanos | null }[] = []
  for (const { from, until } of [...wanted].sort((a, b) => compare(a.from, b.from))) {
    const last = stretches.at(-1)
    if (!last || (last.until !== null && last.until < from)) stretches.push({ from, until })
    else if (last.until !== null && (until === null || until > last.until)) last.until = until
  }
  return stretches
}

/** How far a dataset that is still wanted is known to be lost because the exchange refuses it; `undefined` when it does not. */
function refusedUntil(since: Nanos, breaks: readonly LedgerBreak[], now: Nanos | undefined): Nanos | undefined {
  const last = breaks.at(-1)
  if (!last || last.at < since || !REFUSED.has(last.code)) return undefined
  return now !== undefined && now > last.at ? now : last.at
}

/** The parts of a range that no stretch covers; the stretches in order, none over another. */
export function uncovered(from: Nanos, until: Nanos, covered: readonly Covered[]): { from: Nanos; until: Nanos }[] {
  const holes: { from: Nanos; until: Nanos }[] = []
  let at = from
  let next = firstWhere(covered, (stretch) => stretch.until > from)
  for (let stretch = covered[next]; stretch; stretch = covered[++next]) {
    if (stretch.from >= until) break
    if (stretch.from > at) holes.push({ from: at, until: stretch.from })
    at = stretch.until
  }
  if (at < until) holes.push({ from: at, until })
  return holes
}

/** The first break inside, else the nearest, else what can be said without one: a gap always has a cause. `breaks`: in order of time. */
function causeOf(
  from: Nanos,
  until: Nanos,
  breaks: readonly LedgerBreak[],
  firstProof: Nanos | undefined,
): { readonly code: ErrorCode; readonly detail: string } {
  const index = firstWhere(breaks, ({ at }) => at >= from)
  const after = breaks[index]
  if (after && after.at <= until) return { code: after.code, detail: after.detail }
  const earlier = breaks[index - 1]
  const before = earlier && breaks[firstWhere(breaks, ({ at }) => at >= earlier.at)]
  const distance = ({ at }: LedgerBreak) => (at < from ? from - at : at - until)
  const nearest = before && !(after && distance(after) < distance(before)) ? before : after
  if (nearest && distance(nearest) <= NEAR) return { code: nearest.code, detail: nearest.detail }
  if (firstProof === undefined || until <= firstProof) {
    return { code: 'CONNECT_FAILED', detail: 'nothing was received yet since it was wanted' }
  }
  return { code: 'CONNECTION_LOST', detail: 'no proof covers this time, and no cause was recorded' }
}

/** The counters where held stretches end (the highest) and before they begin (the lowest), by time. */
export interface Counters {
  readonly last: ReadonlyMap<Nanos, bigint>
  readonly before: ReadonlyMap<Nanos, bigint>
}

export function countersOf(held: readonly Held[]): Counters {
  const last = new Map<Nanos, bigint>()
  const before = new Map<Nanos, bigint>()
  for (const stretch of held) {
    const ends = last.get(stretch.until)
    if (stretch.last !== null && (ends === undefined || stretch.last > ends)) last.set(stretch.until, stretch.last)
    const begins = before.get(stretch.from)
    if (stretch.before !== null && (begins === undefined || stretch.before < begins))
      before.set(stretch.from, stretch.before)
  }
  return { last, before }
}

/** Where the first one is for which a condition holds that holds for all after it. */
function firstWhere<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const item = items[middle]
    if (item !== undefined && holds(item)) high = middle
    else low = middle + 1
  }
  return low
}

/** Counter at the start of the next stretch minus counter at the end of the one before. */
function missingIn(from: Nanos, until: Nanos, counters: Counters): bigint | undefined {
  const last = counters.last.get(from)
  const before = counters.before.get(until)
  return last !== undefined && before !== undefined && before > last ? before - last : undefined
}

function byDataset<T extends { readonly dataset: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.dataset)
    if (group) group.push(item)
    else groups.set(item.dataset, [item])
  }
  return groups
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
