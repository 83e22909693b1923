import type { BookSnapshot } from '../../model/event.js'
import type { BookRules, RestCall, Subscription } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { readLossless } from '../kit/lossless-json.js'
import { fields, list } from '../kit/wire.js'
import { refuseError } from './instruments.js'
import { wholeBook } from './ladder.js'

/** The whole book has no bound: 0 asks for it. */
const WHOLE = 10_000

/** Rows as in the stream. */
function snapshot({ symbol, depth = WHOLE }: Subscription): RestCall<BookSnapshot> {
  return {
    path: `/api/v1/orderBook/L2?symbol=${encodeURIComponent(symbol)}&depth=${depth >= WHOLE ? 0 : depth}`,
    weight: 1,
    read: (body) =>
      readAnswer(
        body,
        `book of ${symbol}`,
        (answer) => {
          refuseError(answer)
          const rows = list(answer, 'rows').map((each) => fields(each, 'row'))
          return wholeBook(new Map(), rows, symbol)
        },
        readLossless,
      ),
  }
}

export const bitmexBook: BookRules = {
  firstSnapshot: 'stream',
  // There is neither sequence nor checksum: a snapshot beside the stream tells whether a change was lost.
  snapshot,
  refreshEveryMs: 600_000,
  follows: () => 'apply',
  cutsToDepth: false,
}
