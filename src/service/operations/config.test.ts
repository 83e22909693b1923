import { readFile, stat, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ApiOnData, apiOnData, CONFIG_TEXT } from '../../../testkit/api-on-data.js'
import { Client } from '../../client/client.js'

let api: ApiOnData
let client: Client
const text = () => readFile(api.configFile, 'utf8')
const more = { path: ['stream_jobs', 0, 'pairs', 2], value: 'SOL/USDT' }

beforeAll(async () => {
  api = await apiOnData()
  client = new Client({ url: `http://127.0.0.1:${api.port}` })
})
beforeEach(async () => {
  await writeFile(api.configFile, CONFIG_TEXT)
  await client.call('config.reload', {})
})
afterAll(() => api.close())

describe('editing the config over the API', () => {
  it('of two editors the second is told, and loses nothing', async () => {
    const [one, two] = await Promise.all([client.call('config.get', {}), client.call('config.get', {})])
    const results = await Promise.allSettled([
      client.call('config.patch', { changes: [more], etag: one.etag }),
      client.call('config.patch', { changes: [{ path: ['settings', 'ui_rate_limit'], value: 7 }], etag: two.etag }),
    ])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const refused = results.find((each) => each.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 'CONFIG_CHANGED' })
    const { etag } = await client.call('config.get', {})
    await client.call('config.patch', { changes: [more, { path: ['settings', 'ui_rate_limit'], value: 7 }], etag })
    expect(await text()).toContain('pairs: [BTC/USDT, ETH/USDT, SOL/USDT] # both')
    expect(await text()).toContain('ui_rate_limit: 7')
  })

  it('an edit by hand meanwhile is not overwritten, and is told', async () => {
    const { etag } = await client.call('config.get', {})
    await writeFile(api.configFile, `${CONFIG_TEXT}# by hand\n`)
    await expect(client.call('config.patch', { changes: [more], etag })).rejects.toMatchObject({
      code: 'CONFIG_CHANGED',
    })
    expect(await client.call('config.get', {})).toMatchObject({ in_force: false })
    await client.call('config.reload', {})
    expect(await client.call('config.get', {})).toMatchObject({ in_force: true })
    expect(await text()).toContain('# by hand')
  })

  it('a mistake is told with its line and changes nothing', async () => {
    const { etag, yaml } = await client.call('config.get', {})
    const wrong = (yaml ?? '').replace('[trades, book]', '[trades, boook]')
    const checked = await client.call('config.validate', { yaml: wrong })
    expect(checked).toMatchObject({
      valid: false,
      plan: null,
      problems: [
        {
          path: 'stream_jobs[0].channels[1]',
          line: wrong.split('\n').findIndex((line) => line.includes('boook')) + 1,
          nearest: 'book',
        },
      ],
    })
    await expect(client.call('config.replace', { yaml: wrong, etag })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(await text()).toBe(CONFIG_TEXT)
    for (const bad of ['a: [', '- 1', '\u0000', '', '*x', '&a [*a]'])
      expect(await client.call('config.validate', { yaml: bad }), bad).toMatchObject({ valid: false })
  })

  it('what would happen is told before: the difference, and what starts and stops', async () => {
    const { diff, plan, valid } = await client.call('config.validate', {
      changes: [more, { path: ['stream_jobs', 0, 'pairs', 0] }, { path: ['settings', 'ui_port'], value: 9 }],
    })
    expect(valid).toBe(true)
    expect(diff).toContain('-    pairs: [BTC/USDT, ETH/USDT] # both\n+    pairs: [ETH/USDT, SOL/USDT] # both')
    expect(plan).toEqual({
      started: ['binance_SOL_USDT_trades_book'],
      stopped: ['binance_BTC_USDT_trades_book'],
      restarted: [],
      unchanged: ['binance_ETH_USDT_trades_book'],
      restart_needed: ['settings.ui_port'],
    })
    expect(await text()).toBe(CONFIG_TEXT)
  })

  it('one undo goes back, another forth again', async () => {
    const { etag } = await client.call('config.get', {})
    await client.call('config.patch', { changes: [more], etag })
    const changed = await text()
    await client.call('config.undo', {})
    expect(await text()).toBe(CONFIG_TEXT)
    await client.call('config.undo', {})
    expect(await text()).toBe(changed)
    expect((await stat(api.configFile)).mode & 0o777).toBe((await stat(`${api.configFile}.previous`)).mode & 0o777)
  })

  it('pairs are added where their like is and taken out, comments kept', async () => {
    await client.call('config.add', {
      exchange: 'binance',
      pairs: ['SOL/USDT', 'BTC/USDT'],
      channels: ['book', 'trades'],
    })
    expect(await text()).toBe(CONFIG_TEXT.replace('ETH/USDT]', 'ETH/USDT, SOL/USDT]'))
    await expect(
      client.call('config.add', { exchange: 'binance', pairs: ['SOL/USDT'], channels: ['trades', 'book'] }),
    ).rejects.toMatchObject({ code: 'USAGE' })
    await client.call('config.remove', { exchange: 'binance', pairs: ['ETH/USDT'], channels: ['book'] })
    expect(await text()).toContain('pairs: [BTC/USDT, SOL/USDT] # both')
    expect(await text()).toMatch(/- exchange: binance\n {4}pairs: \[ETH\/USDT\]\n {4}channels: \[trades\]/)
    await client.call('config.remove', { exchange: 'binance', pairs: ['ETH/USDT', 'SOL/USDT'] })
    expect(await text()).toBe(CONFIG_TEXT.replace('[BTC/USDT, ETH/USDT]', '[BTC/USDT]'))
    await expect(client.call('config.remove', { exchange: 'kraken', pairs: ['BTC/USD'] })).rejects.toMatchObject({
      code: 'STREAM_UNKNOWN',
    })
  })

  it('a secret is shown to nobody and stays when the text comes back', async () => {
    const secret = 'hunter2-hunter2'
    await writeFile(
      api.configFile,
      CONFIG_TEXT.replace('settings:\n', `settings:\n  ui_auth_token: ${secret} # mine\n`),
    )
    const shown = await client.call('config.get', {})
    expect(JSON.stringify(shown)).not.toContain(secret)
    const yaml = (shown.yaml ?? '').replace('./data', './data  ')
    const saved = await client.call('config.validate', { yaml })
    expect(JSON.stringify(saved)).not.toContain(secret)
    expect(saved.valid).toBe(true)
  })

  it('a remote with its options written out, which can start programs, is taken from the file alone', async () => {
    const { etag } = await client.call('config.get', {})
    const remotes = [{ provider: 'rclone', remote: ':sftp,ssh="touch /tmp/x":/' }]
    await expect(
      client.call('config.patch', { changes: [{ path: ['storage'], value: { remotes } }], etag }),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(await text()).toBe(CONFIG_TEXT)
  })
})
