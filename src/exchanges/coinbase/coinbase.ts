import type { ErrorCode } from '../../model/error.js'
import type { ExchangeAdapter } from '../exchange.js'
import { planOnPath } from '../kit/plan.js'
import { isFields } from '../kit/wire.js'
import { coinbaseBook } from './book.js'
import { CoinbaseConversation } from './conversation.js'
import { coinbaseCandles, coinbaseTrades } from './history.js'
import { coinbaseInstruments, meaningOf } from './instruments.js'
import { coinbaseShapes } from './shapes.js'
import { coinbaseVolumes } from './volumes.js'

/** No cap is documented: this one bounds what a single cut costs (each book begins again with a snapshot of megabytes). */
const PER_CONNECTION = 100

/** Bodies are `{"message": …}`, in maintenance also HTML. */
function refusal(_status: number, body: string): ErrorCode | undefined {
  try {
    const answer: unknown = JSON.parse(body)
    return isFields(answer) && typeof answer.message === 'string' ? meaningOf(answer.message) : undefined
  } catch {
    return undefined
  }
}

/** Coinbase Exchange, spot. */
export const coinbase: ExchangeAdapter = {
  id: 'coinbase',
  name: 'Coinbase',
  docs: 'https://docs.cdp.coinbase.com/exchange/websocket-feed/overview',
  capabilities: [
    { channel: 'trades', proof: 'counter', axis: 'exchange' },
    { channel: 'book', proof: 'none', axis: 'exchange' },
    { channel: 'quotes', proof: 'none', axis: 'exchange', note: 'told after each trade, not when orders change' },
  ],
  limits: {
    subscriptionsPerConnection: PER_CONNECTION,
    messagesPerSecond: 20,
    // A hundred are allowed; what is sent evenly does not arrive so.
    addressMessagesPerSecond: 50,
    connects: { count: 8, perMs: 1000 },
    rest: { weight: 10, perMs: 1000 },
  },
  endpoints: { websocket: 'wss://ws-feed.exchange.coinbase.com', rest: 'https://api.exchange.coinbase.com' },
  taskPer: 'pair',
  shapes: coinbaseShapes,
  instruments: [coinbaseInstruments],
  volumes: [coinbaseVolumes],
  live: {
    plan: (subscriptions) => planOnPath('/', PER_CONNECTION, subscriptions),
    converse: (plan, state) => new CoinbaseConversation(plan, state),
    // A heartbeat comes every second.
    silentAfterMs: 10_000,
    acknowledges: true,
  },
  book: coinbaseBook,
  history: [coinbaseTrades, coinbaseCandles],
  refusal,
}
