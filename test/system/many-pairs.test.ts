import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { coins } from '../../src/emulator/coins.js'
import { VENUES } from '../../src/emulator/emulate.js'
import { exchanges } from '../../src/exchanges/index.js'
import { Bench, until } from './harness.js'

const PAIRS = 500
const CHANNELS = ['trades', 'book']
let bench: Bench
beforeEach(() => {
  bench = new Bench()
})
afterEach(() => bench.close())

const state = z.object({
  exchanges: z.record(
    z.string(),
    z.object({
      connections: z.number(),
      connections_opened: z.number(),
      http_requests: z.number(),
      refused: z.object({ connections: z.number(), requests: z.number(), messages: z.number() }),
    }),
  ),
})

/** `live`: how many pairs are waited for: all, but where the venue's own limits make the rest wait for minutes. */
it.each([
  // 6000 a minute are allowed, a snapshot costs 50: the first minute brings 119 books beside the list of instruments.
  { exchange: 'binance', live: 119 },
  { exchange: 'bybit', live: PAIRS },
  { exchange: 'okx', live: PAIRS },
  { exchange: 'kraken', live: PAIRS },
  { exchange: 'coinbase', live: PAIRS },
  // 20 connections a minute, 25 channels each: the first minute brings 250 pairs of two.
  { exchange: 'bitfinex', live: 250 },
  { exchange: 'bitmex', live: PAIRS },
  // Half of the 2400 a minute that both futures markets share; a snapshot costs 20.
  { exchange: 'binance_usdm', live: 59 },
])('$exchange: 500 pairs start within the limits of the venue', async ({ exchange, live }) => {
  await bench.emulate('--exchanges', exchange, '--instruments', String(PAIRS), '--rate', '0.2')
  const pairs = VENUES.find((venue) => venue.exchange === exchange)?.instruments(coins(PAIRS)) ?? []
  bench.config([{ exchange, pairs: pairs.slice(0, PAIRS).map(({ pair }) => pair), channels: CHANNELS, depth: 25 }])
  await bench.startDaemon()
  let rows: Awaited<ReturnType<Bench['streams']>> = []
  const perPair = exchanges[exchange]?.taskPer === 'pair' ? 1 : CHANNELS.length
  await until(
    `${live} pairs live`,
    async () => {
      rows = await bench.streams()
      return rows.filter(({ state }) => state === 'live').length >= live * perPair || undefined
    },
    120_000,
  ).catch((error: unknown) => {
    const waiting = rows.filter((row) => row.state !== 'live').slice(0, 5)
    throw new Error(`${String(error)}: ${JSON.stringify(waiting)} ${bench.daemon?.output.slice(-2000)}`)
  })
  expect(rows.flatMap(({ error }) => error ?? [])).toEqual([])
  const answer = await fetch(`http://127.0.0.1:${bench.port}/_emulator/state`)
  const seen = state.parse(await answer.json()).exchanges[exchange]
  expect(seen?.refused).toEqual({ connections: 0, requests: 0, messages: 0 })
  // Each connection was opened once.
  expect(seen?.connections_opened).toBe(seen?.connections)
})
