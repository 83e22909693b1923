import type { ConnectionPlan, ExchangeAdapter, Subscription } from '../exchange.js'
import { StreamConversation, type StreamDialect } from '../kit/combined-streams.js'
import { grouped, planOncePerKey } from '../kit/plan.js'
import { VISION, type VisionMarket, visionCandles, visionTrades } from '../kit/vision.js'
import { bookRules, DEPTHS } from './book.js'
import { eventsOf } from './events.js'
import { historyOf } from './history.js'
import { readInstruments } from './instruments.js'
import { COINM, errors, type Market, USDM } from './market.js'
import { openInterest } from './open-interest.js'
import { futuresShapes } from './shapes.js'
import { askedBy, carries, formOf, INTERVALS, streamOf } from './streams.js'

/** 1024 are allowed; fewer lose less when a connection is cut. */
const STREAMS_PER_CONNECTION = 200
const POLL_MS = 60_000
/** Of the mark price and what comes with it, by `@1s`. */
const PUSH_MS = 1000

function dialectOf(market: Market): StreamDialect {
  return {
    streamsPerRequest: 50,
    streamOf: (of) => streamOf(market, of),
    formOf,
    carries,
    askedBy: (form, payload, stream) => askedBy(market, form, payload, stream),
    events: (of, payload) => eventsOf(market, of, payload),
    errorCode: errors.codeOf,
  }
}

/** A connection carries one group of streams. Books of different depth are one stream, which it can carry only once. */
function planOf(market: Market, subscriptions: readonly Subscription[]): ConnectionPlan[] {
  const pathOf = ({ channel }: Subscription) =>
    channel === 'book' || channel === 'quotes' ? market.paths.public : market.paths.market
  const key = (each: Subscription) => `${each.channel} ${streamOf(market, each)}`
  return grouped(subscriptions, pathOf).flatMap((group) => {
    const [first] = group
    return first ? planOncePerKey(pathOf(first), STREAMS_PER_CONNECTION, group, key) : []
  })
}

function archiveOf({ amountUnit }: Market): VisionMarket {
  return amountUnit === 'base'
    ? { folder: 'futures/um', since: '2019-09-08', valueInQuote: true }
    : { folder: 'futures/cm', since: '2020-08-10', valueInQuote: false }
}

function adapterOf(market: Market): ExchangeAdapter {
  const dialect = dialectOf(market)
  return {
    id: market.id,
    name: market.name,
    docs: market.docs,
    capabilities: [
      {
        channel: 'trades',
        proof: 'counter',
        axis: 'exchange',
        note: 'aggregate trades: fills of one taker order at one price within 100 ms are one row',
      },
      { channel: 'book', proof: 'chain', axis: 'exchange', depths: DEPTHS },
      { channel: 'quotes', proof: 'none', axis: 'exchange' },
      { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: INTERVALS },
      {
        channel: 'funding',
        proof: 'none',
        axis: 'exchange',
        kinds: ['perpetual'],
        everyMs: PUSH_MS,
        note: 'of the past there are the rates that were charged, not those that stood in between',
      },
      { channel: 'mark_price', proof: 'none', axis: 'exchange', everyMs: PUSH_MS },
      { channel: 'index_price', proof: 'none', axis: 'exchange', everyMs: PUSH_MS },
      {
        channel: 'open_interest',
        proof: 'unit',
        axis: 'exchange',
        poll: { everyMs: POLL_MS },
        ...(market.amountUnit === 'base' ? { note: 'of the past there is one value every five minutes' } : {}),
      },
      {
        channel: 'liquidations',
        proof: 'none',
        axis: 'exchange',
        sampled: 'at most the latest order of each second and symbol',
      },
    ],
    limits: {
      subscriptionsPerConnection: STREAMS_PER_CONNECTION,
      // Ten are allowed, pongs included.
      messagesPerSecond: 8,
      connects: { count: 300, perMs: 300_000 },
      // 2400 are allowed for both futures markets together (since 2026-06-30).
      rest: { weight: 1200, perMs: 60_000 },
      connectionLifetimeMs: 86_400_000,
    },
    endpoints: { ...market.endpoints, archive: VISION },
    taskPer: 'pair',
    shapes: futuresShapes,
    instruments: [{ path: `${market.api}/exchangeInfo`, weight: 1, read: (body) => readInstruments(market, body) }],
    live: {
      plan: (subscriptions) => planOf(market, subscriptions),
      converse: (plan, state) => new StreamConversation(dialect, plan, state),
      // The venue pings every 3 minutes.
      silentAfterMs: 200_000,
      acknowledges: true,
    },
    book: bookRules(market),
    polls: [openInterest(market)],
    history: historyOf(market),
    archives: [visionTrades(archiveOf(market), 'aggTrades'), visionCandles(archiveOf(market), INTERVALS)],
    refusal: errors.refusal,
  }
}

/** Binance futures margined in USDT or USDC. */
export const binanceUsdm: ExchangeAdapter = adapterOf(USDM)

/** Binance futures margined in the coin. */
export const binanceCoinm: ExchangeAdapter = adapterOf(COINM)
