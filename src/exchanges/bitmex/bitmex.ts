import type { ExchangeAdapter } from '../exchange.js'
import { planOncePerKey } from '../kit/plan.js'
import { bitmexArchivedTrades } from './archive.js'
import { bitmexBook } from './book.js'
import { BitmexConversation } from './conversation.js'
import { refusal } from './errors.js'
import { bitmexCandles, bitmexFunding, bitmexTrades } from './history.js'
import { bitmexInstruments } from './instruments.js'
import { bitmexShapes } from './shapes.js'
import { BOOK_TABLES, CANDLE_INTERVALS, topicOf } from './topics.js'
import { bitmexVolumes } from './volumes.js'

/** BitMEX has no cap: this one bounds what a single cut costs. Connections are what it limits. */
const PER_CONNECTION = 200

/** BitMEX: perpetuals, dated futures and spot. */
export const bitmex: ExchangeAdapter = {
  id: 'bitmex',
  name: 'BitMEX',
  docs: 'https://www.bitmex.com/app/wsAPI',
  capabilities: [
    { channel: 'trades', proof: 'none', axis: 'exchange' },
    // Rows of older answers and those that come back into a window have no time to rely on.
    {
      channel: 'book',
      proof: 'none',
      axis: 'receive',
      depths: [...BOOK_TABLES.keys()],
      note: '10000 is the whole book',
    },
    { channel: 'quotes', proof: 'none', axis: 'exchange' },
    { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: CANDLE_INTERVALS },
    { channel: 'funding', proof: 'none', axis: 'exchange', kinds: ['perpetual'] },
    { channel: 'mark_price', proof: 'none', axis: 'exchange', kinds: ['perpetual', 'future'] },
    { channel: 'index_price', proof: 'none', axis: 'exchange', kinds: ['perpetual', 'future'] },
    { channel: 'open_interest', proof: 'none', axis: 'exchange', kinds: ['perpetual', 'future'] },
    {
      channel: 'liquidations',
      proof: 'none',
      axis: 'receive',
      kinds: ['perpetual', 'future'],
      note: 'told without a time',
    },
  ],
  limits: {
    subscriptionsPerConnection: PER_CONNECTION,
    // Not limited once connected.
    messagesPerSecond: 50,
    // A bucket of 40 was seen; how fast it fills again is not documented.
    connects: { count: 40, perMs: 3_600_000 },
    rest: { weight: 30, perMs: 60_000 },
  },
  endpoints: {
    websocket: 'wss://ws.bitmex.com',
    rest: 'https://www.bitmex.com',
    archive: 'https://s3-eu-west-1.amazonaws.com/public.bitmex.com',
  },
  taskPer: 'channel',
  shapes: bitmexShapes,
  instruments: [bitmexInstruments],
  volumes: [bitmexVolumes],
  live: {
    // Channels may share a topic; the same channel twice on one connection could not be told apart.
    plan: (subscriptions) =>
      planOncePerKey('/realtime', PER_CONNECTION, subscriptions, (each) => `${each.channel} ${topicOf(each)}`),
    converse: (plan, state) => new BitmexConversation(plan, state),
    // Each of our pings is answered.
    silentAfterMs: 15_000,
    ping: { everyMs: 5000, message: 'ping' },
    acknowledges: true,
  },
  book: bitmexBook,
  archives: [bitmexArchivedTrades],
  history: [bitmexTrades, bitmexCandles, bitmexFunding],
  refusal,
}
