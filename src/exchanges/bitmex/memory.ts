import type { Json } from '../exchange.js'
import { WholeBooks } from '../kit/whole-books.js'
import { fields, integer, isFields, list, text } from '../kit/wire.js'
import type { Rate } from './derivatives.js'
import type { Ladder } from './ladder.js'

/** What a conversation remembers: books by subscription, funding rates by symbol. */
export interface BitmexMemory {
  readonly ladders: Map<string, Ladder>
  readonly tops: WholeBooks
  readonly rates: Map<string, Rate>
}

export function emptyMemory(): BitmexMemory {
  return { ladders: new Map(), tops: new WholeBooks(), rates: new Map() }
}

/** A ladder is saved as ids and prices by turns: there may be tens of thousands. */
export function savedMemory({ ladders, tops, rates }: BitmexMemory): { readonly [part: string]: Json } {
  return {
    ladders: [...ladders].map(([id, ladder]) => [id, [...ladder].flat()]),
    tops: tops.state,
    rates: [...rates].map(([symbol, rate]) => [symbol, { ...rate }]),
  }
}

/** Throws a WireError where `state` is not one that `savedMemory` gave. */
export function restoredMemory(state: Json): BitmexMemory {
  const saved = fields(state, 'state')
  const memory: BitmexMemory = { ...emptyMemory(), tops: new WholeBooks(saved.tops) }
  for (const each of list(saved.ladders, 'ladders')) {
    const [id, flat] = list(each, 'ladder')
    const texts = list(flat, 'ladder').map((one) => text(one, 'ladder'))
    const ladder: Ladder = new Map()
    for (let at = 0; at + 1 < texts.length; at += 2) ladder.set(texts[at] ?? '', texts[at + 1] ?? '')
    memory.ladders.set(text(id, 'id'), ladder)
  }
  for (const each of list(saved.rates, 'rates')) {
    const [symbol, rate] = list(each, 'rate')
    memory.rates.set(text(symbol, 'symbol'), savedRate(rate))
  }
  return memory
}

function savedRate(value: unknown): Rate {
  const { rate, predicted, next, seconds } = isFields(value) ? value : {}
  return {
    ...(rate === undefined ? {} : { rate: text(rate, 'rate') }),
    ...(predicted === undefined ? {} : { predicted: text(predicted, 'predicted') }),
    ...(next === undefined ? {} : { next: text(next, 'next') }),
    ...(seconds === undefined ? {} : { seconds: integer(seconds, 'seconds') }),
  }
}
