import { expect, it } from 'vitest'
import { bitmex } from '../exchanges/bitmex/bitmex.js'
import { coinbase } from '../exchanges/coinbase/coinbase.js'
import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { kraken } from '../exchanges/kraken/kraken.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import { DAY, type Nanos, nanosFromIso, SECOND } from '../model/time.js'
import { firstTraded, type Look } from './listing.js'

const NOW = nanosFromIso('2026-11-26T12:00:00Z') ?? 0n
const LISTED = nanosFromIso('2024-05-08T00:00:00Z') ?? 0n
const INSTRUMENT: Instrument = {
  exchange: 'x',
  symbol: 'X',
  pair: 'A/B',
  kind: 'spot',
  base: 'A',
  quote: 'B',
  status: 'trading',
  amountUnit: 'base',
}

/** A venue with a candle for each interval from the listing on. */
function ask({ history = [] }: ExchangeAdapter, answer: (query: URLSearchParams) => unknown) {
  let requests = 0
  const look: Look = async (of, request, cursor) => {
    requests++
    const call = history.find(({ channel }) => channel === of.channel)?.page(request, cursor)
    if (!call) throw new Error('no candles')
    return call.read(JSON.stringify(answer(new URL(call.path, 'http://x').searchParams)))
  }
  const target = { exchange: 'x', pair: 'A/B', channel: 'trades' } as const
  const found = firstTraded(target, INSTRUMENT, history, NOW, look, new AbortController().signal)
  return found.then((first) => ({ first, requests }))
}

function opens(from: Nanos, until: Nanos, span: Nanos): Nanos[] {
  const start = from > LISTED ? from + ((span - (from % span)) % span) : LISTED
  return Array.from({ length: Math.max(0, Number((until - start) / span)) }, (_, n) => start + BigInt(n) * span)
}

it('a venue that rises by time tells the first candle with its first answer', async () => {
  const { first, requests } = await ask(bitmex, (query) => {
    const from = nanosFromIso(query.get('startTime')) ?? 0n
    return opens(from - DAY, NOW, DAY)
      .slice(0, 1000)
      .map((open) => ({
        timestamp: `${new Date(Number((open + DAY) / 1_000_000n)).toISOString()}`,
        symbol: 'X',
        ...{ open: 1, high: 1, low: 1, close: 1, trades: 1, volume: 1, vwap: 1, homeNotional: 1, foreignNotional: 1 },
      }))
  })
  expect(first).toBe(LISTED)
  expect(requests).toBe(1)
})

it('one that gives days in windows is walked back through all of them, with its longest candles', async () => {
  const { first, requests } = await ask(coinbase, (query) => {
    const [from, until] = [nanosFromIso(query.get('start')) ?? 0n, nanosFromIso(query.get('end')) ?? 0n]
    expect(query.get('granularity')).toBe('86400')
    return opens(from, until + DAY, DAY).map((open) => [Number(open / SECOND), 1, 1, 1, 1, 1])
  })
  expect(first).toBe(LISTED)
  expect(requests).toBeLessThan(30)
})

it('the oldest candle that is kept need not be the first, and who does not answer is asked for everything', async () => {
  const week = 7n * DAY
  const kept = await ask(kraken, (query) => {
    const since = BigInt(query.get('since') ?? 0) * SECOND
    const rows = Array.from({ length: 719 }, (_, n) => since + 2n * week + BigInt(n) * week)
    return {
      error: [],
      result: { X: rows.map((open) => [Number(open / SECOND), '1', '1', '1', '1', '1', '1', 1]), last: 1 },
    }
  })
  expect(kept.first).toBeUndefined()
  const down = await ask(bitmex, () => {
    throw new CollectorError('CONNECT_FAILED', 'nobody answers')
  })
  expect(down).toEqual({ first: undefined, requests: 1 })
})
