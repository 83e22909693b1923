import { expect, it } from 'vitest'
import type { StreamRow } from '../../api/contract.js'
import { venuesOf } from './venue.js'

const STREAM: StreamRow = {
  key: 'a',
  exchange: 'kraken',
  pair: 'BTC/USD',
  channels: ['trades'],
  time_step: 60,
  running: true,
  state: 'live',
  last_frame: null,
  last_event: null,
  rate: 50,
  lag_ms: 10,
  lag_p99_ms: 30,
  reconnects: 0,
  gaps: 0,
  rows: 0,
  error: null,
  configured: true,
}

it('weighs the lag of a stream by what it receives: one that is sent hourly does not stand for its exchange', () => {
  const busy = [STREAM, { ...STREAM, key: 'b', lag_ms: 12, lag_p99_ms: 40 }]
  const hourly = { ...STREAM, key: 'c', rate: 0, lag_ms: 36_000, lag_p99_ms: 40_000 }
  const [venue] = venuesOf([...busy, hourly], [])
  expect(venue).toMatchObject({ lagMedian: 10, lagHigh: 40, rate: 100, up: 3 })
  expect(venuesOf([hourly], [])[0]).toMatchObject({ lagMedian: 36_000, lagHigh: 40_000 })
  expect(venuesOf([{ ...STREAM, lag_ms: null, lag_p99_ms: null }], [])[0]?.lagHigh).toBeUndefined()
})
