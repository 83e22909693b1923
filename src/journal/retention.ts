import type { Nanos } from '../model/time.js'
import type { FileSummary } from './file-summary.js'

/** How far a lane is. `committed`: position up to which its rows are safe, -1 for none. `done`: it will not be recovered again. */
export interface LaneProgress {
  readonly committed: number
  readonly done: boolean
}

/** `journal.keep` and `journal.max_bytes`: how long committed files stay. `forever` keeps them whatever they take. */
export interface KeepRule {
  readonly keepMs: number | 'forever'
  readonly maxBytes?: number
}

/**
 * The files that may go, oldest first: every lane in them is committed past them and needs no `state` in them, and the rule does not keep them.
 * `files` are all finished files of the journal; the one being written is not among them. A lane without progress needs all it has. Files that
 * are not ours stay.
 */
export function filesToRelease(
  files: readonly FileSummary[],
  progress: ReadonlyMap<number, LaneProgress>,
  { keepMs, maxBytes = Number.POSITIVE_INFINITY }: KeepRule,
  now: Nanos,
): FileSummary[] {
  const needed = neededPositions(files, progress)
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const going: FileSummary[] = []
  for (const file of [...files].sort((a, b) => a.number - b.number)) {
    if (file.foreign || file.lanes.some(({ lane, last }) => last >= (needed.get(lane) ?? 0))) continue
    const empty = file.lanes.length === 0
    const old = keepMs !== 'forever' && now - file.until >= BigInt(keepMs) * 1_000_000n
    const over = keepMs !== 'forever' && bytes > maxBytes
    if (!empty && !old && !over) continue
    bytes -= file.bytes
    going.push(file)
  }
  return going
}

/** The oldest file that is kept though no recovery will read it, and is not compressed yet. */
export function fileToCompress(
  files: readonly FileSummary[],
  progress: ReadonlyMap<number, LaneProgress>,
): FileSummary | undefined {
  const needed = neededPositions(files, progress)
  const idle = files.filter(
    ({ compressed, foreign, damaged, lanes }) =>
      !compressed &&
      !foreign &&
      !damaged &&
      lanes.length > 0 &&
      lanes.every(({ lane, last }) => last < (needed.get(lane) ?? 0)),
  )
  return idle.sort((a, b) => a.number - b.number)[0]
}

/** For each lane the first position that recovery would still read; infinity when none. */
function neededPositions(
  files: readonly FileSummary[],
  progress: ReadonlyMap<number, LaneProgress>,
): Map<number, number> {
  const needed = new Map<number, number>()
  for (const { lanes } of files)
    for (const { lane, last, states, ended } of lanes) {
      const { committed, done } = progress.get(lane) ?? { committed: -1, done: false }
      const over = done || (ended && committed >= last)
      const state = states.findLast((position) => position <= committed) ?? 0
      needed.set(lane, Math.max(needed.get(lane) ?? 0, over ? Number.POSITIVE_INFINITY : state))
    }
  return needed
}
