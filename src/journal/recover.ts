import { CollectorError } from '../model/error.js'
import type { PlacedRecord } from '../model/record.js'
import { type Block, BlockReader, type DamagedBytes } from './block-reader.js'
import { isRecord, readRecord, recordEnd } from './codec.js'
import { type FileLayer, nodeFiles } from './file-layer.js'
import { type FileSummary, FileTally, journalFileName, journalNumbers, type Stretch } from './file-summary.js'
import { isAbsent, openJournalFile } from './journal-file.js'

/** Something that had been safe and cannot be read: bytes of a file, or positions of a lane that no file holds. */
export type JournalDamage =
  | ({ readonly what: 'bytes' } & DamagedBytes)
  /** Positions [from, until) of the lane are missing. */
  | { readonly what: 'records'; readonly lane: number; readonly from: number; readonly until: number }

/** What the journal holds of a lane. `first`, `last`: positions, inclusive. */
interface LaneScan {
  readonly lane: number
  readonly first: number
  readonly last: number
  /** The lane ended in order. */
  readonly ended: boolean
  /** Positions of its `state` records, rising: recovery may start at any of them. */
  readonly states: readonly number[]
  /** Files that hold records of it, rising. */
  readonly files: readonly number[]
}

/** A journal as it was found. */
export interface JournalScan {
  readonly dir: string
  readonly files: readonly FileSummary[]
  readonly lanes: ReadonlyMap<number, LaneScan>
}

export interface ReadOptions {
  readonly onDamage: (damage: JournalDamage) => void
  readonly files?: FileLayer
  /** Only files of lower numbers: those of earlier runs. */
  readonly below?: number
}

/**
 * What every file of a journal holds. A file closed in order tells it in its last block and is not read further (its damage shows when a lane is
 * read); any other is read through. A missing folder is an empty journal. Throws DATA_FOREIGN for a file of another format.
 */
export async function scanJournal(dir: string, options: ReadOptions): Promise<JournalScan> {
  const { onDamage, files = nodeFiles(), below = Number.POSITIVE_INFINITY } = options
  const summaries: FileSummary[] = []
  for (const number of journalNumbers(await listed(dir, files)))
    if (number < below) summaries.push(await scanFile(dir, number, files, onDamage))
  return { dir, files: summaries, lanes: lanesOf(summaries) }
}

/** The records of a lane from a position on, in order, each once, with one block in memory at a time. Every missing one is reported. */
export async function* readLane(
  scan: JournalScan,
  lane: number,
  fromPosition: number,
  { onDamage, files = nodeFiles() }: ReadOptions,
  signal?: AbortSignal,
): AsyncGenerator<PlacedRecord, void> {
  let next = fromPosition
  for (const summary of scan.files) {
    const held = summary.lanes.find((one) => one.lane === lane)
    if (!held || held.last < next) continue
    const { file } = await openJournalFile(files, scan.dir, summary.number)
    try {
      const reader = await BlockReader.of(file, summary.number)
      for await (const { header, records } of reader.blocks((damage) => onDamage({ what: 'bytes', ...damage }))) {
        signal?.throwIfAborted()
        if (header.lane !== lane || header.first + header.count <= next) continue
        if (header.first > next) {
          onDamage({ what: 'records', lane, from: next, until: header.first })
          next = header.first
        }
        // After a failed sync records may stand in two files: those already given are passed over.
        let at = 0
        for (let position = header.first; position < header.first + header.count; position++) {
          const end = recordEnd(records, at)
          if (position >= next) {
            next = position + 1
            yield { lane, position, record: readRecord(records, at) }
          }
          at = end
        }
      }
    } finally {
      await file.close()
    }
  }
  const known = scan.lanes.get(lane)
  if (known && next <= known.last) onDamage({ what: 'records', lane, from: next, until: known.last + 1 })
}

async function scanFile(
  dir: string,
  number: number,
  files: FileLayer,
  onDamage: ReadOptions['onDamage'],
): Promise<FileSummary> {
  const { file, compressed, stored } = await openJournalFile(files, dir, number)
  try {
    const reader = await BlockReader.of(file, number)
    const summary = await reader.summary()
    if (summary) return { ...summary, bytes: stored, compressed }
    const tally = new FileTally(number)
    let damaged = false
    const blocks = reader.blocks((damage) => {
      damaged = true
      onDamage({ what: 'bytes', ...damage })
    })
    for (;;) {
      const step = await blocks.next()
      if (step.done) {
        if (step.value.form === 'other')
          throw new CollectorError('DATA_FOREIGN', `${journalFileName(number)} is a journal of another format.`)
        return { ...tally.summary(stored, { damaged, foreign: step.value.form === 'foreign' }), compressed }
      }
      tally.add(stretchOf(step.value), step.value.header.wall)
    }
  } finally {
    await file.close()
  }
}

/** What a block adds to its file, from the types of its records. */
function stretchOf({ header, records }: Block): Stretch {
  const { lane, first, count } = header
  const states: number[] = []
  let ended = false
  let at = 0
  for (let position = first; position < first + count; position++) {
    if (isRecord(records, at, 'state')) states.push(position)
    if (isRecord(records, at, 'end')) ended = true
    at = recordEnd(records, at)
  }
  return { lane, first, count, states, ended }
}

function lanesOf(files: readonly FileSummary[]): Map<number, LaneScan> {
  const lanes = new Map<number, LaneScan>()
  for (const file of files)
    for (const { lane, first, last, states, ended } of file.lanes) {
      const held = lanes.get(lane)
      lanes.set(lane, {
        lane,
        first: held ? Math.min(held.first, first) : first,
        last: held ? Math.max(held.last, last) : last,
        ended: ended || (held?.ended ?? false),
        states: [...new Set([...(held?.states ?? []), ...states])].sort((a, b) => a - b),
        files: [...(held?.files ?? []), file.number],
      })
    }
  return lanes
}

async function listed(dir: string, files: FileLayer): Promise<string[]> {
  try {
    return await files.list(dir)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}
