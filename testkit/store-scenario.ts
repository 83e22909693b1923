import { dayOf, SECOND } from '../src/model/time.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { Store } from '../src/store/store.js'
import { FakeClock } from './fake-clock.js'
import { delta, TEN, TRADES, trade } from './store-rows.js'

export const BOOK = 'binance book_deltas BTC/USDT'
/** Two: each kind of operation happens, also the replacing of a file and the removal of what it replaced. */
export const ROUNDS = 2
const PER_ROUND = 3
const MINUTES = 16
/** Ten minutes before a full hour: the second round is in a file of its hour. */
const START = TEN + 3000n * SECOND
/** Rows from which a partition is split. */
const SPLIT_ROWS = 2

/** When the n-th row happens. */
function timeOf(n: number): bigint {
  const round = Math.floor(n / PER_ROUND)
  return START + BigInt(round * MINUTES * 60 + n) * SECOND
}

/** The times of the n-th row. */
function at(n: number) {
  const exchange_time = timeOf(n)
  return { exchange_time, receive_time: exchange_time + 1n, day: dayOf(exchange_time) }
}

/** What a lane hands over with its n-th position: rows that partly came before, and how far the ledger then is. */
function batch(round: number) {
  const builder = new ColumnBuilder()
  // The first trade of a round is the last one of the round before: received twice, stored once.
  for (let n = Math.max(0, round * PER_ROUND - 1); n < (round + 1) * PER_ROUND; n++)
    builder.row('trades', TRADES, trade(n, at(n)))
  for (let n = round * PER_ROUND; n < (round + 1) * PER_ROUND; n++) builder.row('book_deltas', BOOK, delta(n, at(n)))
  const until = timeOf((round + 1) * PER_ROUND - 1)
  for (const dataset of [TRADES, BOOK])
    builder.fact({ fact: 'held', dataset, run: 1n, from: START, until, proof: 'observed', before: null, last: null })
  return builder.take()
}

/** The ids of all trades that the scenario stores. */
export const TRADE_IDS = Array.from({ length: ROUNDS * PER_ROUND }, (_, n) => String(n))

/**
 * A lane from its first to its last commit, published on the way, spent files removed: goes on where an earlier attempt ended, as recovery from the
 * journal does. `told` hears each position that is committed. Returns the position that was committed before, -1 for none.
 */
export async function storeScenario(
  dataPath: string,
  told: (position: number) => void,
  rounds = ROUNDS,
): Promise<number> {
  const clock = new FakeClock(START)
  const store = await Store.open({ dataPath, clock, threads: 1, memoryLimit: '128MB', splitRows: SPLIT_ROWS })
  const [known] = await store.laneState()
  const lane = known?.lane ?? (await store.allocateLane())
  const committed = known?.committed ?? -1
  clock.advance((committed + 1) * MINUTES * 60_000)
  // In which files later rows are is decided when the earlier ones are published.
  await store.publish()
  for (let round = committed + 1; round < rounds; round++) {
    await store.submit(lane, round, batch(round))
    await store.commit()
    told(round)
    await store.publish()
    clock.advance(MINUTES * 60_000)
  }
  await store.publish({ all: true })
  if (known?.open !== false) await store.closeLane(lane)
  clock.advance(MINUTES * 60_000)
  await store.publish({ all: true })
  await store.close()
  return committed
}
