import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Rows } from '../src/model/row.js'
import { dayOf, type Nanos, SECOND } from '../src/model/time.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { ReadOnlyData } from '../src/store/reader.js'
import { Store } from '../src/store/store.js'
import { FakeClock } from '../testkit/fake-clock.js'
import { candle, delta, trade } from '../testkit/store-rows.js'
import { type Figure, figure } from './figure.js'

/** 2026-11-23T23:00:00Z: the hour before the day that is measured. */
const EVENING: Nanos = 1_795_474_800n * SECOND
const EVENING_HOURS = 1
const TICK_MINUTES = 4
const OFFSET_MS = 10_000

/** Rows a day of one dataset. */
interface Stream {
  readonly kind: 'trades' | 'book_deltas' | 'book_snapshots' | 'quotes' | 'ohlc'
  readonly pair: string
  readonly perDay: number
}

/** A busy pair, one of the middle and a quiet one, with what is usually recorded of each. */
const STREAMS: readonly Stream[] = [
  ...pair('BTC', 4_000_000, 800_000, 500_000),
  ...pair('ETH', 1_000_000, 200_000, 100_000),
  ...pair('ADA', 100_000, 40_000, 20_000),
  ...pair('ZEC', 20_000, 5000, 800),
]

function pair(base: string, deltas: number, quotes: number, trades: number): Stream[] {
  const name = `${base}/USDT`
  return [
    { kind: 'book_deltas', pair: name, perDay: deltas },
    { kind: 'quotes', pair: name, perDay: quotes },
    { kind: 'trades', pair: name, perDay: trades },
    { kind: 'book_snapshots', pair: name, perDay: 24 * 60 * 40 },
    { kind: 'ohlc', pair: name, perDay: 24 * 60 },
  ]
}

/** A market that wanders; the same each time. */
class Market {
  private state = 12_345
  private price = 65_000
  private n = 0

  private random(): number {
    this.state = (Math.imul(this.state, 1_103_515_245) + 12_345) >>> 0
    return this.state / 2 ** 32
  }

  row({ kind }: Stream, time: Nanos): Rows[Stream['kind']] {
    const n = this.n++
    this.price += this.random() - 0.5
    const price = this.price.toFixed(2)
    const amount = (this.random() ** 4 * 3).toFixed(5)
    const more = {
      exchange_time: time - (time % 1_000_000n),
      receive_time: time + BigInt(Math.floor(this.random() * 40_000_000)),
      day: dayOf(time),
      price,
      amount,
    }
    const side = this.random() < 0.5 ? 'bid' : 'ask'
    if (kind === 'trades') return trade(n, { ...more, taker_side: side === 'bid' ? 'buy' : 'sell' })
    if (kind === 'ohlc')
      return candle(n, { ...more, open_time: time - (time % (60n * SECOND)), open: price, volume: amount })
    const level = delta(n, { ...more, side, is_snapshot: false, price: (this.price + this.random() * 20).toFixed(2) })
    if (kind === 'book_deltas') return level
    if (kind === 'book_snapshots') return { ...level, level: n % 40, proof: 'verified' }
    const ask = { ask_price: (this.price + 0.01).toFixed(2), ask_amount: amount }
    return { ...level, sequence: BigInt(n), bid_price: price, bid_amount: amount, ...ask }
  }
}

/**
 * A day of recording in the clock of a simulation, with the real store: commits each four minutes, publishing by its own rules. What it costs the disk, and how far readers
 * from outside are behind at worst.
 */
export async function benchDay(): Promise<Figure[]> {
  const dataPath = await mkdtemp(join(tmpdir(), 'dccd-bench-'))
  try {
    return await day(dataPath)
  } finally {
    await rm(dataPath, { recursive: true, force: true })
  }
}

async function day(dataPath: string): Promise<Figure[]> {
  const clock = new FakeClock(EVENING)
  const store = await Store.open({ dataPath, clock })
  const lane = await store.allocateLane()
  const market = new Market()
  const builder = new ColumnBuilder()
  let worstLag = 0
  let laggard = ''
  let slowest = 0
  let rows = 0
  const ticks = ((EVENING_HOURS + 24) * 60) / TICK_MINUTES
  for (let tick = 0; tick < ticks; tick++) {
    const from = EVENING + BigInt(tick * TICK_MINUTES * 60) * SECOND
    clock.advance(TICK_MINUTES * 60_000 + (tick === 0 ? OFFSET_MS : 0))
    for (const stream of STREAMS) {
      const share = (stream.perDay * TICK_MINUTES) / 1440
      const count = Math.floor(share * (tick + 1)) - Math.floor(share * tick)
      const step = BigInt(TICK_MINUTES * 60) * SECOND
      const key = `binance ${stream.kind} ${stream.pair}${stream.kind === 'ohlc' ? ' 1m' : ''}`
      for (let n = 0; n < count; n++)
        builder.row(stream.kind, key, market.row(stream, from + (step * BigInt(n)) / BigInt(count)))
      rows += count
    }
    await store.submit(lane, tick, builder.take())
    await store.commit()
    for (const { dataset, published, unpublishedRows } of await store.inventory()) {
      const lag = published !== undefined && unpublishedRows > 0 ? Number(clock.wall() - published) / 60e9 : 0
      if (lag <= worstLag) continue
      worstLag = lag
      laggard = `${dataset.kind} ${dataset.pair}`
    }
    const began = performance.now()
    await store.publish()
    slowest = Math.max(slowest, performance.now() - began)
  }
  clock.advance(6 * 60_000)
  await store.publish()
  await store.close()
  const data = await ReadOnlyData.open(dataPath)
  const { written, stored } = data.reader.writeAmplification()
  const files = data.reader.inventory().reduce((sum, each) => sum + each.files, 0)
  await data.close()
  const hidden = (await readdir(join(dataPath, '.dccd/tail'))).length
  const name = `a day of ${STREAMS.length} datasets, ${Math.round(rows / 1e6)} M rows, ${Math.round(stored / 1e6)} MB`
  return [
    figure(`${name}: bytes of Parquet written over bytes that stand, vs bound`, 'times', written / stored, 5),
    figure(`  minutes that a reader from outside is behind at worst (${laggard}), vs bound`, 'minutes', worstLag, 15),
    figure(`  visible files (${hidden} hidden)`, 'files', files, STREAMS.length * 26),
    figure('  the longest publish', 'ms', slowest, 60_000),
  ]
}
