import type { AdapterEvent, Level } from '../../model/event.js'
import { type About, isSnapshot, levelChanges } from './messages.js'

/** The levels of a book of one level: more than one a side only between a change and the removal that follows it. */
export interface Best {
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** Levels kept a side, best first; bounds what a venue that forgets a removal could pile up. */
const KEPT = 5

function changed(levels: readonly Level[], changes: readonly Level[], better: 1 | -1): Level[] {
  const prices = new Set(changes.map(([price]) => Number(price)))
  return [...levels.filter(([price]) => !prices.has(Number(price))), ...changes.filter(([, amount]) => Number(amount))]
    .sort((a, b) => better * (Number(b[0]) - Number(a[0])))
    .slice(0, KEPT)
}

/** The best levels after a payload of the channel. */
export function bestAfter(best: Best, payload: readonly unknown[]): Best {
  const { bids, asks } = levelChanges(payload)
  const before = isSnapshot(payload) ? { bids: [], asks: [] } : best
  return { bids: changed(before.bids, bids, 1), asks: changed(before.asks, asks, -1) }
}

/** The quote, where both sides are known; while one of a pair of changes is still to come the sides may cross: no quote then. */
export function quoteEvents({ bids: [bid], asks: [ask] }: Best, { symbol, time }: About): AdapterEvent[] {
  if (!bid || !ask || Number(bid[0]) >= Number(ask[0])) return []
  return [
    {
      kind: 'quote',
      symbol,
      exchangeTime: time,
      sequence: undefined,
      bidPrice: bid[0],
      bidAmount: bid[1],
      askPrice: ask[0],
      askAmount: ask[1],
    },
  ]
}
