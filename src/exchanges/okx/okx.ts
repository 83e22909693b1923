import type { BookDelta } from '../../model/event.js'
import type { ConnectionPlan, ExchangeAdapter, Subscription } from '../exchange.js'
import { batches, grouped } from '../kit/plan.js'
import { CHECKSUM_LEVELS, okxChecksum } from './checksum.js'
import { OkxConversation } from './conversation.js'
import { okxCandles, okxTrades } from './history.js'
import { okxInstruments, refusal } from './instruments.js'
import { okxFunding } from './rates.js'
import { okxShapes } from './shapes.js'
import { OKX_DEPTHS, OKX_INTERVALS, pathOf, topicOf, WHOLE_DEPTHS } from './topics.js'
import { okxVolumes } from './volumes.js'

/** The venue advises less than 30 deep books on a connection; all arguments together may have 64 KB. */
const BOOKS_PER_CONNECTION = 25
const OTHERS_PER_CONNECTION = 275

/** Each path has connections of its own, filled with books and with everything else at once. */
function plan(subscriptions: readonly Subscription[]): ConnectionPlan[] {
  return grouped(subscriptions, pathOf).flatMap((members) => {
    const path = members[0] ? pathOf(members[0]) : ''
    const isDeep = (each: Subscription) => topicOf(each).channel === 'books'
    const books = batches(members.filter(isDeep), BOOKS_PER_CONNECTION)
    const others = batches(
      members.filter((each) => !isDeep(each)),
      OTHERS_PER_CONNECTION,
    )
    return Array.from({ length: Math.max(books.length, others.length) }, (_, n) => ({
      path,
      subscriptions: [...(books[n] ?? []), ...(others[n] ?? [])],
    }))
  })
}

/**
 * A change names the message before it (`firstSequence` is `prevSeqId`), also where the numbers begin anew (its own is then smaller) and where
 * nothing changed (both equal). Changes of before the numbers prove themselves by their checksum; books that come whole each time have none.
 */
function follows(sequence: bigint | undefined, { firstSequence: before, lastSequence: own }: BookDelta) {
  if (own === undefined && sequence === undefined) return 'apply'
  if (before === sequence) return 'apply'
  return own === sequence ? 'stale' : 'break'
}

const DERIVATIVES = ['perpetual', 'future'] as const

/** OKX v5: spot, swaps and expiry futures. */
export const okx: ExchangeAdapter = {
  id: 'okx',
  name: 'OKX',
  docs: 'https://www.okx.com/docs-v5/en/',
  capabilities: [
    { channel: 'trades', proof: 'counter', axis: 'exchange', note: 'every fill by itself (`trades-all`)' },
    { channel: 'book', proof: 'chain', axis: 'exchange', depths: OKX_DEPTHS, wholeDepths: WHOLE_DEPTHS },
    { channel: 'quotes', proof: 'none', axis: 'exchange' },
    { channel: 'ohlc', proof: 'unit', axis: 'exchange', intervals: OKX_INTERVALS },
    { channel: 'funding', proof: 'none', axis: 'exchange', kinds: ['perpetual'] },
    { channel: 'mark_price', proof: 'none', axis: 'exchange', kinds: DERIVATIVES },
    { channel: 'index_price', proof: 'none', axis: 'exchange', kinds: DERIVATIVES },
    { channel: 'open_interest', proof: 'none', axis: 'exchange', kinds: DERIVATIVES },
    {
      channel: 'liquidations',
      proof: 'none',
      axis: 'exchange',
      kinds: DERIVATIVES,
      sampled: 'not all of them, and not in the order of time',
    },
  ],
  limits: {
    subscriptionsPerConnection: BOOKS_PER_CONNECTION + OTHERS_PER_CONNECTION,
    // 480 requests an hour, each for up to 50 things: nothing that a plan or a few resyncs come near.
    messagesPerSecond: 3,
    // Three a second are allowed; what is opened evenly does not arrive so.
    connects: { count: 1, perMs: 700 },
    rest: { weight: 20, perMs: 2000 },
  },
  endpoints: { websocket: 'wss://ws.okx.com:8443', rest: 'https://www.okx.com' },
  taskPer: 'pair',
  shapes: okxShapes,
  instruments: okxInstruments,
  volumes: okxVolumes,
  live: {
    plan,
    converse: (of, state) => new OkxConversation(of, state),
    // Every ping is answered; the venue ends what is silent for 30 s.
    silentAfterMs: 45_000,
    ping: { everyMs: 20_000, message: 'ping' },
    acknowledges: true,
  },
  book: {
    firstSnapshot: 'stream',
    follows,
    checksum: okxChecksum,
    checksumLevels: CHECKSUM_LEVELS,
    cutsToDepth: true,
  },
  history: [okxTrades, okxCandles, okxFunding],
  refusal,
}
