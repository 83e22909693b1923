import { closeSync, openSync, writeSync } from 'node:fs'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import type { MarketTrade } from './candles.js'
import { amountText, priceText } from './instrument-spec.js'
import type { MarketInstrument } from './market.js'
import type { MarketSide } from './market-book.js'

/** A value of a contract as the venue says it: fields by the names of the stored columns, numbers as sent, times in nanoseconds as text. */
export interface TrueValue {
  readonly kind: 'funding' | 'mark_price' | 'index_price' | 'open_interest' | 'liquidation'
  readonly exchangeTime: Nanos
  readonly values: Readonly<Record<string, string | boolean | null>>
}

/**
 * Takes down what really happened, for comparison from outside: independent of faults and of whether anyone listens.
 * A venue calls `trade` for each trade, `book` for each state of a book that its subscribers can rebuild, and `value` for each value of a contract
 * that it tells, with the exchange time exactly as its frames carry it.
 */
export interface Truth {
  /** `id`: as the frames carry it, where that is not the trade's number. */
  trade(instrument: MarketInstrument, trade: MarketTrade, id?: string): void
  /** The book of `instrument` as it stands now. `sequence`: the venue's own number of this state; undefined where it has none. */
  book(instrument: MarketInstrument, exchangeTime: Nanos, sequence: number | undefined): void
  value(instrument: MarketInstrument, value: TrueValue): void
  /** The best bid and ask of the market from now on, where they are others than before. Called after each turn, for all venues in one place. */
  quote(instrument: MarketInstrument, time: Nanos): void
}

/** Best levels a side in a line of the truth. */
const TRUTH_DEPTH = 25

/** The truth of one exchange as lines of JSON, numbers and nanoseconds as text. */
export function writtenTruth(exchange: string, write: (line: string) => void): Truth {
  const quotes = new Map<MarketInstrument, string>()
  return {
    trade({ spec }, trade, id = String(trade.id)) {
      write(
        JSON.stringify({
          kind: 'trade',
          exchange,
          pair: spec.pair,
          symbol: spec.symbol,
          trade_id: id,
          price: priceText(spec, trade.price),
          amount: amountText(spec, trade.amount),
          taker_side: trade.takerSide,
          exchange_time: String(trade.time),
        }),
      )
    },
    book(instrument, exchangeTime, sequence) {
      write(
        JSON.stringify({
          kind: 'book',
          exchange,
          pair: instrument.spec.pair,
          sequence: sequence === undefined ? null : String(sequence),
          exchange_time: String(exchangeTime),
          bids: levels(instrument, instrument.bids),
          asks: levels(instrument, instrument.asks),
        }),
      )
    },
    value({ spec }, { kind, exchangeTime, values }) {
      const { pair, symbol } = spec
      write(JSON.stringify({ kind, exchange, pair, symbol, exchange_time: String(exchangeTime), values }))
    },
    quote(instrument, time) {
      const { spec, bids, asks } = instrument
      const [[bid], [ask]] = [bids.best(1), asks.best(1)]
      if (!bid || !ask) return
      const values = {
        bid_price: priceText(spec, bid.price),
        bid_amount: amountText(spec, bid.amount),
        ask_price: priceText(spec, ask.price),
        ask_amount: amountText(spec, ask.amount),
      }
      const { pair, symbol } = spec
      const text = JSON.stringify(values)
      if (quotes.get(instrument) === text) return
      quotes.set(instrument, text)
      write(JSON.stringify({ kind: 'quote', exchange, pair, symbol, exchange_time: String(time), values }))
    },
  }
}

function levels({ spec }: MarketInstrument, side: MarketSide): string[][] {
  return side.best(TRUTH_DEPTH).map(({ price, amount }) => [priceText(spec, price), amountText(spec, amount)])
}

/** Nobody wants the truth. */
export const noTruth: Truth = { trade() {}, book() {}, value() {}, quote() {} }

const FLUSH_BYTES = 1024 * 1024

/**
 * A file of lines, written each second and at `close`. Never holds more than about a megabyte: then it writes at once, and the
 * emulator waits for the disk. When the disk refuses, nothing more is written and `failed` says why.
 */
export class LineFile {
  private readonly file: number
  private readonly cancel: () => void
  private lines: string[] = []
  private size = 0
  private open = true
  private failure: CollectorError | undefined

  /** Opens `path` anew. Throws USAGE when it cannot be written. */
  constructor(path: string, clock: Clock) {
    try {
      this.file = openSync(path, 'w')
    } catch (error) {
      const remedy = 'Give a path in a folder that exists and can be written.'
      throw new CollectorError('USAGE', `Cannot write ${path}.`, { remedy, cause: error })
    }
    this.cancel = clock.every(1000, () => this.flush())
  }

  get failed(): CollectorError | undefined {
    return this.failure
  }

  write(line: string): void {
    if (!this.open || this.failure) return
    this.lines.push(line)
    this.size += line.length
    if (this.size >= FLUSH_BYTES) this.flush()
  }

  flush(): void {
    if (this.lines.length === 0) return
    const bytes = Buffer.from(`${this.lines.join('\n')}\n`)
    this.lines = []
    this.size = 0
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.file, bytes, written)
    } catch (error) {
      this.failure = asCollectorError(error, 'STORE_FAILED')
    }
  }

  close(): void {
    if (!this.open) return
    this.open = false
    this.cancel()
    this.flush()
    closeSync(this.file)
  }
}
