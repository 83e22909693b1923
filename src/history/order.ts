import type { ArchiveUse } from './archive-files.js'
import type { Target } from './target.js'

/** What the history thread is asked to do. Plain data. */
export interface RunOrder {
  readonly run: number
  /** `backfill`: what is missing of a range. `repair`: only the gaps of what was wanted. */
  readonly kind: 'backfill' | 'repair'
  readonly targets: readonly Target[]
  readonly start?: string
  readonly until?: string
  readonly parallel: number
  readonly first: 'oldest' | 'newest'
  readonly archives: ArchiveUse
  /** What is known to be lost is asked for again. */
  readonly retryLost?: boolean
  /** What is held of the range is asked for again, by requests alone. */
  readonly refetch?: boolean
  /** `heal`: a gap of a live stream, before deep histories. */
  readonly priority: 'heal' | 'backfill'
}

export interface PartError {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

/** How far one dataset of a run is; times are nanoseconds as text. */
export interface PartProgress {
  readonly dataset: string
  readonly from: string
  readonly until: string
  readonly wantedSeconds: number
  readonly doneSeconds: number
  readonly rows: number
  readonly requests: number
  readonly bytes: number
  readonly lost: readonly { readonly from: string; readonly until: string; readonly reason: string }[]
  readonly error: PartError | null
}

/** What a run would fetch of one dataset. Rows and bytes are estimates. */
export interface PlannedPart {
  readonly dataset: string
  readonly from: string
  readonly until: string
  readonly missing: readonly { readonly from: string; readonly until: string }[]
  /** Files of archives, which `requests` do not count, and their bytes as far as their host tells. */
  readonly archives: PlannedArchives | null
  readonly requests: number
  readonly rows: number
  readonly bytes: number
  readonly seconds: number
  readonly warnings: readonly string[]
}

export interface PlannedArchives {
  readonly files: number
  readonly bytes: number
  /** Paths below the base URL of the archive. */
  readonly first: string
  readonly last: string
}
