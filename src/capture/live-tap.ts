import type { Clock } from '../lib/clock.js'
import type { Kind } from '../model/dataset.js'
import type { LedgerFact } from '../model/ledger.js'
import type { LiveBatch, LiveBook, LiveItem, LiveWish } from '../model/live.js'
import type { Rows } from '../model/row.js'
import type { Sink } from './sink.js'

export interface TapOptions {
  readonly clock: Clock
  /** A book of the engine as it stands; undefined where there is none to vouch for. */
  bookOf(dataset: string, depth: number): Omit<LiveBook, 'what' | 'whole' | 'dataset'> | undefined
  send(batch: LiveBatch): void
}

const SEND_MS = 50
const BOOKS_EVERY = 4
const SHOWN_DEPTH = 25
const WHOLE_DEPTH = 5000
/** Items kept until the receiver has taken what was sent; beyond it they are counted as missed. */
const WAITING_MOST = 10_000
/** Batches on their way. */
const UNDERWAY_MOST = 4

/**
 * Stands before the sink of a capture worker and hands out what somebody follows live. What nobody follows costs one look into a set; what the receiver does not
 * take in time is counted and left out, and is stored all the same.
 */
export class LiveTap implements Sink {
  readonly #sink: Sink
  readonly #options: TapOptions
  #rows: ReadonlySet<string> = new Set()
  #books: readonly string[] = []
  #items: LiveItem[] = []
  #missed = new Map<string, number>()
  #shown = new Map<string, string>()
  #underway = 0
  #turns = 0
  #stopTimer: (() => void) | undefined

  constructor(sink: Sink, options: TapOptions) {
    this.#sink = sink
    this.#options = options
  }

  row<K extends Kind>(kind: K, dataset: string, row: Rows[K]): void {
    this.#sink.row(kind, dataset, row)
    if (this.#rows.size > 0 && this.#rows.has(dataset)) this.#add({ what: 'row', kind, dataset, row })
  }

  fact(fact: LedgerFact): void {
    this.#sink.fact(fact)
  }

  /** From now on these, instead of those before. */
  follow({ rows, books, whole }: LiveWish): void {
    this.#rows = new Set(rows)
    this.#books = books
    this.#shown = new Map()
    for (const dataset of whole) {
      const book = this.#options.bookOf(dataset, WHOLE_DEPTH)
      if (book) this.#add({ what: 'book', dataset, whole: true, ...book })
    }
    const active = rows.length + books.length > 0
    if (active) this.#stopTimer ??= this.#options.clock.every(SEND_MS, () => this.#turn())
    else {
      this.#stopTimer?.()
      this.#stopTimer = undefined
      this.#items = []
      this.#missed = new Map()
    }
  }

  /** The receiver has worked a batch off. */
  taken(): void {
    this.#underway = Math.max(0, this.#underway - 1)
  }

  close(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }

  #add(item: LiveItem): void {
    if (this.#items.length < WAITING_MOST) this.#items.push(item)
    else this.#missed.set(item.dataset, (this.#missed.get(item.dataset) ?? 0) + 1)
  }

  #turn(): void {
    if (this.#turns++ % BOOKS_EVERY === 0) this.#lookAtBooks()
    if (this.#items.length + this.#missed.size === 0 || this.#underway >= UNDERWAY_MOST) return
    this.#underway++
    this.#options.send({ items: this.#items, missed: [...this.#missed] })
    this.#items = []
    this.#missed = new Map()
  }

  #lookAtBooks(): void {
    for (const dataset of this.#books) {
      const book = this.#options.bookOf(dataset, SHOWN_DEPTH)
      if (!book) continue
      const text = `${book.bids.join(' ')}|${book.asks.join(' ')}`
      if (this.#shown.get(dataset) === text) continue
      this.#shown.set(dataset, text)
      this.#add({ what: 'book', dataset, whole: false, ...book })
    }
  }
}
