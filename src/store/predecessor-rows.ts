import type { Dataset } from '../model/dataset.js'
import { INTERVALS } from '../model/dataset.js'
import { type Nanos, SECOND } from '../model/time.js'
import type { Cell } from './column-buffer.js'

/** A row of a table of dccd 2 or 3: numbers and ids as text, what is missing or no number as null. */
export type OldRow = Readonly<Record<string, string | null>>

/** What is known of a file beside its rows. */
export interface FileFacts {
  /** Nanoseconds in a unit of its times: dccd 3 wrote nanoseconds, dccd 2 seconds. */
  readonly unit: Nanos
  /** When it was last written. */
  readonly written: Nanos
  /** The frame number of row 0, below zero: the journal has none of these. */
  readonly frame: bigint
}

/** A row of ours by the names of its columns. */
export type Cells = Readonly<Record<string, Cell>>

const SIDES: Readonly<Record<string, string>> = { buy: 'buy', b: 'buy', sell: 'sell', s: 'sell' }

/**
 * Makes rows of dccd 2 or 3 ours, bunch by bunch in the order of the file (books: in the order of time). Nothing is made up: what was not stored is null, first
 * of all our receive time. A candle whose end the file had not seen is left out; so are changes of books, of which dccd did not keep the order, and what dccd 2
 * computed itself (`quoteVolume`, `weightedAverage`).
 */
export class RowMapper {
  /** Rows seen, and those left out by the reason. */
  seen = 0
  readonly left: Record<string, number> = {}
  readonly #dataset: Dataset
  readonly #facts: FileFacts
  /** Of books: how many came before, and the levels of the one that may go on in the next bunch. */
  #books = 0
  #open: { readonly time: Nanos; readonly levels: OldRow[] } | undefined

  constructor(dataset: Dataset, facts: FileFacts) {
    this.#dataset = dataset
    this.#facts = facts
  }

  map(rows: readonly OldRow[]): Cells[] {
    return rows.flatMap((row) => {
      const at = this.seen++
      const time = timeOf(row, this.#facts)
      if (time === undefined) return this.#leave('without a time')
      if (this.#dataset.kind === 'book_snapshots') return this.#level(time, row)
      const cells = cellsOf(this.#dataset, row, this.#facts, time)
      if (typeof cells === 'string') return this.#leave(cells)
      const { frame } = this.#facts
      return [{ exchange_time: time, receive_time: null, source: 'import', frame, row: at, ...cells }]
    })
  }

  /** What is left at the end of the file. */
  end(): Cells[] {
    const book = this.#open
    this.#open = undefined
    return book ? bookRows(book.time, book.levels, this.#facts.frame + BigInt(this.#books++)) : []
  }

  #level(time: Nanos, row: OldRow): Cells[] {
    if (row.is_snapshot === 'false') return this.#leave('changes of books')
    if (row.price == null || row.amount == null) return this.#leave('levels without price or amount')
    const done = this.#open && this.#open.time !== time ? this.end() : []
    this.#open ??= { time, levels: [] }
    this.#open.levels.push(row)
    return done
  }

  #leave(reason: string): [] {
    this.left[reason] = (this.left[reason] ?? 0) + 1
    return []
  }
}

function cellsOf(
  dataset: Dataset,
  row: OldRow,
  facts: FileFacts,
  time: Nanos,
): Readonly<Record<string, Cell>> | string {
  const of = (name: string) => row[name] ?? null
  switch (dataset.kind) {
    case 'trades': {
      const side = SIDES[(of('side') ?? of('type') ?? '').toLowerCase()] ?? null
      if (of('price') === null || of('amount') === null) return 'without price or amount'
      return { trade_id: of('tid'), price: of('price'), amount: of('amount'), taker_side: side }
    }
    case 'ohlc': {
      const span = BigInt(INTERVALS[dataset.interval ?? '1m']) * SECOND
      if (time + span > facts.written) return 'candles that had not ended'
      const prices = { open: of('open'), high: of('high'), low: of('low'), close: of('close'), volume: of('volume') }
      if (Object.values(prices).includes(null)) return 'candles without a price'
      const whole = of('trades')
      const trades = whole !== null && /^\d+$/.test(whole) ? BigInt(whole) : null
      const quote_volume = facts.unit === 1n ? of('quote_volume') : null
      return {
        ...prices,
        open_time: time,
        exchange_time: null,
        quote_volume,
        trades,
        taker_buy_volume: null,
        vwap: null,
      }
    }
    case 'funding':
      if (of('rate') === null) return 'without a rate'
      return { rate: of('rate'), predicted_rate: null, next_funding_time: null, interval_seconds: null, settled: true }
    case 'open_interest':
      if (of('open_interest') === null) return 'without an amount'
      return { amount: of('open_interest'), value: of('open_interest_value') }
    default:
      return `${dataset.kind} is not read`
  }
}

/** A whole book. Its time is when dccd took it, so it is no time of the exchange. */
function bookRows(time: Nanos, levels: readonly OldRow[], frame: bigint): Cells[] {
  const sides = {
    bid: levels.filter(({ side }) => side === 'bid').sort((a, b) => Number(b.price) - Number(a.price)),
    ask: levels.filter(({ side }) => side === 'ask').sort((a, b) => Number(a.price) - Number(b.price)),
  }
  const [bid, ask] = [sides.bid[0]?.price, sides.ask[0]?.price]
  const crossed = bid != null && ask != null && Number(bid) >= Number(ask)
  const proof = crossed ? 'suspect' : 'unverifiable'
  const of = (side: 'bid' | 'ask') =>
    sides[side].map(({ price = null, amount = null }, level) => ({ side, level, price, amount }))
  return [...of('bid'), ...of('ask')].map((cells, row) => ({
    exchange_time: null,
    receive_time: time,
    last_sequence: null,
    ...cells,
    proof,
    frame,
    row,
  }))
}

function timeOf({ TS: text }: OldRow, { unit }: FileFacts): Nanos | undefined {
  const whole = text == null ? undefined : /^(\d{1,19})(?:\.0*)?$/.exec(text)?.[1]
  const time = whole === undefined ? 0n : BigInt(whole) * unit
  return time > 0n ? time : undefined
}
