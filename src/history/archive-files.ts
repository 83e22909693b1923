import type { ArchivedInstrument, ArchiveFeed, ArchiveFile, HistoryFeed } from '../exchanges/exchange.js'
import { DAY, type Nanos, SECOND } from '../model/time.js'
import type { Stretch } from './missing.js'
import { spanOf, type Target } from './target.js'

/** Whether files of archives are used: where they spare requests or reach further, never, or nothing else. */
export type ArchiveUse = 'auto' | 'never' | 'only'

/** A file to be fetched, and what is wanted of it. */
export interface PlannedFile {
  readonly file: ArchiveFile
  readonly stretch: Stretch
  /** Whether the exchange serves all of it by request too. */
  readonly reachable: boolean
}

/** A file is fetched for no less of a day of trades, where requests would do as well. */
const LEAST_TRADES: Nanos = 3600n * SECOND
/** No more than this is what a stretch reaches over a seam: the files beside it hold nothing that is missing. */
const SEAM: Nanos = 2_000_000n
/** So many pages of candles are as quick by request. */
const FEW_PAGES = 3n

/**
 * The files that hold what is missing, oldest first. The longest periods come first: what a file of a month holds is not looked for in those of its
 * days. `reach`: how far back the exchange answers requests; `now`: only periods that are over have files. `without`: paths of files that are known to be of no use.
 */
export function filesFor(
  target: Target,
  archive: ArchiveFeed,
  feed: HistoryFeed,
  of: ArchivedInstrument,
  missing: readonly Stretch[],
  limits: {
    readonly reach: Nanos | undefined
    readonly now: Nanos
    readonly use: ArchiveUse
    readonly without: ReadonlySet<string>
  },
): PlannedFile[] {
  const { reach, now, use, without } = limits
  const chosen: PlannedFile[] = []
  const seen = new Set<string>()
  for (const { of: period, publishedAfterMs } of archive.periods) {
    const settled = period === 'day' ? 0n : BigInt(publishedAfterMs) * 1_000_000n
    for (const hole of missing) {
      const first = hole.from > archive.since ? hole.from : archive.since
      for (let from = beginOf(period, first); from < hole.until && from < now; from = nextOf(period, from)) {
        const file = from >= archive.since ? archive.file(of, period, from) : undefined
        if (!file || seen.has(file.path) || without.has(file.path) || file.until + settled > now) continue
        seen.add(file.path)
        if (chosen.some((each) => each.file.from <= from && each.file.until >= file.until)) continue
        const inside = missing.filter(({ from: start, until }) => start < file.until && until > file.from)
        const reachable = reach === undefined || (inside[0]?.from ?? from) >= reach
        const length = lengthIn(file, inside)
        if (use !== 'only' && reachable ? !worth(target, feed, length) : length <= SEAM) continue
        chosen.push({ file, stretch: stretchIn(file, inside), reachable })
      }
    }
  }
  return chosen.sort((a, b) => (a.file.from < b.file.from ? -1 : 1))
}

function worth(target: Target, feed: HistoryFeed, length: Nanos): boolean {
  const span = spanOf(target)
  return span === undefined ? length >= LEAST_TRADES : length > span * BigInt(feed.pageRows) * FEW_PAGES
}

function lengthIn(file: ArchiveFile, holes: readonly Stretch[]): Nanos {
  return holes.reduce((sum, { from, until }) => {
    const [start, end] = [from > file.from ? from : file.from, until < file.until ? until : file.until]
    return sum + (end > start ? end - start : 0n)
  }, 0n)
}

/** From the first to the last of what is missing in a file. A counter before it may be that of the file before, whose end is then the beginning. */
function stretchIn(file: ArchiveFile, holes: readonly Stretch[]): Stretch {
  const [first, last] = [holes[0], holes.at(-1)]
  const start = first?.from ?? file.from
  const end = last?.until ?? file.until
  const from = first?.after !== undefined || start > file.from ? start : file.from
  const until = end < file.until ? end : file.until
  return {
    from,
    until,
    ...(first?.after === undefined ? {} : { after: first.after }),
    ...(last?.before === undefined || end > file.until ? {} : { before: last.before }),
  }
}

function beginOf(period: 'month' | 'day', time: Nanos): Nanos {
  if (period === 'day') return time - (((time % DAY) + DAY) % DAY)
  const date = new Date(Number(time / 1_000_000n))
  return BigInt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth())) * 1_000_000n
}

function nextOf(period: 'month' | 'day', from: Nanos): Nanos {
  return period === 'day' ? from + DAY : beginOf(period, from + 32n * DAY)
}

/** What of the missing stretches the exchange answers by request, and what lies before that. */
export function withinReach(
  missing: readonly Stretch[],
  reach: Nanos | undefined,
): { asked: readonly Stretch[]; left: readonly Stretch[] } {
  if (reach === undefined) return { asked: missing, left: [] }
  const asked: Stretch[] = []
  const left: Stretch[] = []
  for (const stretch of missing) {
    if (stretch.from >= reach) asked.push(stretch)
    else if (stretch.until <= reach) left.push(stretch)
    else {
      const { after: _, ...rest } = stretch
      asked.push({ ...rest, from: reach })
      left.push({ from: stretch.from, until: reach })
    }
  }
  return { asked, left }
}
