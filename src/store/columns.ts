import { KINDS, type Kind } from '../model/dataset.js'
import { toDouble } from '../model/decimal.js'
import type { LedgerFact } from '../model/ledger.js'
import { type ColumnType, type Rows, SCHEMA } from '../model/row.js'
import type { BlockNumbers, BlockOrigin, BlockSlice } from '../model/row-block.js'
import { DAY, dayOf } from '../model/time.js'
import { type Cell, Float64Buffer, Int32Buffer, Int64Buffer } from './column-buffer.js'

/**
 * The values of one column. Nulls: `NULL_INT64`, `NULL_INT32`, NaN, or null in a list of texts. `constant`: all rows have this one.
 * `at`/`texts`: the rows whose number a double does not hold exactly, with its canonical spelling.
 */
export type ColumnValues =
  | { readonly type: 'constant'; readonly value: string | null }
  | { readonly type: 'int64'; readonly values: BigInt64Array<ArrayBuffer> }
  | { readonly type: 'int32'; readonly values: Int32Array<ArrayBuffer> }
  | { readonly type: 'text'; readonly values: readonly (string | null)[] }
  | {
      readonly type: 'number'
      readonly values: Float64Array<ArrayBuffer>
      readonly at: Int32Array<ArrayBuffer>
      readonly texts: readonly string[]
    }

/** Rows of one kind: columns in the order of `SCHEMA`, with the dataset (index into `datasets`) and the day of each row. */
export interface KindBatch {
  readonly kind: Kind
  readonly rows: number
  readonly datasets: readonly string[]
  readonly dataset: Int32Array<ArrayBuffer>
  readonly day: Int32Array<ArrayBuffer>
  readonly columns: readonly ColumnValues[]
}

/** What a lane hands over for one commit. A plain value: it crosses threads by structured clone. */
export interface ColumnBatch {
  readonly kinds: readonly KindBatch[]
  readonly facts: readonly LedgerFact[]
  readonly rows: number
  readonly bytes: number
}

const POINTER_BYTES = 8
const STRING_BYTES = 24

/** Strings are shared where the venue repeats itself, so their own length counts once per value of more than a few letters. */
function textBytes(text: string | null): number {
  return text === null || text.length < 8 ? POINTER_BYTES : POINTER_BYTES + STRING_BYTES + text.length
}

const NOTHING: ColumnValues = { type: 'constant', value: null }

type BlockCells = BlockNumbers | BigInt64Array<ArrayBuffer> | readonly (string | null)[]

function misfit(): Error {
  return new Error('cells of a block do not fit their column')
}

interface ColumnWriter {
  readonly bytes: number
  push(cell: Cell | undefined): void
  /** The same cell for so many rows. */
  repeat(cell: Cell | undefined, rows: number): void
  /** Cells of a block; throws where they are of another type. */
  append(cells: BlockCells, from: number, until: number): void
  freeze(): ColumnValues
}

/** A column in which nothing stands takes no memory. */
class Int64Writer implements ColumnWriter {
  readonly #values = new Int64Buffer()
  /** Rows before the first that holds anything. */
  #nulls = 0
  #empty = true

  get bytes(): number {
    return this.#values.bytes
  }

  push(cell: Cell | undefined): void {
    if (typeof cell === 'bigint') {
      this.#begin()
      this.#values.push(cell)
    } else if (this.#empty) this.#nulls++
    else this.#values.push(null)
  }

  repeat(cell: Cell | undefined, rows: number): void {
    if (typeof cell !== 'bigint' && this.#empty) this.#nulls += rows
    else for (let row = 0; row < rows; row++) this.push(cell)
  }

  append(cells: BlockCells, from: number, until: number): void {
    if (!(cells instanceof BigInt64Array)) throw misfit()
    this.#begin()
    this.#values.append(cells.subarray(from, until))
  }

  /** Here is the first row that holds anything. */
  #begin(): void {
    if (!this.#empty) return
    this.#empty = false
    for (; this.#nulls > 0; this.#nulls--) this.#values.push(null)
  }

  freeze(): ColumnValues {
    return this.#empty ? NOTHING : { type: 'int64', values: this.#values.freeze() }
  }
}

/** Whole numbers and booleans (0 or 1). */
class Int32Writer implements ColumnWriter {
  readonly #values = new Int32Buffer()

  get bytes(): number {
    return this.#values.bytes
  }

  push(cell: Cell | undefined): void {
    if (typeof cell === 'boolean') this.#values.push(cell ? 1 : 0)
    else this.#values.push(typeof cell === 'number' ? cell : null)
  }

  repeat(cell: Cell | undefined, rows: number): void {
    for (let row = 0; row < rows; row++) this.push(cell)
  }

  append(): void {
    throw misfit()
  }

  freeze(): ColumnValues {
    return { type: 'int32', values: this.#values.freeze() }
  }
}

/** As long as all rows have the same text, it is kept once. */
class TextWriter implements ColumnWriter {
  #values: (string | null)[] | undefined
  #same: string | null = null
  #rows = 0
  bytes = 0

  push(cell: Cell | undefined): void {
    const text = typeof cell === 'string' ? cell : null
    if (this.#rows === 0) this.#same = text
    this.#rows++
    if (this.#values === undefined) {
      if (text === this.#same) return
      this.#values = new Array<string | null>(this.#rows - 1).fill(this.#same)
      this.bytes = (this.#rows - 1) * POINTER_BYTES
    }
    this.#values.push(text)
    this.bytes += textBytes(text)
  }

  repeat(cell: Cell | undefined, rows: number): void {
    if (rows === 0) return
    this.push(cell)
    if (this.#values === undefined) this.#rows += rows - 1
    else for (let row = 1; row < rows; row++) this.push(cell)
  }

  append(cells: BlockCells, from: number, until: number): void {
    if (!Array.isArray(cells)) throw misfit()
    for (let row = from; row < until; row++) this.push(cells[row])
  }

  freeze(): ColumnValues {
    return this.#values ? { type: 'text', values: this.#values } : { type: 'constant', value: this.#same }
  }
}

/** A text that is no number at all is not lost: the double is null and the text stands beside it as it came. */
class NumberWriter implements ColumnWriter {
  readonly #values = new Float64Buffer()
  readonly #at = new Int32Buffer()
  readonly #texts: string[] = []
  #row = 0
  #textBytes = 0
  #empty = true

  get bytes(): number {
    return this.#values.bytes + this.#at.bytes + this.#textBytes
  }

  push(cell: Cell | undefined): void {
    if (typeof cell === 'string') {
      this.#begin()
      const { value, text } = toDouble(cell)
      this.#values.push(value)
      const inexact = Number.isNaN(value) ? cell : text
      if (inexact !== undefined) this.#inexact(this.#row, inexact)
    } else if (!this.#empty) this.#values.push(Number.NaN)
    this.#row++
  }

  repeat(cell: Cell | undefined, rows: number): void {
    if (typeof cell !== 'string' && this.#empty) this.#row += rows
    else for (let row = 0; row < rows; row++) this.push(cell)
  }

  append(cells: BlockCells, from: number, until: number): void {
    if (!('texts' in cells)) throw misfit()
    this.#begin()
    this.#values.append(cells.values.subarray(from, until))
    for (const [row, text] of cells.texts) if (row >= from && row < until) this.#inexact(this.#row + row - from, text)
    this.#row += until - from
  }

  /** Here is the first row that holds anything. */
  #begin(): void {
    if (!this.#empty) return
    this.#empty = false
    for (let row = 0; row < this.#row; row++) this.#values.push(Number.NaN)
  }

  #inexact(row: number, text: string): void {
    this.#at.push(row)
    this.#texts.push(text)
    this.#textBytes += textBytes(text)
  }

  freeze(): ColumnValues {
    if (this.#empty) return NOTHING
    return { type: 'number', values: this.#values.freeze(), at: this.#at.freeze(), texts: this.#texts }
  }
}

const WRITERS: { readonly [T in ColumnType]: () => ColumnWriter } = {
  time: () => new Int64Writer(),
  int64: () => new Int64Writer(),
  int32: () => new Int32Writer(),
  bool: () => new Int32Writer(),
  text: () => new TextWriter(),
  number: () => new NumberWriter(),
}

/** The same fields as an anonymous type, which may be read by name. */
type Plain<T> = T extends unknown ? { readonly [P in keyof T]: T[P] } : never

/** Columns of one kind while they grow. */
class KindBuilder {
  readonly kind: Kind
  readonly #numbers = new Map<string, number>()
  readonly #dataset = new Int32Buffer()
  readonly #day = new Int32Buffer()
  readonly #columns: readonly { readonly name: string; readonly writer: ColumnWriter }[]
  rows = 0

  constructor(kind: Kind) {
    this.kind = kind
    this.#columns = SCHEMA[kind].columns.map((column) => ({ name: column.name, writer: WRITERS[column.type]() }))
  }

  get bytes(): number {
    let bytes = this.#dataset.bytes + this.#day.bytes
    for (const { writer } of this.#columns) bytes += writer.bytes
    return bytes
  }

  add(dataset: string, day: number, cells: Readonly<Record<string, Cell>>): void {
    this.#dataset.push(this.#numberOf(dataset))
    this.#day.push(day)
    for (const { name, writer } of this.#columns) writer.push(cells[name])
    this.rows++
  }

  #numberOf(dataset: string): number {
    const known = this.#numbers.get(dataset)
    if (known !== undefined) return known
    const number = this.#numbers.size
    this.#numbers.set(dataset, number)
    return number
  }

  /** All times of the block are believable. */
  addBlock(dataset: string, { block, from, until }: BlockSlice, { receiveTime, frame, source }: BlockOrigin): void {
    const number = this.#numberOf(dataset)
    let [day, dayEnds] = [0, 0n]
    for (let row = from; row < until; row++) {
      const time = block.times[row] ?? 0n
      if (row === from || time >= dayEnds) {
        day = dayOf(time)
        dayEnds = BigInt(day + 1) * DAY
      }
      this.#dataset.push(number)
      this.#day.push(day)
    }
    const time = block.kind === 'ohlc' ? 'open_time' : 'exchange_time'
    const shared: Readonly<Record<string, Cell>> = { receive_time: receiveTime, frame, source }
    for (const { name, writer } of this.#columns) {
      const own = name === time ? block.times : (block.numbers[name] ?? block.integers[name] ?? block.texts[name])
      if (name === 'row') for (let row = from; row < until; row++) writer.push(row - from)
      else if (own) writer.append(own, from, until)
      else writer.repeat(shared[name], until - from)
    }
    this.rows += until - from
  }

  freeze(): KindBatch {
    return {
      kind: this.kind,
      rows: this.rows,
      datasets: [...this.#numbers.keys()],
      dataset: this.#dataset.freeze(),
      day: this.#day.freeze(),
      columns: this.#columns.map(({ writer }) => writer.freeze()),
    }
  }
}

/** Only the newest of facts that replace one another, in the order in which they first came. */
function factKey(fact: LedgerFact): string {
  if (fact.fact === 'held') return `held ${fact.dataset} ${fact.run}`
  if (fact.fact === 'wanted') return `wanted ${fact.dataset} ${fact.from}`
  if (fact.fact === 'lost') return `lost ${fact.dataset} ${fact.from} ${fact.until}`
  return `break ${fact.dataset} ${fact.at} ${fact.code}`
}

/** The `Sink` that collects rows and ledger facts of a lane between two commits. Memory follows rows, not instruments (durability C2). */
export class ColumnBuilder {
  #kinds = new Map<Kind, KindBuilder>()
  #facts = new Map<string, LedgerFact>()

  /** Bytes held now: what the owner's bound (durability B2) counts. */
  get bytes(): number {
    let bytes = this.#facts.size * 200
    for (const kind of this.#kinds.values()) bytes += kind.bytes
    return bytes
  }

  get rows(): number {
    let rows = 0
    for (const kind of this.#kinds.values()) rows += kind.rows
    return rows
  }

  row<K extends Kind>(kind: K, dataset: string, row: Rows[K]): void {
    const plain: Plain<Rows[Kind]> = row
    this.cells(kind, dataset, row.day, plain)
  }

  /** A row as its columns by name; one that another program received has no `receive_time`, and a `frame` below zero. */
  cells(kind: Kind, dataset: string, day: number, cells: Readonly<Record<string, Cell>>): void {
    this.#builderOf(kind).add(dataset, day, cells)
  }

  block(dataset: string, slice: BlockSlice, origin: BlockOrigin): void {
    if (slice.until > slice.from) this.#builderOf(slice.block.kind).addBlock(dataset, slice, origin)
  }

  #builderOf(kind: Kind): KindBuilder {
    let builder = this.#kinds.get(kind)
    if (!builder) {
      builder = new KindBuilder(kind)
      this.#kinds.set(kind, builder)
    }
    return builder
  }

  fact(fact: LedgerFact): void {
    this.#facts.set(factKey(fact), fact)
  }

  /** Everything so far as one batch; the builder starts empty again. */
  take(): ColumnBatch {
    const kinds = KINDS.flatMap((kind) => this.#kinds.get(kind)?.freeze() ?? [])
    const batch = { kinds, facts: [...this.#facts.values()], rows: this.rows, bytes: this.bytes }
    this.#kinds = new Map()
    this.#facts = new Map()
    return batch
  }
}

/** The buffers of a batch, for the transfer list of `postMessage`: after that only the receiver has them. */
export function batchTransfer(batch: ColumnBatch): ArrayBuffer[] {
  const buffers: ArrayBuffer[] = []
  for (const kind of batch.kinds) {
    buffers.push(kind.dataset.buffer, kind.day.buffer)
    for (const column of kind.columns) {
      if (column.type === 'text' || column.type === 'constant') continue
      buffers.push(column.values.buffer)
      if (column.type === 'number') buffers.push(column.at.buffer)
    }
  }
  return buffers
}
