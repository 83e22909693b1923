import { z } from 'zod'
import type { Conversation, ExchangeAdapter, Reading } from '../src/exchanges/exchange.js'
import { object, oneOf } from '../src/exchanges/kit/shape.js'
import type { AdapterEvent } from '../src/model/event.js'
import type { Nanos } from '../src/model/time.js'

const levels = z.array(z.tuple([z.string(), z.string()]))
const time = z.number().optional()
const sum = z.number().optional()
const control = z.union([
  z.object({ ack: z.array(z.string()) }),
  z.object({ gone: z.array(z.string()) }),
  z.object({ no: z.array(z.string()), why: z.string() }),
  z.object({ beat: z.literal(1) }),
  z.object({ lost: z.string() }),
  z.object({ say: z.array(z.string()) }),
  z.object({ ending: z.literal(1) }),
])
const data = z.union([
  z.object({ sub: z.string(), id: z.number().optional(), t: time, p: z.string(), q: z.string() }),
  z.object({ sub: z.string(), whole: z.number().nullable(), t: time, b: levels, a: levels, sum }),
  z.object({
    sub: z.string(),
    from: z.number().optional(),
    to: z.number().optional(),
    t: time,
    b: levels,
    a: levels,
    sum,
  }),
  z.object({ sub: z.string(), open: z.number(), t: time, done: z.boolean().optional() }),
  z.object({
    sub: z.string(),
    shared: z.array(z.string()),
    t: time,
    mark: z.string().optional(),
    rate: z.string().optional(),
    forced: z.string().optional(),
  }),
])
const frame = z.union([control, data])

/** Milliseconds of the toy venue's clock as nanoseconds. */
export const ms = (value: number | undefined): Nanos | undefined =>
  value === undefined ? undefined : BigInt(value) * 1_000_000n

/** Sum of all prices times amounts, rounded: stands in for a venue's checksum. */
export function toyChecksum(book: {
  bids: readonly (readonly [string, string])[]
  asks: readonly (readonly [string, string])[]
}): number {
  let sum = 0
  for (const [price, amount] of [...book.bids, ...book.asks]) sum += Number(price) * Number(amount)
  return Math.round(sum)
}

function eventsOf(message: z.infer<typeof data>): AdapterEvent[] {
  const symbol = message.sub.split(' ')[1] ?? ''
  const stamped = { symbol, exchangeTime: ms(message.t) }
  if ('p' in message) {
    const counter = message.id === undefined ? undefined : BigInt(message.id)
    return [
      {
        kind: 'trade',
        ...stamped,
        tradeId: counter?.toString(),
        price: message.p,
        amount: message.q,
        takerSide: 'buy',
        counter,
      },
    ]
  }
  if ('open' in message) {
    const values = { open: '1', high: '1', low: '1', close: '1', volume: '1' }
    const missing = { quoteVolume: undefined, trades: undefined, takerBuyVolume: undefined, vwap: undefined }
    return [
      {
        kind: 'candle',
        ...stamped,
        interval: '1m',
        openTime: ms(message.open) ?? 0n,
        ...values,
        ...missing,
        closed: message.done,
      },
    ]
  }
  if ('shared' in message) {
    const { mark, rate, forced } = message
    const unknown = { predictedRate: undefined, nextFundingTime: undefined, intervalSeconds: undefined }
    const order = { orderId: undefined, side: 'sell', averagePrice: undefined, amount: '1' } as const
    return [
      ...(mark === undefined ? [] : [{ kind: 'mark_price', ...stamped, price: mark } as const]),
      ...(rate === undefined ? [] : [{ kind: 'funding', ...stamped, rate, ...unknown, settled: false } as const]),
      ...(forced === undefined ? [] : [{ kind: 'liquidation', ...stamped, price: forced, ...order } as const]),
    ]
  }
  const book = { ...stamped, bids: message.b, asks: message.a, checksum: message.sum }
  if ('whole' in message)
    return [{ kind: 'book_snapshot', ...book, sequence: message.whole === null ? undefined : BigInt(message.whole) }]
  const { from, to } = message
  return [
    {
      kind: 'book_delta',
      ...book,
      firstSequence: from === undefined ? undefined : BigInt(from),
      lastSequence: to === undefined ? undefined : BigInt(to),
    },
  ]
}

function bookProof({ checksums, refreshEveryMs }: { checksums?: boolean; refreshEveryMs?: number }) {
  return refreshEveryMs ? 'none' : checksums ? 'checksum' : 'chain'
}

/** A venue with the simplest protocol there is, to test the engine with nothing else in the way. */
export function toyExchange(
  options: {
    proof?: ExchangeAdapter['capabilities'][number]['proof']
    /** On whose clock trades are held. */
    axis?: 'receive'
    snapshot?: 'rest' | 'stream'
    checksums?: boolean
    /** How often the mark price comes, whatever happens. */
    markEveryMs?: number
    /** Books of 10 levels come whole each time. */
    whole?: boolean
    /** A book that nothing proves, compared with a snapshot this often. */
    refreshEveryMs?: number
  } = {},
): ExchangeAdapter {
  const proof = options.proof ?? 'counter'
  return {
    id: 'toy',
    name: 'Toy',
    docs: 'none',
    capabilities: [
      { channel: 'trades', proof, axis: options.axis ?? 'exchange' },
      {
        channel: 'book',
        proof: bookProof(options),
        axis: 'exchange',
        depths: [10, 100],
        ...(options.whole ? { wholeDepths: [10] } : {}),
      },
      { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: ['1m'] },
      {
        channel: 'mark_price',
        proof: 'none',
        axis: 'exchange',
        ...(options.markEveryMs === undefined ? {} : { everyMs: options.markEveryMs }),
      },
      { channel: 'funding', proof: 'none', axis: 'exchange' },
      { channel: 'liquidations', proof: 'none', axis: 'exchange' },
      { channel: 'open_interest', proof: 'unit', axis: 'exchange', poll: { everyMs: 60_000 } },
    ],
    limits: {
      subscriptionsPerConnection: 10,
      messagesPerSecond: 1000,
      connects: { count: 100, perMs: 1000 },
      rest: { weight: 100, perMs: 1000 },
    },
    endpoints: { websocket: 'ws://127.0.0.1:1', rest: 'http://127.0.0.1:1' },
    taskPer: 'pair',
    shapes: { trades: object('sub id t p q', { side: oneOf('up', 'down') }), open_interest: object('t amount') },
    instruments: [{ path: '/instruments', weight: 1, read: () => [] }],
    live: {
      plan: (subscriptions) => [{ path: '/ws', subscriptions }],
      silentAfterMs: 10_000,
      acknowledges: true,
      converse: (plan): Conversation => ({
        state: {},
        open: () => [JSON.stringify({ subscribe: plan.subscriptions.map(({ id }) => id) })],
        unsubscribe: (ids) => [JSON.stringify({ unsubscribe: ids })],
        resync: (id) => [JSON.stringify({ resync: id })],
        read(text): Reading {
          let json: unknown
          try {
            json = JSON.parse(text)
          } catch {
            return { kind: 'bad', reason: 'not JSON', events: [] }
          }
          const parsed = frame.safeParse(json)
          if (!parsed.success) return { kind: 'unknown', reason: 'no such form', events: [] }
          const message = parsed.data
          if ('ack' in message) return { kind: 'ack', confirmed: message.ack, released: [], events: [] }
          if ('gone' in message) return { kind: 'ack', confirmed: [], released: message.gone, events: [] }
          if ('no' in message)
            return {
              kind: 'reject',
              rejected: message.no,
              code: 'SUBSCRIBE_REJECTED',
              message: message.why,
              events: [],
            }
          if ('beat' in message) return { kind: 'heartbeat', proves: undefined, events: [] }
          if ('say' in message) return { kind: 'notice', name: 'say', events: [], reply: message.say }
          if ('ending' in message) return { kind: 'notice', name: 'ending', action: 'reconnect', events: [] }
          if ('lost' in message)
            return {
              kind: 'notice',
              name: 'lost',
              events: [{ kind: 'break', code: 'SEQUENCE_GAP', symbol: undefined, detail: message.lost }],
            }
          const shared = 'shared' in message ? { shared: message.shared } : {}
          return { kind: 'data', subscription: message.sub, ...shared, events: eventsOf(message) }
        },
      }),
    },
    polls: [
      {
        channel: 'open_interest',
        answers: 'symbol',
        call: ([asked]) => ({
          path: `/interest/${asked?.symbol}`,
          weight: 1,
          read: (body) => {
            const { t, oi } = z.object({ t: z.number(), oi: z.string() }).parse(JSON.parse(body))
            return [
              {
                kind: 'open_interest',
                symbol: asked?.symbol ?? '',
                exchangeTime: ms(t),
                amount: oi,
                value: undefined,
              },
            ]
          },
        }),
      },
    ],
    book: {
      firstSnapshot: options.snapshot ?? 'stream',
      snapshot: ({ symbol }) => ({
        path: `/book/${symbol}`,
        weight: 1,
        read: (body) => {
          const message = z.object({ whole: z.number(), b: levels, a: levels }).parse(JSON.parse(body))
          return {
            kind: 'book_snapshot',
            symbol,
            exchangeTime: undefined,
            sequence: BigInt(message.whole),
            bids: message.b,
            asks: message.a,
            checksum: undefined,
          }
        },
      }),
      follows: (sequence, delta, first) => {
        if (sequence === undefined || delta.firstSequence === undefined || delta.lastSequence === undefined)
          return 'apply'
        if (delta.lastSequence <= sequence) return 'stale'
        if (first ? delta.firstSequence <= sequence + 1n : delta.firstSequence === sequence + 1n) return 'apply'
        return 'break'
      },
      ...(options.checksums ? { checksum: toyChecksum } : {}),
      ...(options.refreshEveryMs ? { refreshEveryMs: options.refreshEveryMs } : {}),
      cutsToDepth: false,
    },
  }
}
