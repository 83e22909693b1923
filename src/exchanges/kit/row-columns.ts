import { toDouble } from '../../model/decimal.js'
import type { Candle, Trade } from '../../model/event.js'
import type { BlockNumbers, RowBlock } from '../../model/row-block.js'
import type { Nanos } from '../../model/time.js'
import type { Page, PageCall } from '../exchange.js'
import { readAnswer } from './answer.js'
import type { CountedBlock } from './history.js'

/**
 * How a cell of a row is written that is of use. `quoted`: as text; else as a number or a word of JSON. A row that has it otherwise is read the thorough way, which
 * says what is wrong, if anything is. A number without a `column` is only checked.
 */
export type CellForm = { readonly quoted: boolean } & (
  | { readonly as: 'number'; readonly column: string | undefined }
  | { readonly as: 'count'; readonly column: string }
  | { readonly as: 'time'; readonly unit: Nanos }
  /** What counts trades one by one, and names them. */
  | { readonly as: 'counter' }
  | { readonly as: 'side'; readonly buy: string; readonly sell: string }
  /** Rows that have another word here are not plain. */
  | { readonly as: 'word'; readonly word: string }
)

/** The cells of rows written as lists, in their order, or as objects, by name; `undefined` and what is not named: of no use. A row has at least these. */
export type RowForm = readonly (CellForm | undefined)[] | Readonly<Record<string, CellForm>>

export const timeInMs = (quoted: boolean): CellForm => ({ as: 'time', unit: 1_000_000n, quoted })
export const numbers = (columns: readonly (string | undefined)[], quoted: boolean): CellForm[] =>
  columns.map((column) => ({ as: 'number', column, quoted }))

/** Finds the rows in an answer; throws where it is an error, or has none. */
type RowsOf = (answer: unknown) => readonly unknown[]

/** What rows of an answer are, and how they are written where that is plain. */
interface PlainRows<T> {
  readonly rowsOf: RowsOf
  events(rows: readonly unknown[]): readonly T[]
  readonly form: RowForm
  /** `readLossless` where numbers are not written as text. */
  readonly json?: (text: string) => unknown
}

type Readers = Pick<PageCall, 'read' | 'columns'>

/** Both ways to read a page of candles; `what` names it in errors. */
export function candleReaders(
  what: string,
  rows: PlainRows<Candle>,
  page: (rows: readonly Candle[] | RowBlock) => Page,
): Readers {
  return readersOf(what, rows, page, (reader) => {
    const block = reader.block('ohlc')
    return block && rises(block.times) ? block : undefined
  })
}

/** The same of trades that are counted; their counters rise, and their times at least do not fall. */
export function tradeReaders(
  what: string,
  rows: PlainRows<Trade>,
  page: (rows: readonly Trade[] | CountedBlock) => Page,
): Readers {
  return readersOf(what, rows, page, (reader) => {
    const [block, counters] = [reader.block('trades'), reader.counters()]
    return block && counters && rises(counters) && rises(block.times, true) ? { block, counters } : undefined
  })
}

/**
 * `columns` reads the rows of an answer several times as fast as objects are made by `JSON.parse`, and leaves nothing for the garbage collector. `undefined` where anything is not
 * as plain as venues nearly always write it: escapes, spaces, a sign, an exponent, cells of other types or too few of them, rows that are not in order, none at all.
 */
function readersOf<T, Block>(
  what: string,
  { rowsOf, events, form, json }: PlainRows<T>,
  page: (rows: readonly T[] | Block) => Page,
  blockOf: (reader: RowReader) => Block | undefined,
): Readers {
  return {
    read: (body) => readAnswer(body, what, (answer) => page(events(rowsOf(answer))), json),
    columns(body) {
      const reader = readRows(body, form, rowsOf)
      const block = reader && blockOf(reader)
      return block && page(block)
    },
  }
}

function rises(values: BigInt64Array, orStays = false): boolean {
  let before = values[0] ?? 0n
  for (let row = 1; row < values.length; row++) {
    const value = values[row] ?? 0n
    if (orStays ? value < before : value <= before) return false
    before = value
  }
  return true
}

/** Stands in an answer for the rows that were taken out of it. */
const ROWS_HERE = '\u0000rows'

/** The rows of an answer, read; `rowsOf` is given what stands around them. */
function readRows(body: Uint8Array, form: RowForm, rowsOf: RowsOf): RowReader | undefined {
  const start = firstRow(body, isList(form) ? OPEN_LIST : OPEN_OBJECT)
  if (start < 0) return undefined
  const reader = new RowReader(body, start, form)
  const end = reader.read()
  if (end < 0) return undefined
  const around = (from: number, until: number) => utf8.decode(body.subarray(from, until))
  try {
    const rows = rowsOf(JSON.parse(`${around(0, start)}[${JSON.stringify(ROWS_HERE)}]${around(end, body.length)}`))
    // The first list of rows might not be the one that is meant.
    return rows.length === 1 && rows[0] === ROWS_HERE ? reader : undefined
  } catch {
    return undefined
  }
}

function isList(form: RowForm): form is readonly (CellForm | undefined)[] {
  return Array.isArray(form)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Where the first list of rows begins. What stands before it is short. */
function firstRow(body: Uint8Array, open: number): number {
  for (let at = 0; at < body.length - 1; at++) if (body[at] === OPEN_LIST && body[at + 1] === open) return at
  return -1
}

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
/** With no more digits the digits themselves and powers of ten are exact as doubles, so that their quotient is the nearest to the number, and names no other. */
const MOST_DIGITS = 15
const POWERS = Array.from({ length: 23 }, (_, decimals) => 10 ** decimals)
const WORDS = ['true', 'false', 'null']
const [BUY, SELL] = [1, 0]

/** A column while it is read; its capacity grows with the rows. */
interface Target {
  readonly form: CellForm
  values: Float64Array<ArrayBuffer>
  texts: Map<number, string>
}

/** A cell of an object: its name as it is written, and where it goes. */
interface Named {
  readonly name: Uint8Array
  readonly target: Target | undefined
}

class RowReader {
  private readonly body: Uint8Array
  /** By place in a list, or none of an object. */
  private readonly placed: readonly (Target | undefined)[] | undefined
  private readonly byName: ReadonlyMap<string, Target>
  private readonly own: readonly Target[]
  /** The cells of the first object: those of the others must be the same, in this order. */
  private readonly names: Named[] = []
  private at: number
  private capacity = 1024
  private rows = 0
  /** Of the number that was read last. */
  private from = 0
  private exact = true
  private whole = true

  constructor(body: Uint8Array, start: number, form: RowForm) {
    this.body = body
    this.at = start
    const target = (cell: CellForm): Target => ({
      form: cell,
      values: new Float64Array(this.capacity),
      texts: new Map(),
    })
    this.placed = isList(form) ? form.map((cell) => cell && target(cell)) : undefined
    this.byName = new Map(isList(form) ? [] : Object.entries(form).map(([name, cell]) => [name, target(cell)]))
    this.own = this.placed?.flatMap((each) => each ?? []) ?? [...this.byName.values()]
  }

  /** Where the list ends; below zero when it is not plain. */
  read(): number {
    const { body, placed } = this
    const open = placed ? OPEN_LIST : OPEN_OBJECT
    this.at++
    for (;;) {
      if (this.rows === this.capacity) this.grow()
      if (body[this.at++] !== open || !(placed ? this.list(placed) : this.object())) return -1
      this.rows++
      const code = body[this.at++]
      if (code === COMMA) continue
      if (code !== CLOSE_LIST) return -1
      this.order()
      return this.at
    }
  }

  /** The cells of a list and what ends it. */
  private list(targets: readonly (Target | undefined)[]): boolean {
    for (let place = 0; ; place++) {
      if (!this.cell(targets[place])) return false
      const code = this.body[this.at++]
      if (code === COMMA) continue
      return code === CLOSE_LIST && place + 1 >= targets.length
    }
  }

  private object(): boolean {
    const { body } = this
    let found = 0
    for (let place = 0; ; place++) {
      const named = this.name(place)
      if (!named || body[this.at++] !== COLON || !this.cell(named.target)) return false
      if (named.target) found++
      const code = body[this.at++]
      if (code === COMMA) continue
      // All of them: each stands once among the names of the first row, and those of the others are the same.
      return code === CLOSE_OBJECT && found === this.own.length
    }
  }

  /** The name of a cell; every object has the same ones in the same order. */
  private name(place: number): Named | undefined {
    const { body, names } = this
    const from = this.at
    const known = names[place]
    if (known) {
      for (let at = 0; at < known.name.length; at++) if (body[from + at] !== known.name[at]) return undefined
      this.at += known.name.length
      return known
    }
    if (this.rows > 0 || body[from] !== QUOTE || !this.text()) return undefined
    const target = this.byName.get(utf8.decode(body.subarray(from + 1, this.at - 1)))
    const twice = target !== undefined && names.some((each) => each.target === target)
    const named = { name: body.subarray(from, this.at), target }
    names.push(named)
    return twice ? undefined : named
  }

  private grow(): void {
    this.capacity *= 2
    for (const target of this.own) {
      const grown = new Float64Array(this.capacity)
      grown.set(target.values)
      target.values = grown
    }
  }

  private cell(target: Target | undefined): boolean {
    const { body } = this
    if (!target) return this.skip()
    const { form } = target
    if (form.quoted && body[this.at++] !== QUOTE) return false
    if (form.as === 'word') {
      if (!this.word(form.word)) return false
    } else if (form.as === 'side') {
      const isBuy = this.word(form.buy)
      if (!isBuy && !this.word(form.sell)) return false
      target.values[this.rows] = isBuy ? BUY : SELL
    } else {
      const value = this.number(form.quoted)
      if (Number.isNaN(value) || (form.as !== 'number' && !(this.exact && this.whole))) return false
      if (this.exact) target.values[this.rows] = value
      else this.long(target)
    }
    return !form.quoted || body[this.at++] === QUOTE
  }

  /** A number that a double may not hold. */
  private long({ values, texts }: Target): void {
    const { value, text } = toDouble(utf8.decode(this.body.subarray(this.from, this.at)))
    values[this.rows] = value
    if (text !== undefined) texts.set(this.rows, text)
  }

  /** A number without sign and exponent; NaN when it is not written so. Not `exact`: it has more digits than can be told here. */
  private number(quoted: boolean): number {
    const { body } = this
    const from = this.at
    let [at, digits, count, decimals] = [from, 0, 0, -1]
    let code = body[at] ?? 0
    for (;;) {
      if (code >= ZERO && code <= NINE) {
        digits = digits * 10 + code - ZERO
        // Zeros before the first other digit do not count.
        if (digits !== 0) count++
        if (decimals >= 0) decimals++
      } else if (code === POINT && decimals < 0 && at > from) decimals = 0
      else break
      code = body[++at] ?? 0
    }
    this.at = at
    if (at === from) return Number.NaN
    // As JSON has it: no zero before other digits, and a digit after the point.
    if (!quoted && ((body[from] === ZERO && at - from > 1 && body[from + 1] !== POINT) || decimals === 0))
      return Number.NaN
    this.from = from
    this.exact = count <= MOST_DIGITS && decimals < POWERS.length
    this.whole = decimals < 0
    return decimals > 0 ? digits / (POWERS[decimals] ?? 1) : digits
  }

  /** Passes over a cell that is of no use: a plain text, a number or a word. */
  private skip(): boolean {
    const code = this.body[this.at]
    if (code === QUOTE) return this.text()
    if (code === MINUS) this.at++
    return !Number.isNaN(this.number(false)) || (code !== MINUS && WORDS.some((word) => this.word(word)))
  }

  /** Passes over a text without escapes, with its quotes. */
  private text(): boolean {
    for (;;) {
      const code = this.body[++this.at] ?? 0
      if (code === QUOTE) {
        this.at++
        return true
      }
      if (code < 0x20 || code > 0x7e || code === BACKSLASH) return false
    }
  }

  /** Passes over a word if it stands here. */
  private word(word: string): boolean {
    for (let at = 0; at < word.length; at++) if (this.body[this.at + at] !== word.charCodeAt(at)) return false
    this.at += word.length
    return true
  }

  /** All rows are read: the oldest shall stand first, where they are in order at all. */
  private order(): void {
    const key = this.own.find(({ form }) => form.as === 'counter') ?? this.own.find(({ form }) => form.as === 'time')
    const isFalling = this.rows > 1 && (key?.values[0] ?? 0) > (key?.values[1] ?? 0)
    for (const target of this.own) {
      target.values = target.values.subarray(0, this.rows)
      if (!isFalling) continue
      target.values.reverse()
      target.texts = new Map([...target.texts].map(([row, text]) => [this.rows - 1 - row, text]))
    }
  }

  block(kind: RowBlock['kind']): RowBlock | undefined {
    const doubles: Record<string, BlockNumbers> = {}
    const integers: Record<string, BigInt64Array<ArrayBuffer>> = {}
    const texts: Record<string, readonly string[]> = {}
    let times: BigInt64Array<ArrayBuffer> | undefined
    for (const { form, values, texts: exact } of this.own) {
      if (form.as === 'time') times = wholeNumbers(values, form.unit)
      if (form.as === 'number' && form.column !== undefined) doubles[form.column] = { values, texts: exact }
      if (form.as === 'count') integers[form.column] = wholeNumbers(values, 1n)
      if (form.as === 'counter') texts.trade_id = Array.from(values, String)
      if (form.as === 'side') texts.taker_side = Array.from(values, (side) => (side === BUY ? 'buy' : 'sell'))
    }
    return times && { kind, rows: this.rows, times, numbers: doubles, integers, texts }
  }

  counters(): BigInt64Array<ArrayBuffer> | undefined {
    const counter = this.own.find(({ form }) => form.as === 'counter')
    return counter && wholeNumbers(counter.values, 1n)
  }
}

function wholeNumbers(values: Float64Array, unit: bigint): BigInt64Array<ArrayBuffer> {
  const list = new BigInt64Array(values.length)
  for (let row = 0; row < values.length; row++) list[row] = BigInt(values[row] ?? 0) * unit
  return list
}
