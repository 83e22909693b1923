import type { Level } from '../../model/event.js'
import type { Json } from '../exchange.js'
import { fields, list, text } from '../kit/wire.js'
import type { Ladder } from './ladder.js'
import { pairedLevels } from './rows.js'
import type { TopTen } from './top-ten.js'

/** What a conversation remembers of books, by subscription. */
export interface BitmexBooks {
  readonly ladders: Map<string, Ladder>
  readonly tops: Map<string, TopTen>
}

export function emptyBooks(): BitmexBooks {
  return { ladders: new Map(), tops: new Map() }
}

/** A ladder is saved as ids and prices by turns: there may be tens of thousands. */
export function stateOfBooks({ ladders, tops }: BitmexBooks): Json {
  return {
    ladders: [...ladders].map(([id, ladder]) => [id, [...ladder].flat()]),
    tops: [...tops].map(([id, { bids, asks }]) => [id, asJson(bids), asJson(asks)]),
  }
}

function asJson(levels: readonly Level[]): Json {
  return levels.map(([price, size]) => [price, size])
}

/** Throws a WireError where `state` is not one that `stateOfBooks` gave. */
export function savedBooks(state: Json): BitmexBooks {
  const books = emptyBooks()
  const saved = fields(state, 'state')
  for (const each of list(saved.ladders, 'ladders')) {
    const [id, flat] = list(each, 'ladder')
    const texts = list(flat, 'ladder').map((one) => text(one, 'ladder'))
    const ladder: Ladder = new Map()
    for (let at = 0; at + 1 < texts.length; at += 2) ladder.set(texts[at] ?? '', texts[at + 1] ?? '')
    books.ladders.set(text(id, 'id'), ladder)
  }
  for (const each of list(saved.tops, 'tops')) {
    const [id, bids, asks] = list(each, 'top')
    books.tops.set(text(id, 'id'), { bids: pairedLevels(bids, 'bids'), asks: pairedLevels(asks, 'asks') })
  }
  return books
}
