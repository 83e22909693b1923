import { describe, expect, it } from 'vitest'
import type { inventoryRows } from './inventory.js'
import { storedStreams } from './stored-streams.js'
import type { StreamJson } from './streams.js'

type Stored = Awaited<ReturnType<typeof inventoryRows>>[number]

function stored(of: Partial<Stored> & Pick<Stored, 'exchange' | 'kind' | 'pair'>): Stored {
  return {
    interval: null,
    rows: 1,
    unpublished_rows: 0,
    files: 1,
    bytes: 1,
    first: '2026-01-01',
    last: '2026-01-01',
    first_event: null,
    last_event: null,
    published: null,
    held_until: null,
    coverage: 1,
    held_s: 1,
    missing_s: 0,
    gaps: 0,
    ...of,
  }
}

const BTC = { exchange: 'binance', pair: 'BTC/USDT' } as const
const idle: StreamJson = {
  ...BTC,
  key: 'binance_BTC_USDT_trades_book_ohlc:1m',
  channels: ['trades', 'book', 'ohlc:1m'],
  time_step: 5,
  running: false,
  state: 'stopped',
  last_frame: null,
  last_event: null,
  rate: 0,
  lag_ms: null,
  lag_p99_ms: null,
  reconnects: 0,
  gaps: 0,
  rows: 0,
  error: null,
  configured: true,
}

// Whoever asks after a night in which nothing ran wants to know what is there, not an empty list.
describe('streams while no daemon runs', () => {
  it('a configured one shows what the catalog holds of its channels', () => {
    const rows = [
      stored({ ...BTC, kind: 'trades', rows: 10, gaps: 2, last_event: '2026-01-01T00:00:05Z' }),
      stored({ ...BTC, kind: 'book_deltas', rows: 20, last_event: '2026-01-01T00:00:09Z' }),
      stored({ ...BTC, kind: 'book_snapshots', rows: 5 }),
      stored({ ...BTC, kind: 'ohlc', interval: '1m', rows: 3 }),
    ]
    expect(storedStreams([idle], rows, () => 'pair')).toEqual([
      { ...idle, rows: 38, gaps: 2, last_event: '2026-01-01T00:00:09Z' },
    ])
  })

  it('what is stored and not configured stands behind, not running, one by pair or one by channel', () => {
    const rows = [
      stored({ ...BTC, kind: 'trades', rows: 10 }),
      stored({ ...BTC, kind: 'book_deltas', rows: 20 }),
      stored({ ...BTC, kind: 'book_snapshots', rows: 5 }),
      stored({ ...BTC, kind: 'ohlc', interval: '1h', rows: 3 }),
    ]
    const shown = (per: 'pair' | 'channel') =>
      storedStreams([], rows, () => per).map(({ key, rows: count, running, configured }) => [
        key,
        count,
        running,
        configured,
      ])
    expect(shown('pair')).toEqual([['binance_BTC_USDT_trades_book_ohlc:1h', 38, false, false]])
    expect(shown('channel')).toEqual([
      ['binance_BTC_USDT_trades', 10, false, false],
      ['binance_BTC_USDT_book', 25, false, false],
      ['binance_BTC_USDT_ohlc:1h', 3, false, false],
    ])
  })
})
