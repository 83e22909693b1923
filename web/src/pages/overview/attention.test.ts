import { describe, expect, it } from 'vitest'
import type { AlertRow, GapRow, StreamRow } from '../../api/contract.js'
import { concernsOf } from './attention.js'

const STREAM: StreamRow = {
  key: 'kraken_BTC_USD_trades',
  exchange: 'kraken',
  pair: 'BTC/USD',
  channels: ['trades'],
  time_step: 60,
  running: true,
  state: 'live',
  last_frame: null,
  last_event: null,
  rate: 1,
  lag_ms: 1,
  lag_p99_ms: 2,
  reconnects: 0,
  gaps: 0,
  rows: 0,
  error: null,
  configured: true,
}
const GAP: GapRow = {
  exchange: 'kraken',
  kind: 'trades',
  pair: 'BTC/USD',
  interval: null,
  from: '0',
  until: '1000000000',
  from_time: '',
  until_time: '',
  seconds: 1,
  missing: null,
  code: 'CONNECTION_LOST',
  detail: '',
  lost: null,
}

describe('what needs attention', () => {
  it('is nothing while all is live', () => {
    expect(concernsOf({ streams: [STREAM, { ...STREAM, state: 'stopped' }], gaps: [], sync: undefined })).toEqual([])
  })

  it('is first what has failed, streams with one cause together', () => {
    const failed = {
      ...STREAM,
      state: 'failed' as const,
      error: { code: 'BANNED', message: 'we are banned', remedy: 'Wait.' },
    }
    const concerns = concernsOf({
      streams: [STREAM, failed, { ...failed, key: 'kraken_ETH_USD_trades', pair: 'ETH/USD' }],
      gaps: [GAP],
      sync: undefined,
    })
    expect(concerns.map(({ tone, title }) => [tone, title])).toEqual([
      ['bad', 'kraken: 2 streams are failed'],
      ['warn', 'kraken: 1 gap today, 1.0 s in all'],
    ])
    expect(concerns[0]?.restart).toEqual(['kraken_BTC_USD_trades', 'kraken_ETH_USD_trades'])
  })

  it('offers to repair only what an exchange keeps', () => {
    const [concern] = concernsOf({ streams: [], gaps: [GAP, { ...GAP, kind: 'book_deltas' }], sync: undefined })
    expect(concern?.repair).toEqual([GAP])
  })

  it('tells one cause once, however many exchanges it struck, and that nobody keeps what was lost', () => {
    const gaps = [GAP, { ...GAP, exchange: 'binance' }].map((gap) => ({ ...gap, kind: 'book_deltas' }))
    const concerns = concernsOf({ streams: [], gaps: [...gaps, { ...GAP, code: 'SEQUENCE_GAP' }], sync: undefined })
    expect(concerns.map(({ title, repair }) => [title, repair?.length])).toEqual([
      ['2 exchanges: 2 gaps today, 2.0 s in all', 0],
      ['kraken: 1 gap today, 1.0 s in all', 1],
    ])
    expect(concerns[0]?.detail).toContain('cannot be fetched again')
  })

  it('is an alert of what no page shows by itself, until somebody has seen it', () => {
    const alert: AlertRow = {
      id: 3,
      active: true,
      key: 'disk',
      severity: 'critical',
      code: 'DISK_FULL',
      scope: 'process',
      message: 'there is no room',
      remedy: 'Make some.',
      count: 3,
      since: '',
      last_at: '',
      resolved_at: null,
      acknowledged_at: null,
    }
    const known = { streams: [STREAM], gaps: [], sync: undefined }
    const alerts = [alert, { ...alert, key: STREAM.key }, { ...alert, key: 'sync nas:' }]
    expect(concernsOf({ ...known, alerts }).map(({ title, acknowledge }) => [title, acknowledge])).toEqual([
      ['disk: there is no room', 3],
    ])
    expect(concernsOf({ ...known, alerts: [{ ...alert, acknowledged_at: 'now' }] })).toEqual([])
  })
})
