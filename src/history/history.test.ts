import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { binance } from '../exchanges/binance/binance.js'
import type { HistoryFeed, HistoryRequest, Json } from '../exchanges/exchange.js'
import { kraken } from '../exchanges/kraken/kraken.js'
import { CollectorError } from '../model/error.js'
import { coverage } from '../model/gaps.js'
import type { Instrument } from '../model/instrument.js'
import type { Held } from '../model/ledger.js'
import { type Nanos, nanosFromIso, SECOND } from '../model/time.js'
import { type Fetched, fetchStretch, type PagePorts } from './fetch.js'
import { missingStretches } from './missing.js'
import { rangeOf } from './range.js'
import { feedOf, type Target } from './target.js'

const at = (text: string): Nanos => nanosFromIso(text) ?? 0n
const NOW = at('2026-11-26T12:00:00Z')
const MINUTES: Target = { exchange: 'binance', pair: 'BTC/USDT', channel: 'ohlc', interval: '1m' }
const TRADES: Target = { exchange: 'binance', pair: 'BTC/USDT', channel: 'trades' }

function held(from: Nanos, until: Nanos, counters: { before?: bigint; last?: bigint } = {}): Held {
  const { before = null, last = null } = counters
  return { dataset: 'd', run: from, from, until, proof: 'observed', before, last }
}

describe('what is missing', () => {
  it('a hole inside is found, not only what is newer than everything held', () => {
    const stretches = missingStretches([{ from: 0n, until: 100n }], [held(10n, 40n), held(60n, 80n)], [], false)
    expect(stretches).toEqual([
      { from: 0n, until: 10n },
      { from: 40n, until: 60n },
      { from: 80n, until: 100n },
    ])
  })

  it('the leading gap counts', () => {
    expect(missingStretches([{ from: 5n, until: 100n }], [held(50n, 100n)], [], false)).toEqual([
      { from: 5n, until: 50n },
    ])
  })

  it('running twice fetches nothing: what is proven or known to be lost is not asked for', () => {
    const lost = { dataset: 'd', from: 40n, until: 60n, code: 'HISTORY_INCOMPLETE' as const, detail: '' }
    expect(missingStretches([{ from: 10n, until: 80n }], [held(10n, 40n), held(60n, 80n)], [lost], true)).toEqual([])
  })

  it('a hundred thousand holes are planned at once, however they are asked for', () => {
    const many = Array.from({ length: 100_000 }, (_, at) => held(BigInt(at * 10), BigInt(at * 10 + 9)))
    const all = missingStretches([{ from: 0n, until: 1_000_000n }], many, [], false)
    expect(all).toHaveLength(100_000)
    expect(missingStretches(all, many, [], false)).toEqual(all)
  })

  it('between counters the stretch is named by them, and nothing is missing where they follow one another', () => {
    const cut = [held(0n, 40n, { last: 250n }), held(60n, 80n, { before: 253n })]
    expect(missingStretches([{ from: 0n, until: 80n }], cut, [], true)).toEqual([
      { from: 40n, until: 60n, after: 250n, before: 253n },
    ])
    const whole = [held(0n, 40n, { last: 250n }), held(60n, 80n, { before: 250n })]
    expect(missingStretches([{ from: 0n, until: 80n }], whole, [], true)).toEqual([])
  })

  it('without counters a stretch reaches a millisecond over its seams, where trades may share the instant', () => {
    const range = { from: 0n, until: 80_000_000n }
    const [stretch] = missingStretches([range], [held(0n, 40_000_000n), held(60_000_000n, 80_000_000n)], [], true)
    expect(stretch).toEqual({ from: 39_000_000n, until: 61_000_000n })
  })
})

describe('the range that is asked for', () => {
  const feed = feedOf(MINUTES, binance.history)

  it('the start that was said is the start that is used', () => {
    const { from, until } = rangeOf(MINUTES, feed, { start: '2026-10-01', until: '2026-10-02' }, [], NOW)
    expect([from, until]).toEqual([at('2026-10-01'), at('2026-10-02')])
  })

  it('a candle that is still open is no part of it', () => {
    const now = NOW + 30n * SECOND
    expect(rangeOf(MINUTES, feed, { start: '2026-11-26' }, [], now).until).toBe(NOW)
  })

  it('`last` goes on from the first instant held, so that holes inside are filled; the first look back is bounded', () => {
    expect(rangeOf(MINUTES, feed, {}, [held(at('2026-11-01'), at('2026-11-02'))], NOW).from).toBe(at('2026-11-01'))
    expect(rangeOf(MINUTES, feed, {}, [], NOW).from).toBe(NOW - 1000n * 60n * SECOND)
  })

  it.each([
    ['reversed', { start: '2026-11-02', until: '2026-11-01' }],
    ['in the future', { start: '2027-01-01' }],
    ['no time', { start: 'yesterday' }],
  ])('%s is refused with what to do', (_name, asked) => {
    expect(() => rangeOf(MINUTES, feed, asked, [], NOW)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  it('what the venue does not reach is cut off and said', () => {
    const minutes: Target = { ...MINUTES, exchange: 'kraken', pair: 'BTC/USD' }
    const { from, warnings } = rangeOf(minutes, feedOf(minutes, kraken.history), { start: '2026-01-01' }, [], NOW)
    expect(from > NOW - 720n * 60n * SECOND).toBe(true)
    expect(warnings[0]).toContain('only from 2026-11-26')
  })

  it('an interval or a channel that the venue lacks is refused, naming those it has', () => {
    const refused = (target: Target) => {
      try {
        feedOf(target, kraken.history)
        return undefined
      } catch (error) {
        return error instanceof CollectorError ? error : undefined
      }
    }
    expect(refused({ ...MINUTES, interval: '3m' })).toMatchObject({ code: 'UNSUPPORTED' })
    expect(refused({ ...MINUTES, interval: '3m' })?.remedy).toContain('1m, 5m')
    expect(refused({ ...TRADES, channel: 'funding' })?.remedy).toContain('trades, ohlc')
  })
})

const INSTRUMENT: Instrument = {
  exchange: 'binance',
  symbol: 'BTCUSDT',
  pair: 'BTC/USDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  status: 'trading',
  amountUnit: 'base',
}

/** A venue of candles as real feeds are: pages of `cap`, asked through `answer`. */
async function run(answers: (path: string, call: number) => string | CollectorError, target = MINUTES) {
  const feed = feedOf(MINUTES, binance.history)
  const clock = new FakeClock()
  const stretch = { from: at('2026-11-26T00:00:00Z'), until: at('2026-11-26T01:00:00Z') }
  const opens: Nanos[] = []
  const proven: Held[] = []
  const retries: string[] = []
  const waits: number[] = []
  let calls = 0
  const ports: PagePorts = {
    async page(_target: Target, request: HistoryRequest, cursor: Json | undefined): Promise<Fetched> {
      const call = feed.page(request, cursor)
      const body = answers(call.path, calls++)
      if (body instanceof CollectorError) throw body
      try {
        const page = call.read(body)
        for (const event of page.events) if (event.kind === 'candle') opens.push(event.openTime)
        for (const { from, until } of page.covers) proven.push(held(from, until))
        const { next, covers, missing = [] } = page
        return {
          rows: page.events.length,
          bytes: body.length,
          next,
          grown: undefined,
          covers,
          missing,
          error: undefined,
        }
      } catch (error) {
        if (!(error instanceof CollectorError)) throw error
        return { rows: 0, bytes: 0, next: undefined, grown: undefined, covers: [], missing: [], error }
      }
    },
    wait: async (ms) => {
      waits.push(ms)
    },
    random: () => 0,
  }
  const hooks = { onPage() {}, onRetry: ({ code }: CollectorError) => retries.push(code) }
  const signal = new AbortController().signal
  const failed = await fetchStretch(target, INSTRUMENT, feed, stretch, ports, hooks, signal).then(
    () => undefined,
    (error: unknown) => error,
  )
  clock.advance(0)
  return { opens, proven: coverage(proven), calls, retries, waits, failed, stretch }
}

/** Klines of every minute asked for, at most `most`, the default of the venue being 500. */
function klines(path: string, most = 1000): string {
  const query = new URL(path, 'http://x').searchParams
  const [start, end] = [Number(query.get('startTime')), Number(query.get('endTime'))]
  const limit = Math.min(most, Number(query.get('limit') ?? 500))
  const rows: unknown[] = []
  for (let open = Math.ceil(start / 60_000) * 60_000; open <= end && rows.length < limit; open += 60_000)
    rows.push([open, '1', '1', '1', '1', '0', open + 59_999, '0', 0, '0', '0', '0'])
  return JSON.stringify(rows)
}

describe('fetching a stretch', () => {
  it('a page size smaller than documented loses nothing: no bar between two pages is dropped', async () => {
    const { opens, proven, stretch, failed } = await run((path) => klines(path, 7))
    expect(failed).toBeUndefined()
    expect(opens).toHaveLength(60)
    expect(new Set(opens).size).toBe(60)
    expect(proven).toEqual([{ from: stretch.from, until: stretch.until, proof: 'observed' }])
  })

  it('the page size is asked for, not left to the default of the venue', async () => {
    const { calls } = await run((path) => klines(path))
    expect(calls).toBe(1)
  })

  it('an HTTP 200 with an error is no empty page', async () => {
    const { proven, failed, retries } = await run(() => '{"code":-1121,"msg":"Invalid symbol."}')
    expect(failed).toMatchObject({ code: 'UNKNOWN_INSTRUMENT' })
    expect(proven).toEqual([])
    expect(retries).toEqual([])
  })

  it('a connection that the server closes in the middle is tried again at the same page', async () => {
    const lost = new CollectorError('CONNECT_FAILED', 'the server disconnected')
    const { opens, failed, retries } = await run((path, call) => (call === 1 ? lost : klines(path, 20)))
    expect(failed).toBeUndefined()
    expect(retries).toEqual(['CONNECT_FAILED'])
    expect(opens).toHaveLength(60)
  })

  it('a storm of 429 waits and goes on; what cannot be overcome fails with its reason and keeps what is proven', async () => {
    const limited = new CollectorError('RATE_LIMITED', 'too many')
    const storm = await run((path, call) => (call < 20 ? limited : klines(path)))
    expect(storm.failed).toBeUndefined()
    expect(storm.retries).toHaveLength(20)
    const broken = await run((path, call) => (call === 0 ? klines(path, 20) : '{"not":"a list"}'))
    expect(broken.failed).toMatchObject({ code: 'BAD_MESSAGE' })
    expect(broken.opens).toHaveLength(20)
    expect(broken.proven).toHaveLength(1)
  })

  it('a request is tried as often as the job says, with twice the wait each time', async () => {
    const down = new CollectorError('CONNECT_FAILED', 'nobody answers')
    const patient = { ...MINUTES, retries: { tries: 4, delayMs: 2000 } }
    const { calls, waits, failed } = await run(() => down, patient)
    expect([calls, waits]).toEqual([4, [2000, 4000, 8000]])
    expect(failed).toBe(down)
    const third = await run((path, call) => (call < 3 ? down : klines(path)), patient)
    expect(third.failed).toBeUndefined()
    expect(third.opens).toHaveLength(60)
  })

  it('pages that lead nowhere end', async () => {
    const feed: HistoryFeed = {
      channel: 'ohlc',
      pageRows: 1,
      order: 'rising',
      page: () => ({ path: '/', weight: 1, read: () => ({ events: [], covers: [], next: {} }) }),
    }
    const nothing: Fetched = {
      rows: 0,
      bytes: 0,
      next: {},
      grown: undefined,
      covers: [],
      missing: [],
      error: undefined,
    }
    const ports: PagePorts = { page: async () => nothing, wait: async () => {}, random: () => 0 }
    const hooks = { onPage() {}, onRetry() {} }
    const stretch = { from: 0n, until: 1n }
    await expect(
      fetchStretch(MINUTES, INSTRUMENT, feed, stretch, ports, hooks, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'BAD_MESSAGE' })
  })
})
