import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Ask, ask } from '../../testkit/api-client.js'
import { type ApiOnData, apiOnData, CONFIG_TEXT } from '../../testkit/api-on-data.js'
import { TEN } from '../../testkit/store-rows.js'

let api: ApiOnData
const call = async (path: string, options: Ask = {}) => {
  const { status, body } = await ask(api.port, path, options)
  return { status, body }
}
/** Answers as they must be to be looked at further. */
const group = z.record(z.string(), z.unknown())
const list = z.array(group)
const barsShape = z.record(z.string(), z.array(z.number()).or(z.string()))

beforeAll(async () => {
  api = await apiOnData()
})
beforeEach(async () => {
  await writeFile(api.configFile, CONFIG_TEXT)
  await call('/api/v1/config/reload', { method: 'POST' })
})
afterAll(() => api.close())

describe('the paths of dccd 2.4', () => {
  it('list and refuse as they did', async () => {
    const streams = await call('/api/streams')
    expect(list.parse(streams.body)[0]).toMatchObject({
      key: 'binance_BTC_USDT_trades_book',
      exchange: 'binance',
      pair: 'BTC/USDT',
      channels: ['trades', 'book'],
      time_step: 60,
      running: false,
    })
    const body = { exchange: 'binance', pair: 'SOL/USDT', channels: ['trades'] }
    expect(await call('/api/streams/start', { method: 'POST', body })).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', detail: expect.any(String) },
    })
    expect((await call('/api/streams/stop', { method: 'POST', body })).body).toEqual({
      status: 'not_running',
      key: 'binance_SOL_USDT_trades',
    })
    expect(list.parse((await call('/api/inventory')).body).find((each) => each.type === 'ohlc')).toMatchObject({
      exchange: 'binance',
      pair: 'BTC/USDT',
      span: 60,
      rows: 3,
    })
    expect(await call('/api/storage')).toMatchObject({
      status: 200,
      body: { remotes: [], sync_interval: 3600, last_sync: null },
    })
    expect((await call('/api/storage/sync', { method: 'POST' })).status).toBe(400)
    expect((await call('/api/logs?tail=5')).body).toEqual({ lines: [] })
    expect(await call('/api/logs?tail=all')).toMatchObject({ status: 400 })
    expect((await call('/api/metrics')).body).toHaveProperty('binance/BTC/USDT')
  })

  it('histories are added to the config and taken out of it', async () => {
    const body = { exchange: 'binance', pair: 'BTC/USDT', span: 3600 }
    expect(await call('/api/jobs/histo', { method: 'POST', body })).toMatchObject({
      status: 201,
      body: { ...body, format: 'parquet' },
    })
    expect(await readFile(api.configFile, 'utf8')).toContain('[BTC/USDT, ETH/USDT] # both')
    expect(group.parse((await call('/api/jobs')).body).histo_jobs).toMatchObject([
      { exchange: 'binance', pairs: ['BTC/USDT'], span: 3600 },
    ])
    expect((await call('/api/jobs/histo', { method: 'POST', body: { ...body, span: 1 } })).status).toBe(400)
    expect((await call('/api/jobs/histo/binance/BTC-USDT/3600', { method: 'DELETE' })).body).toEqual({
      status: 'removed',
    })
    expect((await call('/api/jobs/histo/binance/BTC-USDT/3600', { method: 'DELETE' })).status).toBe(404)
    expect(group.parse((await call('/api/jobs')).body).histo_jobs).toEqual([])
  })

  it('the config is checked and replaced as JSON', async () => {
    const config = group.parse((await call('/api/config')).body)
    const validate = (next: unknown) => call('/api/config/validate', { method: 'POST', body: next })
    expect((await validate(config)).body).toEqual({ valid: true, error: null })
    expect((await validate({ ...config, stream_jobs: [{ exchange: 'binance' }] })).body).toMatchObject({
      valid: false,
      error: expect.stringContaining('pairs'),
    })
    const stream_jobs = [{ exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades'] }]
    const { body: replaced } = await call('/api/config', { method: 'PUT', body: { stream_jobs } })
    expect(group.parse(replaced).stream_jobs).toMatchObject(stream_jobs)
    expect((await call('/api/config', { method: 'PUT', body: { stream_jobs: [] } })).status).toBe(422)
    expect(await readFile(api.configFile, 'utf8')).toContain('kraken')
  })
})

describe('the datafeed of the charting library', () => {
  it('tells what there is, and candles in columns', async () => {
    expect((await call('/udf/config')).body).toMatchObject({ supports_search: true, supports_group_request: false })
    expect((await call('/udf/search?query=btc&type=&exchange=&limit=5')).body).toMatchObject([
      { symbol: 'BTC/USDT', ticker: 'binance:BTC/USDT', exchange: 'binance', type: 'crypto' },
    ])
    expect((await call('/udf/symbols?symbol=binance%3ABTC%2FUSDT')).body).toMatchObject({
      ticker: 'binance:BTC/USDT',
      session: '24x7',
      pricescale: 100_000_000,
    })
    const seconds = Number(TEN / 1_000_000_000n)
    const history = await call(
      `/udf/history?symbol=binance:BTC/USDT&from=${seconds - 60}&to=${seconds + 600}&resolution=1&countback=300&firstDataRequest=true`,
    )
    const bars = barsShape.parse(history.body)
    expect(bars.s).toBe('ok')
    const columns = ['t', 'o', 'h', 'l', 'c', 'v'].map((name) => bars[name])
    expect(new Set(columns.map((column) => column?.length))).toEqual(new Set([2]))
    expect(columns[0]).toEqual([seconds, seconds + 60])
  })

  it('says so where there is nothing', async () => {
    expect((await call('/udf/history?symbol=binance:BTC/USDT&from=1000&to=2000&resolution=60')).body).toEqual({
      s: 'no_data',
    })
    expect((await call('/udf/history?symbol=binance:BTC/USDT&from=1&to=2&resolution=7')).body).toMatchObject({
      s: 'error',
    })
    expect((await call('/udf/history?symbol=no:X/Y&from=1&to=2&resolution=60')).body).toMatchObject({ s: 'error' })
    expect((await call('/udf/symbols?symbol=no:X/Y')).status).toBe(404)
    expect((await call('/udf/history?symbol=x&from=a&to=2&resolution=60')).status).toBe(400)
    expect(Number((await ask(api.port, '/udf/time')).text)).toBeGreaterThan(1_700_000_000)
  })
})
