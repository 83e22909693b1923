import type { BookDelta, BookSnapshot } from '../../model/event.js'
import type { BookRules, RestCall, Subscription } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fields, integer, levels } from '../kit/wire.js'
import { errors } from './errors.js'

/** `limit` of `GET /api/v3/depth` that we ask for, and its weight. Fewer than 1000 levels leave a book that soon has holes at its ends. */
const SNAPSHOTS = [
  { limit: 1000, weight: 50 },
  { limit: 5000, weight: 250 },
] as const

/** Levels a side that can be asked for. The stream is the same for all; the REST snapshot reaches 5000. */
export const BINANCE_DEPTHS = [5, 10, 20, 50, 100, 500, 1000, 5000] as const

function snapshot({ symbol, depth = 0 }: Subscription): RestCall<BookSnapshot> {
  const { limit, weight } = SNAPSHOTS.find((each) => each.limit >= depth) ?? SNAPSHOTS[1]
  return {
    path: `/api/v3/depth?symbol=${encodeURIComponent(symbol)}&limit=${limit}`,
    weight,
    read: (body) => readSnapshot(symbol, body),
  }
}

/** The answer has neither time nor symbol. A new instrument has an empty book at -1. Throws BAD_MESSAGE. */
function readSnapshot(symbol: string, body: string): BookSnapshot {
  return readAnswer(body, `depth of ${symbol}`, (answer) => {
    errors.refuse(answer)
    const { lastUpdateId, bids, asks } = fields(answer, 'the answer')
    return {
      kind: 'book_snapshot',
      symbol,
      exchangeTime: undefined,
      bids: levels(bids, 'bids'),
      asks: levels(asks, 'asks'),
      sequence: BigInt(integer(lastUpdateId, 'lastUpdateId')),
      checksum: undefined,
    }
  })
}

/**
 * A change follows a book at L when `U <= L+1 <= u`. Amounts are absolute, so that a change which begins earlier but ends later is whole.
 * https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#how-to-manage-a-local-order-book-correctly
 */
function follows(sequence: bigint | undefined, delta: BookDelta): 'apply' | 'stale' | 'break' {
  const { firstSequence, lastSequence } = delta
  if (sequence === undefined || firstSequence === undefined || lastSequence === undefined) return 'break'
  if (lastSequence <= sequence) return 'stale'
  return firstSequence <= sequence + 1n ? 'apply' : 'break'
}

export const binanceBook: BookRules = { firstSnapshot: 'rest', snapshot, follows, cutsToDepth: false }
