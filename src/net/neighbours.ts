import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'

/** A file that nobody has touched for so long is of a process that is gone. */
const FORGOTTEN_MS = 86_400_000

/**
 * Daemons of this user that ask the same exchange from this machine, and so from one address: each keeps a file in a folder that they share, whose time says when it asked
 * last. What the file system refuses is told once; the daemon then counts as alone.
 */
export class Neighbours {
  readonly #folder: string
  readonly #name: string
  readonly #clock: Clock
  readonly #onError: (error: CollectorError) => void
  #told = false

  /** `name`: of this daemon, like no other's, and the same after a restart. */
  constructor(folder: string, name: string, clock: Clock, onError: (error: CollectorError) => void) {
    this.#folder = folder
    this.#name = digest(name)
    this.#clock = clock
    this.#onError = onError
  }

  /** Says that this daemon asks `base` (the URL that requests begin with), and what it has spent at most in its window. */
  tell(base: string, spent: number): void {
    this.#try(() => {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      // Others may write where temporary files are: what we write must not go through a link of theirs.
      const folder = lstatSync(this.#folder)
      if (!folder.isDirectory() || (process.getuid && folder.uid !== process.getuid()))
        throw new Error('it is no folder of this user')
      const path = this.#path(base, this.#name)
      writeFileSync(`${path}.new`, String(spent))
      const at = this.#nowMs / 1000
      utimesSync(`${path}.new`, at, at)
      renameSync(`${path}.new`, path)
    })
  }

  /** What each of the others spent that asked `base` within this time. */
  others(base: string, withinMs: number): readonly number[] {
    const found: number[] = []
    this.#try(() => {
      const prefix = this.#path(base, '')
      for (const file of readdirSync(this.#folder)) {
        const path = join(this.#folder, file)
        if (!path.startsWith(prefix) || path === prefix + this.#name || file.endsWith('.new')) continue
        try {
          const idleMs = this.#nowMs - statSync(path).mtimeMs
          if (idleMs <= withinMs) found.push(Number(readFileSync(path, 'utf8')))
          else if (idleMs > FORGOTTEN_MS) rmSync(path)
        } catch (error) {
          // It has just ended.
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
        }
      }
    })
    return found
  }

  #path(base: string, name: string): string {
    return join(this.#folder, `${digest(base)}-${name}`)
  }

  get #nowMs(): number {
    return Number(this.#clock.wall() / 1_000_000n)
  }

  #try(work: () => void): void {
    try {
      work()
    } catch (cause) {
      if (this.#told) return
      this.#told = true
      this.#onError(
        new CollectorError(
          'STORE_FAILED',
          `cannot keep ${this.#folder}: other daemons of this machine are not reckoned with`,
          {
            cause,
            remedy: 'Give this user the folder, or run one daemon on this machine.',
          },
        ),
      )
    }
  }
}

/** A URL may hold a password, a path says where data lies. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
