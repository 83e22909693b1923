import type { StagedFile } from '../archives/staged-file.js'
import type { ArchiveFeed, ArchiveFile, HistoryRequest, Json, Page } from '../exchanges/exchange.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import { isoFromNanos } from '../model/time.js'
import { comparedEnds } from './archive-ends.js'
import type { ArchiveUse, PlannedFile } from './archive-files.js'
import { type Fetched, type Grown, requestOf } from './fetch.js'
import type { PlannedArchives } from './order.js'
import type { Target } from './target.js'

export interface FilePorts {
  /** Fetches a file, checks it and cuts it into parts. Throws what `Archives.fetch` throws. */
  stage(
    exchange: string,
    archive: ArchiveFeed,
    file: ArchiveFile,
    mark: string | undefined,
    signal: AbortSignal,
  ): Promise<StagedFile>
  /** Its length where the host tells. */
  length(exchange: string, file: ArchiveFile, signal: AbortSignal): Promise<number | undefined>
  /** Journals a part of a file and derives it. */
  part(
    target: Target,
    request: HistoryRequest,
    cursor: Json | undefined,
    grown: Grown | undefined,
    of: { readonly file: StagedFile; readonly part: number; readonly whole: boolean },
  ): Promise<Fetched>
  /** Asks for one page within the budget and reads it, without storing anything of it. */
  look(target: Target, request: HistoryRequest, cursor: Json | undefined, signal: AbortSignal): Promise<Page>
}

/** What is wrong with a file, or with the host of files: the exchange is asked instead. */
const REPLACEABLE: ReadonlySet<string> = new Set([
  'ARCHIVE_MISSING',
  'ARCHIVE_DAMAGED',
  'ARCHIVE_DISAGREES',
  'BAD_MESSAGE',
  'CONNECT_FAILED',
  'RATE_LIMITED',
  'BANNED',
])

export function isReplaceable(error: unknown): error is CollectorError {
  return error instanceof CollectorError && REPLACEABLE.has(error.code)
}

/** Fetches one file and derives its parts. What came before a failure or an abort is kept: the ledger has it. Throws what could not be overcome. */
export async function fetchFile(
  target: Target,
  instrument: Instrument,
  archive: ArchiveFeed,
  { file, stretch, reachable }: PlannedFile,
  use: ArchiveUse,
  ports: FilePorts,
  onPage: (page: Fetched) => void,
  signal: AbortSignal,
): Promise<void> {
  const asked = requestOf(target, instrument, stretch)
  const staged = await ports.stage(target.exchange, archive, file, archive.mark?.(asked), signal)
  try {
    const whole = !reachable || use === 'only'
    const look = (request: HistoryRequest, cursor: Json | undefined) => ports.look(target, request, cursor, signal)
    const request = whole ? asked : await comparedEnds(archive, asked, staged.ends, look)
    let cursor: Json | undefined
    let grown: Grown | undefined
    for (let part = 0; part < staged.parts; part++) {
      signal.throwIfAborted()
      const fetched = await ports.part(target, request, cursor, grown, { file: staged, part, whole })
      if (fetched.error) throw fetched.error
      onPage({ ...fetched, bytes: part === 0 ? staged.bytes : 0 })
      if (fetched.next === undefined) return
      cursor = fetched.next
      grown = fetched.grown
    }
  } finally {
    await staged.remove()
  }
}

/** Files whose length is asked for; that of the others is taken from these. */
const ASKED = 8

/** How many files, and their bytes: of many, only some are asked for their length. */
export async function plannedArchives(
  exchange: string,
  files: readonly PlannedFile[],
  ports: FilePorts,
  signal: AbortSignal,
): Promise<PlannedArchives | null> {
  const [first, last] = [files[0], files.at(-1)]
  if (!first || !last) return null
  const step = Math.max(1, Math.ceil(files.length / ASKED))
  const lengths: number[] = []
  for (let at = 0; at < files.length; at += step) {
    const each = files[at]
    const length = each && (await ports.length(exchange, each.file, signal))
    if (length !== undefined) lengths.push(length)
  }
  const mean = lengths.length ? lengths.reduce((sum, length) => sum + length, 0) / lengths.length : 0
  return { files: files.length, bytes: Math.round(mean * files.length), first: first.file.path, last: last.file.path }
}

/** Why a file was not used, in a line of a log. */
export function unusedText({ path }: ArchiveFile, { code, message }: CollectorError, use: ArchiveUse): string {
  return `${path} is not used (${code} ${message})${use === 'only' ? '' : '; the exchange is asked instead'}`
}

export function leftText({ from, until }: { readonly from: bigint; readonly until: bigint }): string {
  return `${isoFromNanos(from)} to ${isoFromNanos(until)} is left: there is no file of it yet, and the exchange serves nothing that old`
}
