import type { ExchangeAdapter } from '../exchange.js'
import { levelList, listOf, object, oneOf } from '../kit/shape.js'

/** Every field and word that the documentation names, also those that `messages.ts` does not read. */
export const templateShapes: ExchangeAdapter['shapes'] = {
  trades: object('topic', { trades: listOf(object('id price size ts', { taker: oneOf('buy', 'sell') })) }),
  book: object('topic u ts', { type: oneOf('snapshot', 'change'), bids: levelList(), asks: levelList() }),
}
