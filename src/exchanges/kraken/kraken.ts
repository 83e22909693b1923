import type { ExchangeAdapter } from '../exchange.js'
import { planOncePerKey } from '../kit/plan.js'
import { CHECKSUM_LEVELS, krakenChecksum } from './checksum.js'
import { KrakenConversation } from './conversation.js'
import { krakenCandles, krakenTrades } from './history.js'
import { krakenInstruments } from './instruments.js'
import { krakenShapes } from './shapes.js'
import { CANDLE_INTERVALS, topicKey, topicOf } from './topics.js'
import { krakenVolumes } from './volumes.js'

/** Kraken has no cap for public channels: this one bounds what a single cut costs. */
const PER_CONNECTION = 200

/** Kraken spot, WebSocket v2. */
export const kraken: ExchangeAdapter = {
  id: 'kraken',
  name: 'Kraken',
  docs: 'https://docs.kraken.com/api/docs/websocket-v2/',
  capabilities: [
    { channel: 'trades', proof: 'counter', axis: 'exchange' },
    { channel: 'book', proof: 'checksum', axis: 'exchange', depths: [10, 25, 100, 500, 1000] },
    { channel: 'quotes', proof: 'none', axis: 'exchange' },
    { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: CANDLE_INTERVALS },
  ],
  limits: {
    subscriptionsPerConnection: PER_CONNECTION,
    // Limited dynamically, without a number; one message asks for many symbols, so few are sent.
    messagesPerSecond: 4,
    connects: { count: 150, perMs: 600_000 },
    rest: { weight: 1, perMs: 1000 },
  },
  endpoints: { websocket: 'wss://ws.kraken.com', rest: 'https://api.kraken.com' },
  taskPer: 'pair',
  shapes: krakenShapes,
  instruments: [krakenInstruments],
  volumes: [krakenVolumes],
  live: {
    // One book per symbol and connection: another depth of it needs another connection.
    plan: (subscriptions) => planOncePerKey('/v2', PER_CONNECTION, subscriptions, (each) => topicKey(topicOf(each))),
    converse: (of, state) => new KrakenConversation(of, state),
    // A heartbeat comes every second while anything is subscribed; the documentation says to reconnect after 5 s.
    silentAfterMs: 5000,
    // A connection on which everything was refused gets no heartbeats.
    ping: { everyMs: 30_000, message: JSON.stringify({ method: 'ping' }) },
    acknowledges: true,
  },
  book: {
    firstSnapshot: 'stream',
    follows: () => 'apply',
    checksum: krakenChecksum,
    checksumLevels: CHECKSUM_LEVELS,
    cutsToDepth: true,
  },
  history: [krakenTrades, krakenCandles],
}
