import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveApi } from '../src/api/server.js'
import { createServices } from '../src/app.js'
import { parseConfig } from '../src/config/parse.js'
import type { LocalPorts } from '../src/service/services.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { Store } from '../src/store/store.js'
import { FakeClock } from './fake-clock.js'
import { candle, delta, TEN, TRADES, trade } from './store-rows.js'

const SECOND = 1_000_000_000n

export const CONFIG_TEXT = `# what we record
settings:
  data_path: ./data
  endpoints: # nobody is asked
    binance: { rest: "http://127.0.0.1:9" }
    kraken: { rest: "http://127.0.0.1:9" }
stream_jobs:
  - exchange: binance
    pairs: [BTC/USDT, ETH/USDT] # both
    channels: [trades, book]
`

/** An API over a real data folder (trades with a gap, a book, candles) and a real config file, without a daemon. */
export interface ApiOnData {
  readonly port: number
  readonly folder: string
  readonly configFile: string
  readonly ports: LocalPorts
  close(): Promise<void>
}

export async function apiOnData(): Promise<ApiOnData> {
  const folder = await mkdtemp(join(tmpdir(), 'dccd-api-'))
  const dataPath = join(folder, 'data')
  await fill(dataPath)
  const configFile = join(folder, 'config.yml')
  await writeFile(configFile, CONFIG_TEXT)
  const environment = {}
  const parsed = parseConfig(CONFIG_TEXT, { file: configFile, environment })
  const ports = await createServices().openLocal(dataPath, { parsed, environment })
  const api = await serveApi(ports, { host: '127.0.0.1', port: 0 })
  return {
    port: api.port,
    folder,
    configFile,
    ports,
    async close() {
      await api.close()
      await ports.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function fill(dataPath: string): Promise<void> {
  const store = await Store.open({ dataPath, clock: new FakeClock(TEN), threads: 1 })
  const builder = new ColumnBuilder()
  for (let n = 0; n < 100; n++) builder.row('trades', TRADES, trade(n))
  builder.row(
    'book_deltas',
    'binance book_deltas BTC/USDT',
    delta(0, { row: 0, side: 'bid', price: '10', is_snapshot: true }),
  )
  builder.row(
    'book_deltas',
    'binance book_deltas BTC/USDT',
    delta(0, { row: 1, side: 'ask', price: '11', is_snapshot: true }),
  )
  for (let n = 0; n < 3; n++) builder.row('ohlc', 'binance ohlc BTC/USDT 1m', candle(n))
  builder.fact({ fact: 'wanted', dataset: TRADES, from: TEN, until: TEN + 100n * SECOND })
  const held = (from: bigint, until: bigint) =>
    builder.fact({
      fact: 'held',
      dataset: TRADES,
      run: from,
      from: TEN + from * SECOND,
      until: TEN + until * SECOND,
      proof: 'observed',
      before: null,
      last: null,
    })
  held(0n, 40n)
  held(50n, 100n)
  builder.fact({
    fact: 'break',
    dataset: TRADES,
    at: TEN + 40n * SECOND,
    code: 'CONNECTION_LOST',
    detail: 'the socket closed',
  })
  await store.submit(await store.allocateLane(), 0, builder.take())
  await store.commit()
  await store.publish({ all: true })
  await store.close()
}
