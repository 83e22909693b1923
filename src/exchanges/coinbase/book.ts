import type { BookSnapshot } from '../../model/event.js'
import { nanosFromIso } from '../../model/time.js'
import type { BookRules, RestCall, Subscription } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fields, levels } from '../kit/wire.js'
import { refuseMessage } from './instruments.js'

/** The whole book by REST, aggregated by price: `[price, size, number of orders]`. Its `sequence` is not one that the feed of levels tells. */
function snapshot({ symbol }: Subscription): RestCall<BookSnapshot> {
  return {
    path: `/products/${encodeURIComponent(symbol)}/book?level=2`,
    weight: 1,
    read: (body) =>
      readAnswer(body, `book of ${symbol}`, (answer) => {
        refuseMessage(answer)
        const { bids, asks, time } = fields(answer, 'the answer')
        return {
          kind: 'book_snapshot',
          symbol,
          exchangeTime: nanosFromIso(time),
          bids: levels(bids, 'bids'),
          asks: levels(asks, 'asks'),
          sequence: undefined,
          checksum: undefined,
        }
      }),
  }
}

export const coinbaseBook: BookRules = {
  firstSnapshot: 'stream',
  // The public feed of levels has neither sequence nor checksum: a snapshot beside it tells whether a change was lost.
  snapshot,
  refreshEveryMs: 600_000,
  follows: () => 'apply',
  cutsToDepth: false,
}
