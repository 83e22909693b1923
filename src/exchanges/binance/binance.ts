import type { ExchangeAdapter } from '../exchange.js'
import { StreamConversation, type StreamDialect } from '../kit/combined-streams.js'
import { planOncePerKey } from '../kit/plan.js'
import { VISION, visionCandles, visionTrades } from '../kit/vision.js'
import { BINANCE_DEPTHS, binanceBook } from './book.js'
import { errors } from './errors.js'
import { eventOf } from './events.js'
import { binanceCandles, binanceTrades } from './history.js'
import { readInstruments } from './instruments.js'
import { binanceShapes } from './shapes.js'
import { BINANCE_INTERVALS, carries, formOf, streamOf, subscriptionOf } from './streams.js'
import { binanceVolumes } from './volumes.js'

const STREAMS_PER_CONNECTION = 1024

const SPOT = { folder: 'spot', since: '2017-08-17', valueInQuote: true } as const

const dialect: StreamDialect = {
  // 1024 streams still take only some seconds.
  streamsPerRequest: 25,
  streamOf,
  formOf,
  carries,
  askedBy(form, payload, stream) {
    const asked = subscriptionOf(form, payload, stream)
    return asked ? [asked] : []
  },
  events: (of, payload) => [eventOf(of, payload)],
  errorCode: errors.codeOf,
}

/** Binance spot. */
export const binance: ExchangeAdapter = {
  id: 'binance',
  name: 'Binance',
  docs: 'https://github.com/binance/binance-spot-api-docs',
  capabilities: [
    { channel: 'trades', proof: 'counter', axis: 'exchange' },
    { channel: 'book', proof: 'chain', axis: 'exchange', depths: BINANCE_DEPTHS },
    { channel: 'quotes', proof: 'none', axis: 'receive' },
    { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: BINANCE_INTERVALS },
  ],
  limits: {
    subscriptionsPerConnection: STREAMS_PER_CONNECTION,
    // Five are allowed, pongs included: one is left for these.
    messagesPerSecond: 4,
    connects: { count: 300, perMs: 300_000 },
    rest: { weight: 6000, perMs: 60_000 },
    connectionLifetimeMs: 86_400_000,
  },
  endpoints: { websocket: 'wss://stream.binance.com:9443', rest: 'https://api.binance.com', archive: VISION },
  taskPer: 'pair',
  shapes: binanceShapes,
  instruments: [{ path: '/api/v3/exchangeInfo', weight: 20, read: readInstruments }],
  volumes: [binanceVolumes],
  live: {
    // Books of different depth are one stream, which one connection can carry only once.
    plan: (subscriptions) => planOncePerKey('/stream', STREAMS_PER_CONNECTION, subscriptions, streamOf),
    converse: (of, state) => new StreamConversation(dialect, of, state),
    // The venue pings every 20 s.
    silentAfterMs: 45_000,
    acknowledges: true,
  },
  book: binanceBook,
  history: [binanceTrades, binanceCandles],
  archives: [visionTrades(SPOT, 'trades'), visionCandles(SPOT, BINANCE_INTERVALS)],
  refusal: errors.refusal,
}
