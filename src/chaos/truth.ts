import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { canonicalDecimal } from '../model/decimal.js'
import type { Level } from '../model/event.js'

const levels = z.array(z.tuple([z.string(), z.string()]))
const trade = z.object({
  kind: z.literal('trade'),
  exchange: z.string(),
  pair: z.string(),
  trade_id: z.string(),
  price: z.string(),
  amount: z.string(),
  taker_side: z.string(),
  exchange_time: z.string(),
})
const book = z.object({
  kind: z.literal('book'),
  exchange: z.string(),
  pair: z.string(),
  exchange_time: z.string(),
  bids: levels,
  asks: levels,
})
const value = z.object({
  kind: z.enum(['funding', 'mark_price', 'index_price', 'open_interest', 'liquidation', 'quote']),
  exchange: z.string(),
  pair: z.string(),
  exchange_time: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.boolean(), z.null()])),
})
const line = z.discriminatedUnion('kind', [trade, book, value])
/** What an exchange said of a contract at one instant, or the best bid and ask of its market from then on. */
export type TrueValue = Pick<z.infer<typeof value>, 'exchange_time' | 'values'>
export type TrueTrade = Pick<z.infer<typeof trade>, 'trade_id' | 'price' | 'amount' | 'taker_side' | 'exchange_time'>

/**
 * What an exchange did with one instrument, in the order of time: trades by id; by exchange time the fingerprint of the book as it then stood; and by kind of
 * data what it said of a contract (funding, mark and index price, open interest, liquidations), and the quotes of its market.
 */
export interface Truth {
  readonly trades: Map<string, TrueTrade>
  readonly books: Map<string, string>
  readonly values?: Map<string, TrueValue[]>
}

/** Lines whose kind is named otherwise than the data. */
const KIND: Readonly<Record<string, string>> = { liquidation: 'liquidations', quote: 'quotes' }
/** Levels a side that a fingerprint covers. */
export const DEPTH = 25

/** A short text that two books share when their best levels are equal in price and amount. Levels come best first. */
export function fingerprint(bids: readonly Level[], asks: readonly Level[]): string {
  const text = (side: readonly Level[]) =>
    side
      .slice(0, DEPTH)
      .map(([price, amount]) => `${canonicalDecimal(price)}x${canonicalDecimal(amount)}`)
      .join(' ')
  return createHash('sha1')
    .update(`${text(bids)}|${text(asks)}`)
    .digest('base64')
}

/** Reads a truth file as `dccd emulate --truth` writes it, by `exchange pair`. A last line that was cut is left out. */
export async function readTruth(path: string): Promise<Map<string, Truth>> {
  const all = new Map<string, Truth>()
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!text.endsWith('}')) continue
    const entry = line.parse(JSON.parse(text))
    const key = `${entry.exchange} ${entry.pair}`
    const truth = all.get(key) ?? { trades: new Map(), books: new Map(), values: new Map<string, TrueValue[]>() }
    all.set(key, truth)
    if (entry.kind === 'trade') truth.trades.set(entry.trade_id, entry)
    else if (entry.kind !== 'book') {
      const kind = KIND[entry.kind] ?? entry.kind
      const said = truth.values?.get(kind)
      if (said) said.push(entry)
      else truth.values?.set(kind, [entry])
    } else truth.books.set(entry.exchange_time, fingerprint(entry.bids, entry.asks))
  }
  return all
}
