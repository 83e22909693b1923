import { createConfig } from '../src/config/parse.js'
import type { StreamStatus } from '../src/daemon/stream-status.js'
import { CollectorError } from '../src/model/error.js'
import { ConfigFile } from '../src/service/config-file.js'
import { EventHub } from '../src/service/event-hub.js'
import { LiveHub } from '../src/service/live-hub.js'
import type { Ports } from '../src/service/ports.js'
import { Tokens } from '../src/service/tokens.js'

/** A row of the stream manager. */
export const streamRow: StreamStatus = {
  key: 'binance_BTC_USDT_trades',
  exchange: 'binance',
  pair: 'BTC/USDT',
  channels: ['trades'],
  timeStep: 60,
  running: true,
  state: 'live',
  lastFrame: 1_764_000_000_000_000_001n,
  lastEvent: undefined,
  rate: 2.5,
  lagMs: 31,
  lagP99Ms: 48,
  reconnects: 0,
  breaks: 0,
  gaps: 0,
  rows: 12,
  error: undefined,
  configured: true,
}

/** Parts of a daemon that does nothing; `parts` replaces some. */
export function fakePorts(parts: Partial<Ports> = {}): Ports {
  const config = createConfig({ stream_jobs: [{ exchange: 'binance', pairs: ['BTC/USDT'], channels: ['trades'] }] })
  return {
    version: '9.9.9',
    uptime: () => 61.7,
    lags: () => ({ journalMs: 0 }),
    now: () => 1_764_000_000_000_000_000n,
    catalog: [
      { id: 'binance', taskPer: 'pair', capabilities: [{ channel: 'trades', proof: 'counter', axis: 'exchange' }] },
    ],
    connections: () => [],
    dataPath: '/nowhere',
    streams: { status: () => [streamRow], startOne: () => streamRow.key, stopOne: () => true },
    config: () => config,
    tokens: () => new Tokens([]),
    secrets: () => new Set(),
    configEtag: () => undefined,
    configFile: new ConfigFile({ file: undefined, environment: {}, catalog: [] }),
    apply: () => Promise.reject(new CollectorError('CONFIG_INVALID', 'this is a double')),
    data: () => Promise.reject(new CollectorError('STORE_FAILED', 'There is no readable data in /nowhere.')),
    sql: async () => ({ columns: [], rows: [], truncated: false }),
    async *exportData() {
      yield 'price\n'
    },
    instruments: async () => undefined,
    sync: { running: false, last: async () => undefined, syncNow: async () => ({ last_sync_at: null, remotes: [] }) },
    alerts: {
      list: () => [],
      acknowledge: () => {
        throw new CollectorError('NOT_FOUND', 'this is a double')
      },
      test: () => Promise.reject(new CollectorError('UNSUPPORTED', 'this is a double')),
    },
    logs: { tail: async () => [], follow: () => () => {} },
    events: new EventHub('run'),
    live: new LiveHub({ follow: () => {}, onLive: () => () => {} }, { status: () => [streamRow] }),
    ...parts,
  }
}
