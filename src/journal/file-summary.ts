import { z } from 'zod'
import type { Nanos } from '../model/time.js'

/** What a file holds of one lane. `first`, `last`: positions, inclusive. `states`: positions of its `state` records, rising. */
export interface LaneSummary {
  readonly lane: number
  readonly first: number
  readonly last: number
  readonly states: readonly number[]
  /** The lane's `end` record is here. */
  readonly ended: boolean
}

/** What a journal file holds. */
export interface FileSummary {
  readonly number: number
  /** On the disk. */
  readonly bytes: number
  readonly compressed: boolean
  /** Wall clock of its last block; 0 when it has none. */
  readonly until: Nanos
  readonly lanes: readonly LaneSummary[]
  /** Something in it that was safe can no longer be read. Known only once the file was read through. */
  readonly damaged: boolean
  /** Not a byte of it is ours, though it has the name of a journal file. */
  readonly foreign: boolean
}

/** What a stretch of records adds to a file's summary. */
export interface Stretch {
  readonly lane: number
  readonly first: number
  readonly count: number
  readonly states: readonly number[]
  readonly ended: boolean
}

/** Adds up what blocks hold, in the order in which they stand in a file. */
export class FileTally {
  readonly number: number
  #until: Nanos = 0n
  readonly #lanes = new Map<number, LaneSummary>()

  constructor(number: number) {
    this.number = number
  }

  add({ lane, first, count, states, ended }: Stretch, wall: Nanos): void {
    const last = first + count - 1
    const held = this.#lanes.get(lane)
    this.#until = wall
    this.#lanes.set(lane, {
      lane,
      first: held ? Math.min(held.first, first) : first,
      last: held ? Math.max(held.last, last) : last,
      states: held ? [...held.states, ...states] : [...states],
      ended: ended || (held?.ended ?? false),
    })
  }

  /** Whether anything was added. */
  get used(): boolean {
    return this.#lanes.size > 0
  }

  summary(bytes: number, flags: { damaged?: boolean; foreign?: boolean } = {}): FileSummary {
    const { damaged = false, foreign = false } = flags
    return {
      number: this.number,
      bytes,
      until: this.#until,
      lanes: [...this.#lanes.values()],
      damaged,
      foreign,
      compressed: false,
    }
  }
}

const position = z.number().int().nonnegative()
const SUMMARY = z.object({
  until: z.string().regex(/^-?\d+$/),
  lanes: z.array(
    z.object({ lane: position, first: position, last: position, states: z.array(position), ended: z.boolean() }),
  ),
})

/** The summary as it stands in the closing block. */
export function summaryText({ until, lanes }: FileSummary): string {
  return JSON.stringify({ until: String(until), lanes })
}

/** Reads `summaryText`; `undefined` when it is of another form. */
export function parseSummary(text: string, number: number, bytes: number): FileSummary | undefined {
  const parsed = SUMMARY.safeParse(JSON.parse(text))
  if (!parsed.success) return undefined
  const { until, lanes } = parsed.data
  return { number, bytes, until: BigInt(until), lanes, damaged: false, foreign: false, compressed: false }
}

const NAME = /^(\d{8,})\.dj(\.gz)?$/

/** `{number}.dj`, so that names sort as numbers do. */
export function journalFileName(number: number): string {
  return `${String(number).padStart(8, '0')}.dj`
}

/** Numbers of the journal files among these names, compressed or not, rising, each once. */
export function journalNumbers(names: readonly string[]): number[] {
  const numbers = new Set<number>()
  for (const name of names) {
    const match = NAME.exec(name)
    if (match) numbers.add(Number(match[1]))
  }
  return [...numbers].sort((a, b) => a - b)
}
