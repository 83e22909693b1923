import { expect } from 'vitest'
import { planTask } from '../src/capture/task-plan.js'
import type { ExchangeAdapter, RestCall, Subscription } from '../src/exchanges/exchange.js'
import { CHANNELS, INTERVALS, isInterval } from '../src/model/dataset.js'
import { canonicalDecimal } from '../src/model/decimal.js'
import type { ErrorCode } from '../src/model/error.js'
import type { Trade } from '../src/model/event.js'
import type { Instrument } from '../src/model/instrument.js'
import { SECOND } from '../src/model/time.js'
import type { ReadCapture } from './exchange-material.js'

/** A body that an exchange sends with status 200 although it refuses, and what it means. */
export interface RefusedBody {
  readonly body: string
  readonly code: ErrorCode
}

/** Bodies that answer no question. */
const NONSENSE = ['', '{', 'null', '"text"', '12', '{}', '<html><body>We are down for maintenance</body></html>']

/** Above 2^53: as a double it is another one. */
const BEYOND_DOUBLES = '9007199254740993'

/** Every REST call that an adapter makes of an instrument, by what it asks. */
function callsOf(adapter: ExchangeAdapter, symbol: string): (readonly [string, RestCall<unknown>])[] {
  const of = (channel: Subscription['channel']): Subscription => ({ id: channel, channel, symbol, pair: 'A/B' })
  const until = 1_785_542_400n * SECOND
  const stretch = { symbol, restSymbol: symbol, from: until - 3600n * SECOND, until }
  return [
    ...adapter.instruments.map((call) => [`instruments ${call.path}`, call] as const),
    ...(adapter.volumes ?? []).map((call) => [`volumes ${call.path}`, call] as const),
    ...(adapter.book.snapshot ? [['snapshot', adapter.book.snapshot(of('book'))] as const] : []),
    ...(adapter.polls ?? []).map((poll) => [`poll ${poll.channel}`, poll.call([of(poll.channel)])] as const),
    ...(adapter.history ?? []).map(
      (feed) =>
        [
          `history of ${feed.channel}`,
          feed.page({ ...stretch, ...(feed.intervals?.[0] ? { interval: feed.intervals[0] } : {}) }),
        ] as const,
    ),
  ]
}

/** What a body is taken for: a code, or `understood`. Another error than a CollectorError is thrown on. */
function outcome(call: RestCall<unknown>, body: string): string {
  try {
    call.read(body)
    return 'understood'
  } catch (error) {
    if (error instanceof Error && error.name === 'CollectorError' && 'code' in error) return String(error.code)
    throw error
  }
}

/** A 200 with HTML, with nothing, or with an error inside is no data, whatever was asked. */
export function expectBodiesRefused(adapter: ExchangeAdapter, symbol: string, refused: readonly RefusedBody[]): void {
  expect(refused.length, 'no example of a refusal with status 200').toBeGreaterThan(0)
  for (const [what, call] of callsOf(adapter, symbol)) {
    for (const body of NONSENSE) expect(outcome(call, body), `${what}: ${body}`).toBe('BAD_MESSAGE')
    for (const { body, code } of refused) expect(outcome(call, body), `${what}: ${body}`).toBe(code)
    outcome(call, '[]')
  }
  for (const status of [200, 400, 403, 404, 418, 429, 500, 502, 503])
    for (const body of [...NONSENSE, ...refused.map((each) => each.body)])
      expect(() => adapter.refusal?.(status, body), `${status} ${body}`).not.toThrow()
}

/** What is not declared is refused before anything is asked of the exchange, with what there is instead. */
export function expectUndeclaredRefused(adapter: ExchangeAdapter): void {
  const instrument: Instrument = {
    exchange: adapter.id,
    symbol: 'AB',
    pair: 'A/B',
    kind: 'spot',
    base: 'A',
    quote: 'B',
    status: 'trading',
    amountUnit: 'base',
  }
  const plan = (...channels: Parameters<typeof planTask>[2]) => planTask(adapter, instrument, channels, 60)
  const unsupported = (message: RegExp) =>
    expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringMatching(message) })
  const declared = new Map(adapter.capabilities.map((each) => [each.channel, each]))
  for (const channel of CHANNELS) {
    const capability = declared.get(channel)
    if (!capability) expect(() => plan({ channel }), channel).toThrow(unsupported(/does not stream .*; it streams/))
    else if (capability.kinds && !capability.kinds.includes('spot'))
      expect(() => plan({ channel }), channel).toThrow(unsupported(/ for .* instruments; A\/B is spot/))
  }
  const depths = declared.get('book')?.depths
  const deepest = depths?.at(-1)
  if (depths && deepest !== undefined) {
    expect(() => plan({ channel: 'book', depth: deepest + 1 })).toThrow(unsupported(new RegExp(`at most ${deepest}`)))
    // Of two that it has, the larger one for what lies between.
    for (const [index, depth] of depths.entries()) {
      const above = (depths[index - 1] ?? 0) + 1
      expect(plan({ channel: 'book', depth: above })[0]?.depth, `${above} levels`).toBe(depth)
    }
  }
  const intervals = declared.get('ohlc')?.intervals
  const absent = Object.keys(INTERVALS).find((each) => !intervals?.some((one) => one === each))
  if (intervals && absent !== undefined && isInterval(absent))
    expect(() => plan({ channel: 'ohlc', interval: absent })).toThrow(unsupported(/candles of .*; it streams/))
}

/** The first trade of a capture, told with another id or another spelling of its price. */
function* retoldTrades(adapter: ExchangeAdapter, { reads, name }: ReadCapture) {
  const at = reads.findIndex(({ reading }) => reading.events.some(({ kind }) => kind === 'trade'))
  const found = reads[at]
  const trade = found?.reading.events.find((event): event is Trade => event.kind === 'trade')
  if (!found || !trade) return
  const retold = (before: string, after: string) => {
    const conversation = adapter.live.converse({ path: '', subscriptions: [], accept: 'all' })
    for (const { record } of reads.slice(0, at)) conversation.read(record.message)
    const escaped = before.replaceAll('.', '\\.')
    const message = found.record.message.replace(new RegExp(`(?<![\\w.])${escaped}(?![\\w.])`, 'g'), after)
    const reading = conversation.read(message)
    const trades = reading.events.filter((each): each is Trade => each.kind === 'trade')
    return { place: `${name} ${found.record.place}`, reading, trades }
  }
  yield { trade, retold }
}

/** Returns how many were tried. An id above 2^53 is itself or a broken message, never another one; a price is the same number in exponent form. */
export function expectNumbersKept(adapter: ExchangeAdapter, captures: readonly ReadCapture[]): number {
  let tried = 0
  for (const capture of captures) {
    for (const { trade, retold } of retoldTrades(adapter, capture)) {
      tried++
      if (/^\d+$/.test(trade.tradeId ?? '')) {
        const { place, reading, trades } = retold(trade.tradeId ?? '', BEYOND_DOUBLES)
        const counter = trade.counter === undefined ? undefined : BigInt(BEYOND_DOUBLES)
        if (reading.kind !== 'bad')
          expect(trades, place).toContainEqual(expect.objectContaining({ tradeId: BEYOND_DOUBLES, counter }))
      }
      const [whole = '', decimals = ''] = trade.price.split('.')
      const { place, trades } = retold(trade.price, `${BigInt(whole + decimals)}e-${decimals.length}`)
      const same = trades.find(({ tradeId }) => tradeId === trade.tradeId)
      expect(same && canonicalDecimal(same.price), place).toBe(canonicalDecimal(trade.price))
    }
  }
  return tried
}
