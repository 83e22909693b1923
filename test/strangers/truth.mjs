import { readFileSync } from 'node:fs'

/** What the emulator says that happened, by exchange and pair. Numbers as numbers: what strangers give is compared by value. */
export function readTruth(path) {
  const markets = new Map()
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (!line) continue
    const fact = JSON.parse(line)
    if (fact.kind !== 'trade' && fact.kind !== 'book') continue
    const key = `${fact.exchange} ${fact.pair}`
    const market = markets.get(key) ?? { trades: [], states: new Map(), sequences: new Map(), order: [] }
    markets.set(key, market)
    if (fact.kind === 'trade') {
      market.trades.push({
        id: fact.trade_id,
        price: Number(fact.price),
        amount: Number(fact.amount),
        side: fact.taker_side,
        ms: Number(BigInt(fact.exchange_time) / 1_000_000n),
      })
    } else {
      const levels = Math.min(SHOWN, fact.bids.length, fact.asks.length)
      const state = stateKey(fact.bids, fact.asks, levels)
      market.states.set(state, fact.exchange_time)
      // As deep as the truth goes: a level that leaves the best ones lets the next one in.
      market.order.push(new Set(levelsOf(stateKey(fact.bids, fact.asks, fact.bids.length))))
      if (fact.sequence !== null) market.sequences.set(Number(fact.sequence), state)
    }
  }
  return markets
}

/** Best levels a side that are compared. */
export const SHOWN = 10

/** The best levels of a book as text: equal texts are equal books, however the numbers were spelled. */
export function stateKey(bids, asks, levels = SHOWN) {
  const side = (list) =>
    list
      .slice(0, levels)
      .map(([price, amount]) => `${Number(price)}x${Number(amount)}`)
      .join(' ')
  return `${side(bids)} | ${side(asks)}`
}

/**
 * Whether a state is one that the truth names, or what a client sees for a moment where the venue sends a change of several
 * levels as several messages: each of its levels is that of the state before or of the one after.
 */
export function wasSeen(state, market) {
  if (market.states.has(state)) return true
  const levels = levelsOf(state)
  return market.order.some((before, index) => {
    const after = market.order[index + 1]
    return after !== undefined && levels.every((level) => before.has(level) || after.has(level))
  })
}

function levelsOf(state) {
  return state.split(/ (?:\| )?/)
}
