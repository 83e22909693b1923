import type { BookDelta } from '../../model/event.js'
import type { ExchangeAdapter, Subscription } from '../exchange.js'
import { grouped, planOnPath } from '../kit/plan.js'
import { bybitArchivedTrades } from './archive.js'
import { BybitConversation } from './conversation.js'
import { bybitCandles, bybitTrades } from './history.js'
import { bybitInstruments, refusal } from './instruments.js'
import { bybitFunding, bybitOpenInterest } from './rates.js'
import { bybitShapes } from './shapes.js'
import { BYBIT_DEPTHS, BYBIT_INTERVALS, categoryOf } from './topics.js'
import { bybitVolumes } from './volumes.js'

/** The arguments of a connection may have 21 000 characters in all; the longest topics have about 45. */
const PER_CONNECTION = 400

const CONTRACTS = ['perpetual', 'future'] as const

/** A socket carries one market. */
function pathOf({ symbol }: Subscription): string {
  return `/v5/public/${categoryOf(symbol) ?? 'linear'}`
}

/** A change follows the one before it: `u` rises by one within a depth. What comes whole each time has no numbers here. */
function follows(sequence: bigint | undefined, { lastSequence: u }: BookDelta): 'apply' | 'stale' | 'break' {
  if (sequence === undefined && u === undefined) return 'apply'
  if (sequence === undefined || u === undefined) return 'break'
  if (u <= sequence) return 'stale'
  return u === sequence + 1n ? 'apply' : 'break'
}

/** Bybit v5: spot, and linear and inverse contracts. */
export const bybit: ExchangeAdapter = {
  id: 'bybit',
  name: 'Bybit',
  docs: 'https://bybit-exchange.github.io/docs/v5/ws/connect',
  capabilities: [
    { channel: 'trades', proof: 'none', axis: 'exchange' },
    { channel: 'book', proof: 'chain', axis: 'exchange', depths: BYBIT_DEPTHS, wholeDepths: [1] },
    { channel: 'quotes', proof: 'none', axis: 'exchange' },
    { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: BYBIT_INTERVALS },
    // One topic, of which each message tells what has changed.
    { channel: 'funding', proof: 'none', axis: 'exchange', kinds: ['perpetual'] },
    { channel: 'mark_price', proof: 'none', axis: 'exchange', kinds: CONTRACTS },
    { channel: 'index_price', proof: 'none', axis: 'exchange', kinds: CONTRACTS },
    { channel: 'open_interest', proof: 'none', axis: 'exchange', kinds: CONTRACTS, note: 'of one side' },
    {
      channel: 'liquidations',
      proof: 'none',
      axis: 'exchange',
      kinds: CONTRACTS,
      note: 'prices are those at which the position was worth nothing',
    },
  ],
  limits: {
    subscriptionsPerConnection: PER_CONNECTION,
    // Without a documented limit: 1000 topics take some ten seconds.
    messagesPerSecond: 10,
    connects: { count: 500, perMs: 300_000 },
    rest: { weight: 600, perMs: 5000 },
  },
  endpoints: {
    websocket: 'wss://stream.bybit.com',
    rest: 'https://api.bybit.com',
    archive: 'https://public.bybit.com',
  },
  taskPer: 'pair',
  shapes: bybitShapes,
  instruments: bybitInstruments,
  volumes: bybitVolumes,
  live: {
    plan: (subscriptions) =>
      grouped(subscriptions, pathOf).flatMap((members) =>
        members[0] ? planOnPath(pathOf(members[0]), PER_CONNECTION, members) : [],
      ),
    converse: (of, state) => new BybitConversation(of, state),
    // Every ping is answered.
    silentAfterMs: 45_000,
    ping: { everyMs: 20_000, message: JSON.stringify({ op: 'ping' }) },
    acknowledges: true,
  },
  // Levels pushed out of the depth may come without a removal.
  book: { firstSnapshot: 'stream', follows, cutsToDepth: true },
  archives: [bybitArchivedTrades],
  history: [bybitTrades, bybitCandles, bybitFunding, bybitOpenInterest],
  refusal,
}
