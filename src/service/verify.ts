import type { Repair } from '../store/repair.js'
import type { Finding, StoreFindings } from '../store/verify.js'

/** What a verification needs of store and journal. */
export interface VerifyPorts {
  /** Takes the right to write; the returned function gives it back. Throws DATA_LOCKED. */
  lock(dataPath: string): Promise<() => void>
  store(dataPath: string, deep: boolean, onFile: (path: string) => void): Promise<StoreFindings>
  /** The files of the journal against themselves and against the rows. */
  journal(dataPath: string, deep: boolean): Promise<JournalFindings>
  /** Mends; derives anew from the journal where rows are missing. */
  repair(dataPath: string, findings: readonly Finding[], tell: (line: string) => void): Promise<Repair[]>
}

export interface JournalFindings {
  readonly files: number
  readonly records: number
  readonly findings: readonly Finding[]
}

export interface VerifyReport {
  readonly deep: boolean
  readonly sound: boolean
  readonly files: number
  readonly segments: number
  readonly rows: number
  readonly bytes: number
  readonly journal_files: number
  readonly journal_records: number
  readonly findings: readonly Finding[]
  readonly repairs: readonly Repair[]
  /** After the repairs: what is still found. */
  readonly remaining: readonly Finding[]
}

/**
 * Compares everything stored with what was written: names, sizes and footers; `deep` every byte, row and journal record. With `repair`, which looks deep, what is found is
 * mended, under the data lock, and looked at again. `sound`: nothing is wrong, or nothing any more and no row was lost.
 */
export async function verify(
  dataPath: string,
  options: { readonly deep: boolean; readonly repair: boolean },
  ports: VerifyPorts,
  tell: (line: string) => void,
): Promise<VerifyReport> {
  // To mend, one must know which bytes are sound.
  const deep = options.deep || options.repair
  const release = options.repair ? await ports.lock(dataPath) : () => {}
  try {
    const look = async () => {
      const store = await ports.store(dataPath, deep, (path) => deep && tell(path))
      return { store, journal: await ports.journal(dataPath, deep) }
    }
    const { store, journal } = await look()
    const findings = [...store.findings, ...journal.findings]
    const repairs = options.repair && findings.length > 0 ? await ports.repair(dataPath, findings, tell) : []
    let remaining: readonly Finding[] = findings
    if (repairs.length > 0) {
      const again = await look()
      remaining = [...again.store.findings, ...again.journal.findings]
    }
    return {
      deep,
      sound: remaining.length === 0 && repairs.every(({ result }) => result !== 'partly'),
      files: store.files,
      segments: store.segments,
      rows: store.rows,
      bytes: store.bytes,
      journal_files: journal.files,
      journal_records: journal.records,
      findings,
      repairs,
      remaining,
    }
  } finally {
    release()
  }
}
