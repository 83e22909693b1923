import { expect, it } from 'vitest'
import { ask } from '../../testkit/api-client.js'
import { fakePorts, streamRow } from '../../testkit/fake-ports.js'
import { serveApi } from './server.js'

it('GET /metrics is what Prometheus reads, also where a name has quotes in it', async () => {
  const rows = [
    { ...streamRow, lastEvent: 1_764_000_000_500_000_000n, reconnects: 3 },
    { ...streamRow, key: 'odd"key\\', state: 'failed' as const, lagMs: undefined },
  ]
  const drift = {
    exchange: 'bybit',
    channel: 'trades',
    what: 'field',
    name: 'data[].new',
    count: 4,
    frame: 7n,
  } as const
  const drifts = () => [{ ...drift, first: 1_764_000_000_000_000_000n, last: 1_764_000_001_000_000_000n }]
  const ports = fakePorts({ streams: { ...fakePorts().streams, status: () => rows }, drifts })
  const api = await serveApi(ports, { host: '127.0.0.1', port: 0 })
  try {
    await ask(api.port, '/nothing')
    const { text, headers } = await ask(api.port, '/metrics')
    expect(headers['content-type']).toContain('text/plain; version=0.0.4')
    const labels = 'key="binance_BTC_USDT_trades",exchange="binance",pair="BTC/USDT"'
    for (const line of [
      `dccd_stream_up{${labels}} 1`,
      `dccd_stream_reconnects_total{${labels}} 3`,
      `dccd_stream_lag_seconds{${labels}} 0.031`,
      `dccd_stream_last_event_timestamp_seconds{${labels}} 1764000000.5`,
      'dccd_stream_up{key="odd\\"key\\\\",exchange="binance",pair="BTC/USDT"} 0',
      'dccd_up 0',
      'dccd_schema_drift_total{exchange="bybit",channel="trades",what="field",name="data[].new"} 4',
      'dccd_streams{state="live"} 1',
      'dccd_info{version="9.9.9"} 1',
      'dccd_http_requests_total{status="404"} 1',
    ])
      expect(text).toContain(`${line}\n`)
    expect(text).not.toContain('NaN')
  } finally {
    await api.close()
  }
})
