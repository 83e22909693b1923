import type { Level } from '../../model/event.js'
import type { Json } from '../exchange.js'
import { fields, integer, isFields, list, text } from '../kit/wire.js'
import type { Rate } from './derivatives.js'
import type { Ladder } from './ladder.js'
import { pairedLevels } from './rows.js'
import type { TopTen } from './top-ten.js'

/** What a conversation remembers: books by subscription, funding rates by symbol. */
export interface BitmexMemory {
  readonly ladders: Map<string, Ladder>
  readonly tops: Map<string, TopTen>
  readonly rates: Map<string, Rate>
}

export function emptyMemory(): BitmexMemory {
  return { ladders: new Map(), tops: new Map(), rates: new Map() }
}

/** A ladder is saved as ids and prices by turns: there may be tens of thousands. */
export function savedMemory({ ladders, tops, rates }: BitmexMemory): { readonly [part: string]: Json } {
  return {
    ladders: [...ladders].map(([id, ladder]) => [id, [...ladder].flat()]),
    tops: [...tops].map(([id, { bids, asks }]) => [id, asJson(bids), asJson(asks)]),
    rates: [...rates].map(([symbol, rate]) => [symbol, { ...rate }]),
  }
}

function asJson(levels: readonly Level[]): Json {
  return levels.map(([price, size]) => [price, size])
}

/** Throws a WireError where `state` is not one that `savedMemory` gave. */
export function restoredMemory(state: Json): BitmexMemory {
  const memory = emptyMemory()
  const saved = fields(state, 'state')
  for (const each of list(saved.ladders, 'ladders')) {
    const [id, flat] = list(each, 'ladder')
    const texts = list(flat, 'ladder').map((one) => text(one, 'ladder'))
    const ladder: Ladder = new Map()
    for (let at = 0; at + 1 < texts.length; at += 2) ladder.set(texts[at] ?? '', texts[at + 1] ?? '')
    memory.ladders.set(text(id, 'id'), ladder)
  }
  for (const each of list(saved.tops, 'tops')) {
    const [id, bids, asks] = list(each, 'top')
    memory.tops.set(text(id, 'id'), { bids: pairedLevels(bids, 'bids'), asks: pairedLevels(asks, 'asks') })
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
