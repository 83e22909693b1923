import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import ccxt from 'ccxt'
import { afterAll, beforeAll, describe } from 'vitest'
import { startEmulator } from './emulator.mjs'
import { judged } from './judged.mjs'
import { readTruth, SHOWN, stateKey, wasSeen } from './truth.mjs'
import { VENUES } from './venues.mjs'

/** Long enough for a whole candle of a minute to open and close, wherever in a minute it begins. */
const WATCH_MS = 145_000
const MINUTE = 60_000
/** Books asked for by REST, one after the other. */
const BOOKS = 12

/** Every URL of the client, host replaced by the emulator and venue. */
function redirected(urls, base) {
  if (typeof urls === 'string') return urls.replace(/^(ws|http)s?:\/\/[^/]+/, (_all, scheme) => `${scheme}://${base}`)
  if (typeof urls !== 'object' || urls === null) return urls
  return Object.fromEntries(Object.entries(urls).map(([name, each]) => [name, redirected(each, base)]))
}

function client(venue, port) {
  const made = new ccxt.pro[venue.ccxt]({
    enableRateLimit: true,
    newUpdates: true,
    options: venue.options ?? {},
    ...venue.keys,
  })
  made.httpAgent = new Agent()
  made.urls.api = redirected(made.urls.api, `127.0.0.1:${port}/${venue.exchange}`)
  return made
}

/** What a call gave, or why it failed: judged later, beside the truth. */
async function tried(call) {
  try {
    return { value: await call() }
  } catch (error) {
    return { error }
  }
}

/** Everything that the client sees within the time. */
async function collect(venue, port, until) {
  const exchange = client(venue, port)
  const seen = { trades: [], states: [], errors: [] }
  const markets = await tried(() => exchange.loadMarkets())
  if (markets.error) return { markets }
  const watch = async (call, keep) => {
    while (Date.now() < until) {
      try {
        keep(await call())
      } catch (error) {
        if (Date.now() >= until) return
        seen.errors.push(error)
        if (seen.errors.length > 3) return
      }
    }
  }
  const watching = Promise.all([
    watch(
      () => exchange.watchTrades(venue.symbol),
      (trades) => seen.trades.push(...trades),
    ),
    watch(
      () => exchange.watchOrderBook(venue.symbol, venue.depth),
      (book) => seen.states.push(stateKey(book.bids, book.asks)),
    ),
  ])
  await new Promise((resolve) => setTimeout(resolve, until - Date.now() - 15_000))
  const rest = {
    trades: await tried(() => exchange.fetchTrades(venue.symbol, undefined, 100)),
    candlesAt: Date.now(),
    candles: await tried(() => exchange.fetchOHLCV(venue.symbol, '1m', undefined, 10)),
    books: [],
  }
  for (let times = 0; times < BOOKS; times++) {
    rest.books.push(await tried(() => exchange.fetchOrderBook(venue.symbol, venue.restDepth)))
    await new Promise((resolve) => setTimeout(resolve, 700))
  }
  await Promise.race([watching, new Promise((resolve) => setTimeout(resolve, until - Date.now() + 2_000))])
  await exchange.close()
  return { markets, seen, ...rest }
}

const emulated = []
let emulator
let truth

beforeAll(async () => {
  emulator = await startEmulator(['--seed', 'strangers', '--rate', '5', '--instruments', '3'])
  const until = Date.now() + WATCH_MS
  emulated.push(...(await Promise.all(VENUES.map((venue) => collect(venue, emulator.port, until)))))
  await emulator.stop()
  truth = readTruth(emulator.truth)
}, WATCH_MS + 60_000)
afterAll(() => emulator?.remove())

function marketOf(venue) {
  const market = truth.get(`${venue.exchange} ${venue.pair}`)
  assert.ok(market, `the truth has ${venue.exchange} ${venue.pair}`)
  return market
}

function answerOf({ value, error }) {
  if (error) throw error
  return value
}

/** Trades by id where the venue has ids. */
function sameTrades(trades, all) {
  const known = new Map(all.map((trade) => [trade.id, trade]))
  for (const trade of trades) {
    const real = known.get(trade.id)
    assert.ok(real, `trade ${trade.id} happened`)
    assert.deepEqual(
      { price: trade.price, amount: trade.amount, side: trade.side, ms: trade.timestamp },
      { price: real.price, amount: real.amount, side: real.side, ms: real.ms },
    )
  }
}

/** The fills of one order at one price as one trade, under the id of the last: those ids that were seen, and a trade for each fill between. */
function gathered(trades, ids) {
  const result = []
  let open
  for (const trade of trades) {
    const same = open?.price === trade.price && open.side === trade.side && open.ms === trade.ms && !ids.has(open.id)
    open = same ? { ...trade, amount: Number((open.amount + trade.amount).toFixed(8)) } : { ...trade }
    if (same) result.pop()
    result.push(open)
  }
  return result
}

const CALLS = {
  fetchMarkets: (venue, { markets }) => {
    const names = [...truth.keys()]
      .filter((key) => key.startsWith(`${venue.exchange} `))
      .map((key) => key.split(' ')[1])
    const listed = new Map(Object.values(answerOf(markets)).map((each) => [each.symbol, each]))
    const market = listed.get(venue.symbol)
    assert.ok(market, `${venue.symbol} is listed`)
    assert.ok(market.active !== false, 'it is active')
    assert.ok(listed.size >= names.filter((name) => !name.includes(':')).length, 'all that traded is listed')
  },
  watchTrades: (venue, { seen }) => {
    assert.deepEqual(seen.errors, [])
    assert.ok(seen.trades.length > 20, `${seen.trades.length} trades came`)
    const { trades } = marketOf(venue)
    const real = venue.aggregates ? gathered(trades, new Set(seen.trades.map(({ id }) => id))) : trades
    sameTrades(seen.trades, real)
    // From the first to the last that it saw, none is missing and none came twice.
    const ids = seen.trades.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length, 'none twice')
    const all = real.map(({ id }) => id)
    assert.deepEqual(ids, all.slice(all.indexOf(ids[0]), all.indexOf(ids.at(-1)) + 1))
  },
  watchOrderBook: (venue, { seen }) => {
    assert.deepEqual(seen.errors, [])
    const market = marketOf(venue)
    // The first may be the REST snapshot, taken between two states that the feed shows.
    const shown = seen.states.slice(1)
    assert.ok(shown.length > 20, `${shown.length} states of the book came`)
    const wrong = shown.filter((state) => !(venue.levelByLevel ? wasSeen(state, market) : market.states.has(state)))
    assert.equal(wrong.length, 0, `${wrong.length} of ${shown.length} states never were, such as ${wrong[0]}`)
  },
  fetchTrades: (venue, { trades }) => {
    const value = answerOf(trades)
    assert.ok(value.length > 20, `${value.length} trades`)
    sameTrades(value, marketOf(venue).trades)
  },
  fetchOHLCV: (venue, { candles, candlesAt }) => {
    const value = answerOf(candles)
    const { trades } = marketOf(venue)
    // The first whole minute of the emulator, and all that had closed when it was asked.
    const start = Math.ceil(trades[0].ms / MINUTE) * MINUTE
    const whole = value.filter(([open]) => open >= start && open + MINUTE < candlesAt)
    assert.ok(whole.length > 0, 'a whole minute is among the candles')
    for (const [open, ...candle] of whole) {
      const inside = trades.filter(({ ms }) => ms >= open && ms < open + MINUTE)
      const prices = inside.map(({ price }) => price)
      const coinsOf = ({ amount, price }) => (venue.inverse ? (amount * venue.inverse) / price : amount)
      const volume = inside.reduce((sum, trade) => sum + coinsOf(trade), 0) * (venue.coins ?? 1)
      const before = trades.filter(({ ms }) => ms < open).at(-1)
      const first = venue.opensAtClose && before ? before.price : prices[0]
      assert.deepEqual(candle.slice(0, 4), [first, Math.max(...prices), Math.min(...prices), prices.at(-1)])
      assert.ok(Math.abs(candle[4] - volume) < 1e-6 * volume, `volume ${candle[4]} of ${volume}`)
    }
  },
  fetchOrderBook: (venue, { books }) => {
    const { states, sequences } = marketOf(venue)
    let equal = 0
    for (const answer of books) {
      const { bids, asks, nonce } = answerOf(answer)
      assert.ok(bids.length >= SHOWN && asks.length >= SHOWN)
      const state = stateKey(bids, asks)
      if (sequences.has(nonce)) assert.equal(state, sequences.get(nonce))
      if (states.has(state)) equal++
    }
    // What was asked between two states of the feed is none of them.
    assert.ok(equal >= 3, `${equal} of ${books.length} books are states that the feed showed`)
  },
}

for (const [index, venue] of VENUES.entries()) {
  describe(`ccxt ${venue.ccxt} on ${venue.pair} of the emulated ${venue.exchange}`, () => {
    for (const [call, judge] of Object.entries(CALLS)) {
      judged('ccxt', venue.exchange, call, () => {
        const seen = emulated[index]
        if (!seen.seen && call !== 'fetchMarkets') throw seen.markets.error
        judge(venue, seen)
      })
    }
  })
}
