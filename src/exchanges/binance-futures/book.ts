import type { BookDelta, BookSnapshot } from '../../model/event.js'
import { nanosFromMs } from '../../model/time.js'
import type { BookRules, RestCall, Subscription } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fields, integer, levels } from '../kit/wire.js'
import { errors, type Market } from './market.js'

/** Levels a side that can be asked for. The stream is the same for all; the REST snapshot reaches 1000. */
export const DEPTHS = [5, 10, 20, 50, 100, 500, 1000] as const
/** Fewer levels leave a book that soon has holes at its ends. */
const LIMIT = 1000
const LIMIT_WEIGHT = 20

function snapshot(market: Market, { symbol }: Subscription): RestCall<BookSnapshot> {
  return {
    path: `${market.api}/depth?symbol=${encodeURIComponent(symbol)}&limit=${LIMIT}`,
    weight: LIMIT_WEIGHT,
    read: (body) => readSnapshot(symbol, body),
  }
}

/** Throws BAD_MESSAGE. */
function readSnapshot(symbol: string, body: string): BookSnapshot {
  return readAnswer(body, `depth of ${symbol}`, (answer) => {
    errors.refuse(answer)
    const { lastUpdateId, E, bids, asks } = fields(answer, 'the answer')
    return {
      kind: 'book_snapshot',
      symbol,
      exchangeTime: nanosFromMs(E),
      bids: levels(bids, 'bids'),
      asks: levels(asks, 'asks'),
      sequence: BigInt(integer(lastUpdateId, 'lastUpdateId')),
      checksum: undefined,
    }
  })
}

/**
 * The first change after a snapshot at L has `U <= L <= u`, or `pu` = L; each later one names the one before by `pu`. Numbers between are
 * other instruments': `U` is not the next number.
 * https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams/How-to-manage-a-local-order-book-correctly
 */
function follows(sequence: bigint | undefined, delta: BookDelta, first: boolean): 'apply' | 'stale' | 'break' {
  const { firstSequence, lastSequence, previousSequence } = delta
  if (sequence === undefined || firstSequence === undefined || lastSequence === undefined) return 'break'
  if (previousSequence === sequence) return 'apply'
  if (lastSequence < sequence || (lastSequence === sequence && !first)) return 'stale'
  return first && firstSequence <= sequence ? 'apply' : 'break'
}

export function bookRules(market: Market): BookRules {
  return { firstSnapshot: 'rest', snapshot: (of) => snapshot(market, of), follows, cutsToDepth: false }
}
