import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { coins } from '../src/emulator/coins.js'
import { VENUES } from '../src/emulator/emulate.js'
import { exchanges } from '../src/exchanges/index.js'
import { Cleanup } from '../testkit/emulator-client.js'
import { type RecordedStream, startRig } from '../testkit/recording-rig.js'
import { visibleRows } from '../testkit/truth.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

/** By which a book shows for itself that a change was lost; a counter of the whole connection cannot. */
const OF_ONE_BOOK: readonly string[] = ['counter', 'chain', 'checksum']
const PAIRS = 4
const counts = z.object({
  exchanges: z.record(z.string(), z.object({ connections: z.number(), connections_opened: z.number() })),
})
const until = (condition: () => boolean | Promise<boolean>) =>
  expect.poll(condition, { timeout: 50_000, interval: 50 }).toBe(true)

/** In a row; a checksum would not show one alone that lies below the levels which it covers. */
const LOST = 10

it('what is lost of one book costs that book a gap and a snapshot, and its neighbours on the connection nothing', async () => {
  const symbols = new Map<string, string>()
  const streams = VENUES.flatMap(({ exchange, instruments }): RecordedStream[] => {
    const proof = exchanges[exchange]?.capabilities.find(({ channel }) => channel === 'book')?.proof ?? 'none'
    const specs = instruments(coins(PAIRS)).slice(0, PAIRS)
    symbols.set(exchange, specs[0]?.symbol ?? '')
    const pairs = specs.map(({ pair }) => pair)
    return OF_ONE_BOOK.includes(proof) ? [{ exchange, pairs, channels: ['trades', 'book'] }] : []
  })
  const ids = streams.map(({ exchange }) => exchange)
  expect(ids).toEqual(['binance', 'binance_usdm', 'binance_coinm', 'kraken', 'bybit', 'okx'])
  const rig = await startRig(cleanup, { emulator: { seed: '9', rate: 20, instruments: PAIRS }, streams })
  const gapsOf = (exchange: string, pair = '') => rig.reports.get(`${exchange} ${pair}`)?.gaps ?? 0
  await until(rig.isLive)
  await rig.fault(
    ...ids.map((exchange) => ({
      fault: 'lose',
      exchange,
      channel: 'book',
      symbol: symbols.get(exchange),
      count: LOST,
    })),
  )
  await expect
    .poll(() => streams.flatMap(({ exchange, pairs }) => (gapsOf(exchange, pairs[0]) ? [] : [exchange])), {
      timeout: 50_000,
    })
    .toEqual([])
  await until(rig.isLive)
  const rows = new Map([...rig.reports].map(([key, report]) => [key, report.rows]))
  await until(() => [...rig.reports].every(([key, report]) => report.rows > (rows.get(key) ?? 0)))
  for (const each of Object.values(counts.parse(await rig.state()).exchanges))
    expect(each.connections_opened).toBe(each.connections)
  const { gaps, verdict } = await rig.verdict()
  expect(gaps.map(({ dataset }) => dataset).sort()).toEqual(
    streams.map(({ exchange, pairs }) => `${exchange} book_deltas ${pairs[0]}`).sort(),
  )
  expect([verdict.lost, verdict.doubled, verdict.wrong]).toEqual([0, 0, 0])
  for (const { exchange, pairs } of streams)
    for (const [at, pair] of pairs.entries()) {
      const stored = await visibleRows(rig.data, exchange, 'book_deltas', pair)
      const snapshots = new Set(stored.filter((row) => row.is_snapshot === true).map(({ frame }) => frame))
      expect(snapshots.size, `${exchange} ${pair}`).toBe(at === 0 ? 2 : 1)
    }
})
