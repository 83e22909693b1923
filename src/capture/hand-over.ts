import type { Kind } from '../model/dataset.js'
import type { LedgerFact } from '../model/ledger.js'
import type { Rows } from '../model/row.js'
import type { Sink } from './sink.js'

/** Columns that grow: a sink whose content is taken as one batch. */
export interface Columns<Batch> extends Sink {
  readonly bytes: number
  take(): Batch
}

/** Takes a lane's batches in order of their positions. Rejects when it is gone or could not take one. */
export type Submit<Batch> = (position: number, batch: Batch) => Promise<void>

export interface HandOverOptions<Batch> {
  readonly newColumns: () => Columns<Batch>
  readonly submit: Submit<Batch>
  /** Resolves when the record at this position is safe in the journal. */
  readonly whenDurable: (position: number) => Promise<void>
  /** Everything received so far is derived; its last position. The columns are taken in the same turn. */
  readonly freeze: () => number
  /** Bytes that may wait before they are forgotten (durability B2). */
  readonly most: number
  /** Rows were forgotten: the journal has them, and somebody must derive them again. Told once until the next `resume`. */
  readonly onBehind: () => void
}

/**
 * The rows of a lane on their way to the store: frozen, kept until the journal has their frames and the store took them. A store that does not
 * take them, or is gone, never holds up what is received: the rows are forgotten, and `rejoin` tells from where on they are collected
 * again; what lies before is derived from the journal by the code of recovery.
 */
export class HandOver<Batch extends { readonly bytes: number }> implements Sink {
  private readonly options: HandOverOptions<Batch>
  private columns: Columns<Batch> | undefined
  private submit: Submit<Batch>
  /** Oldest first. */
  private waiting: { position: number; batch: Batch }[] = []
  /** Nothing is submitted while what lies before is derived elsewhere. */
  private held = false
  private turn: Promise<void> = Promise.resolve()
  /** Rises when rows are forgotten, so that a hand-over under way ends. */
  private era = 0

  constructor(options: HandOverOptions<Batch>) {
    this.options = options
    this.submit = options.submit
    this.columns = options.newColumns()
  }

  row<K extends Kind>(kind: K, dataset: string, row: Rows[K]): void {
    this.columns?.row(kind, dataset, row)
  }

  fact(fact: LedgerFact): void {
    this.columns?.fact(fact)
  }

  /** Bytes of columns that are kept. */
  get bytes(): number {
    return this.waiting.reduce((sum, { batch }) => sum + batch.bytes, this.columns?.bytes ?? 0)
  }

  /** Rows were forgotten and nobody has begun to derive them again. */
  get behind(): boolean {
    return this.columns === undefined
  }

  /** Forgets rows when too many wait. To be called now and then. */
  check(): void {
    if (!this.behind && this.bytes > this.options.most) this.forget()
  }

  /** Freezes what was derived so far and hands it over. While rows are forgotten or held back it only keeps. */
  cut(): Promise<void> {
    return this.take(this.options.freeze())
  }

  /** The lane has ended at this position. Whether all of it is handed over. */
  async end(position: number): Promise<boolean> {
    await this.take(position)
    return this.columns !== undefined && !this.held
  }

  private take(position: number): Promise<void> {
    if (!this.columns) return Promise.resolve()
    this.waiting.push({ position, batch: this.columns.take() })
    if (this.held) return Promise.resolve()
    const mine = this.turn.catch(() => {}).then(() => this.drain())
    this.turn = mine
    return mine
  }

  private async drain(): Promise<void> {
    const { era } = this
    for (let next = this.waiting[0]; next && era === this.era; next = this.waiting[0]) {
      await this.options.whenDurable(next.position)
      if (era !== this.era) return
      this.waiting.shift()
      try {
        await this.submit(next.position, next.batch)
      } catch (error) {
        // Its buffers are gone with the message.
        if (era === this.era) this.forget()
        throw error
      }
    }
  }

  private forget(): void {
    this.era++
    this.columns = undefined
    this.waiting = []
    this.options.onBehind()
  }

  /**
   * Collects rows again, from the returned position on, which is then safe in the journal. `submit`: the store that takes them from now on, when it is
   * another. Nothing is handed over before `resume`.
   */
  async rejoin(submit?: Submit<Batch>): Promise<number> {
    this.era++
    this.waiting = []
    this.columns = undefined
    this.held = true
    await this.turn.catch(() => {}) // what was on its way has arrived, or has not
    if (submit) this.submit = submit
    const position = this.options.freeze()
    this.columns = this.options.newColumns()
    await this.options.whenDurable(position)
    return position
  }

  /** What lies before is submitted: hand-over goes on. */
  resume(): void {
    this.held = false
  }
}
