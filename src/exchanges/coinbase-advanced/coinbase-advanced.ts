import type { ErrorCode } from '../../model/error.js'
import type { ExchangeAdapter } from '../exchange.js'
import { planOnPath } from '../kit/plan.js'
import { isFields } from '../kit/wire.js'
import { AdvancedConversation } from './conversation.js'
import { advancedInstruments, meaningOf } from './instruments.js'
import { coinbaseAdvancedShapes } from './shapes.js'
import { advancedVolumes } from './volumes.js'

/** Few messages may be sent in a second, one for each subscription: more on a connection would take too long to be asked for. */
const PER_CONNECTION = 30

const SIDE = 'the side is read as the maker’s, as in `coinbase`; the documentation does not say whose it is'

function refusal(_status: number, body: string): ErrorCode | undefined {
  try {
    const answer: unknown = JSON.parse(body)
    return isFields(answer) && typeof answer.message === 'string' ? meaningOf(answer.message) : undefined
  } catch {
    return undefined
  }
}

/** Coinbase Advanced Trade, spot: the same books as `coinbase`, with a sequence over the messages of a connection. */
export const coinbaseAdvanced: ExchangeAdapter = {
  id: 'coinbase_advanced',
  name: 'Coinbase Advanced',
  docs: 'https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview',
  capabilities: [
    { channel: 'trades', proof: 'counter', axis: 'exchange', note: SIDE },
    { channel: 'book', proof: 'connection', axis: 'exchange' },
    { channel: 'quotes', proof: 'connection', axis: 'exchange', note: 'told after each trade, not when orders change' },
    { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: ['5m'] },
  ],
  limits: {
    subscriptionsPerConnection: PER_CONNECTION,
    messagesPerSecond: 4,
    // Eight are allowed; what is sent evenly does not arrive so.
    addressMessagesPerSecond: 5,
    connects: { count: 8, perMs: 1000 },
    rest: { weight: 10, perMs: 1000 },
  },
  endpoints: { websocket: 'wss://advanced-trade-ws.coinbase.com', rest: 'https://api.coinbase.com' },
  taskPer: 'pair',
  shapes: coinbaseAdvancedShapes,
  instruments: [advancedInstruments],
  volumes: [advancedVolumes],
  live: {
    plan: (subscriptions) => planOnPath('/', PER_CONNECTION, subscriptions),
    converse: (plan, state) => new AdvancedConversation(plan, state),
    // A heartbeat comes every second.
    silentAfterMs: 10_000,
    acknowledges: true,
  },
  book: {
    firstSnapshot: 'stream',
    // The connection's sequence is checked where it is read; a book has none of its own.
    follows: () => 'apply',
    cutsToDepth: false,
  },
  refusal,
}
