import type { ErrorCode } from '../../model/error.js'
import type { ExchangeAdapter } from '../exchange.js'
import { planOncePerKey } from '../kit/plan.js'
import { bitfinexChecksum, CHECKSUM_LEVELS } from './checksum.js'
import { BitfinexConversation } from './conversation.js'
import { bitfinexCandles, bitfinexTrades } from './history.js'
import { bitfinexInstruments } from './instruments.js'
import { bitfinexFunding, bitfinexOpenInterest } from './status-history.js'
import { CANDLE_INTERVALS, onceOf } from './topics.js'

const PER_CONNECTION = 25

import { bitfinexShapes } from './shapes.js'
import { bitfinexVolumes } from './volumes.js'

/** Answers of the REST side that say more than their HTTP status. */
function refusal(status: number, body: string): ErrorCode | undefined {
  if (/ratelimit|ERR_RATE_LIMIT/i.test(body)) return 'RATE_LIMITED'
  return status >= 500 && /20060|maintenance/i.test(body) ? 'EXCHANGE_DOWN' : undefined
}

/** Bitfinex spot and perpetuals, WebSocket v2. */
export const bitfinex: ExchangeAdapter = {
  id: 'bitfinex',
  name: 'Bitfinex',
  docs: 'https://docs.bitfinex.com/docs/ws-general',
  capabilities: [
    { channel: 'trades', proof: 'connection', axis: 'exchange' },
    // Whether the messages of a book carry a time is a flag of the connection: coverage must not hang on it.
    { channel: 'book', proof: 'connection', axis: 'exchange', depths: [1, 25, 100, 250] },
    { channel: 'quotes', proof: 'connection', axis: 'exchange' },
    { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: CANDLE_INTERVALS },
    { channel: 'funding', proof: 'connection', axis: 'exchange', kinds: ['perpetual'] },
    { channel: 'mark_price', proof: 'connection', axis: 'exchange', kinds: ['perpetual'] },
    { channel: 'index_price', proof: 'connection', axis: 'exchange', kinds: ['perpetual'] },
    { channel: 'open_interest', proof: 'connection', axis: 'exchange', kinds: ['perpetual'] },
    { channel: 'liquidations', proof: 'connection', axis: 'exchange', kinds: ['perpetual'] },
  ],
  limits: {
    subscriptionsPerConnection: PER_CONNECTION,
    // No limit is documented; a full connection is asked for within two seconds.
    messagesPerSecond: 100,
    connects: { count: 20, perMs: 60_000 },
    rest: { weight: 30, perMs: 60_000 },
  },
  endpoints: { websocket: 'wss://api-pub.bitfinex.com', rest: 'https://api-pub.bitfinex.com' },
  taskPer: 'channel',
  shapes: bitfinexShapes,
  instruments: [bitfinexInstruments],
  volumes: [bitfinexVolumes],
  live: {
    // Several may share what they ask for; one that would be a duplicate of another needs a connection of its own.
    plan: (subscriptions) => planOncePerKey('/ws/2', PER_CONNECTION, subscriptions, onceOf),
    converse: (plan, state) => new BitfinexConversation(plan, state),
    // Each channel has a heartbeat after 15 s without data.
    silentAfterMs: 20_000,
    // A connection on which everything was refused has no channels.
    ping: { everyMs: 10_000, message: JSON.stringify({ event: 'ping', cid: 1 }) },
    acknowledges: true,
  },
  book: {
    firstSnapshot: 'stream',
    // The connection's sequence is checked where it is read; a book has none of its own.
    follows: () => 'apply',
    checksum: bitfinexChecksum,
    checksumLevels: CHECKSUM_LEVELS,
    cutsToDepth: true,
  },
  history: [bitfinexTrades, bitfinexCandles, bitfinexFunding, bitfinexOpenInterest],
  refusal,
}
