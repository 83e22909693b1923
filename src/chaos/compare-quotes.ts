import { canonicalDecimal } from '../model/decimal.js'
import type { Comparison, Problem, Row } from './compare.js'
import type { Truth } from './truth.js'

/** Exchanges stamp a quote with the time of the change, of the sending, or of the last trade, however long ago that was. */
const NEAR = 2_000_000_000n
const SIDES = ['bid_price', 'bid_amount', 'ask_price', 'ask_amount']

/**
 * Whether every stored quote was the best bid and ask of its market, at some time from about the one that it bears, where it bears one, until it came. Exchanges leave out and join quotes
 * as they please: none is asked for.
 */
export async function compareQuotes(rows: AsyncIterable<Row> | Iterable<Row>, truth: Truth): Promise<Comparison> {
  const stood = new Map<string, { readonly from: bigint; until: bigint | undefined }[]>()
  let last: { until: bigint | undefined } | undefined
  for (const { exchange_time, values } of truth.values?.get('quotes') ?? []) {
    const from = BigInt(exchange_time)
    if (last) last.until = from
    const entry = { from, until: undefined }
    const known = stood.get(keyOf(values))
    if (known) known.push(entry)
    else stood.set(keyOf(values), [entry])
    last = entry
  }
  const problems: Problem[] = []
  let count = 0
  for await (const row of rows) {
    count++
    const time = row.exchange_time
    const was = stood.get(keyOf(row))?.some(({ from, until }) => {
      if (typeof time !== 'bigint') return true
      const came = row.receive_time
      const last = typeof came === 'bigint' && came > time ? came : time
      return from <= last + NEAR && (until === undefined || until >= time - NEAR)
    })
    if (!was) problems.push({ what: 'wrong', detail: `the quote ${keyOf(row)} at ${time} was none then` })
  }
  return { rows: count, expected: 0, excused: 0, problems }
}

function keyOf(values: Readonly<Record<string, unknown>>): string {
  return SIDES.map((name) => canonicalDecimal(String(values[name])) ?? 'none').join(' ')
}
