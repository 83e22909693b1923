import type { BookDelta } from '../../model/event.js'
import type { ExchangeAdapter } from '../exchange.js'
import { planOnPath } from '../kit/plan.js'
import { TemplateConversation } from './conversation.js'
import { templateInstruments } from './instruments.js'
import { templateShapes } from './shapes.js'

/** Put here what the venue documents, with a word where it documents nothing. */
const PER_CONNECTION = 100

/**
 * The venue's rule for a book, as a function: `u` rises by 1 from change to change, a snapshot carries the last one that is in it.
 * Where each change names the one before (`prev`), messages.ts gives it as `previousSequence`, and it must be `sequence`.
 */
function follows(sequence: bigint | undefined, { lastSequence: u }: BookDelta): 'apply' | 'stale' | 'break' {
  if (sequence === undefined || u === undefined) return 'break'
  if (u <= sequence) return 'stale'
  return u === sequence + 1n ? 'apply' : 'break'
}

/** The exchange of ADD_AN_EXCHANGE.md: an invented one with the shape of many. Copy this folder; it is not among the exchanges that run. */
export const template: ExchangeAdapter = {
  id: 'template',
  name: 'Template',
  docs: 'https://docs.example.com/websocket',
  capabilities: [
    { channel: 'trades', proof: 'counter', axis: 'exchange' },
    { channel: 'book', proof: 'chain', axis: 'exchange', depths: [50] },
  ],
  limits: {
    subscriptionsPerConnection: PER_CONNECTION,
    messagesPerSecond: 5,
    connects: { count: 60, perMs: 60_000 },
    rest: { weight: 10, perMs: 1000 },
  },
  // Without a path: what is below the host stands in the plan and in the calls.
  endpoints: { websocket: 'wss://ws.example.com', rest: 'https://api.example.com' },
  taskPer: 'pair',
  shapes: templateShapes,
  instruments: [templateInstruments],
  live: {
    plan: (subscriptions) => planOnPath('/v1', PER_CONNECTION, subscriptions),
    converse: (plan, state) => new TemplateConversation(plan, state),
    // A heartbeat comes every 5 s.
    silentAfterMs: 15_000,
    acknowledges: true,
  },
  book: { firstSnapshot: 'stream', follows, cutsToDepth: false },
}
