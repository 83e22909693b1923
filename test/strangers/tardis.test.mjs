import assert from 'node:assert/strict'
import { normalizeBookChanges, normalizeTrades, streamNormalized } from 'tardis-dev'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { startEmulator } from './emulator.mjs'
import { judged } from './judged.mjs'
import { readTruth, SHOWN, stateKey, wasSeen } from './truth.mjs'
import { TARDIS } from './venues.mjs'

const WATCH_MS = 30_000

/** Every book state and trade that the client sees within the time. */
async function collect(venue, port) {
  const variable = `WSS_URL_${venue.tardis.toUpperCase().replaceAll('-', '_')}`
  process.env[variable] = `ws://127.0.0.1:${port}/${venue.exchange}${venue.path}`
  const seen = { trades: [], states: [] }
  const book = { bids: new Map(), asks: new Map() }
  const messages = streamNormalized(
    { exchange: venue.tardis, symbols: [venue.symbol], timeoutIntervalMS: 10_000 },
    normalizeTrades,
    normalizeBookChanges,
  )
  const timer = setTimeout(() => messages.return(), WATCH_MS)
  for await (const message of messages) {
    if (message.type === 'trade') seen.trades.push(message)
    if (message.type === 'book_change') {
      if (message.isSnapshot) for (const side of Object.values(book)) side.clear()
      for (const [name, side] of Object.entries(book)) {
        for (const { price, amount } of message[name]) {
          if (amount === 0) side.delete(price)
          else side.set(price, amount)
        }
      }
      seen.states.push(
        stateKey(
          [...book.bids].sort(([a], [b]) => b - a),
          [...book.asks].sort(([a], [b]) => a - b),
        ),
      )
    }
  }
  clearTimeout(timer)
  return seen
}

const collected = []
let emulator
let truth

beforeAll(async () => {
  emulator = await startEmulator(['--seed', 'strangers', '--rate', '10', '--instruments', '2'])
  collected.push(...(await Promise.all(TARDIS.map((venue) => collect(venue, emulator.port)))))
  await emulator.stop()
  truth = readTruth(emulator.truth)
}, WATCH_MS + 60_000)
afterAll(() => emulator?.remove())

for (const [index, venue] of TARDIS.entries()) {
  describe(`tardis-dev ${venue.tardis} on the emulated ${venue.exchange}`, () => {
    const market = () => {
      const found = truth.get(`${venue.exchange} ${venue.pair}`)
      assert.ok(found, `the truth has ${venue.exchange} ${venue.pair}`)
      return found
    }

    const asked = (test, run) => {
      const reason = venue.left?.[test]
      if (reason) it.skip(`${test} (skipped: ${reason})`, run)
      else judged('tardis', venue.exchange, test, run)
    }

    asked('trades', () => {
      const { trades } = collected[index]
      assert.ok(trades.length > 20, `${trades.length} trades came`)
      const known = new Map(market().trades.map((trade) => [trade.id, trade]))
      for (const { id, price, amount, side, timestamp } of trades) {
        const { id: _id, ...real } = known.get(id) ?? {}
        assert.deepEqual({ price, amount, side, ms: timestamp.getTime() }, real)
      }
    })

    asked('books', () => {
      // The first comes from a REST snapshot or in the middle of the feed.
      const states = collected[index].states.slice(1)
      assert.ok(states.length > 20, `${states.length} states of the book came`)
      const wrong = states.filter((state) =>
        venue.levelByLevel ? !wasSeen(state, market()) : !market().states.has(state),
      )
      assert.equal(wrong.length, 0, `${wrong.length} of ${states.length} never were (best ${SHOWN}): ${wrong[0]}`)
    })
  })
}
