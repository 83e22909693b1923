import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { until } from './harness.js'

const root = join(import.meta.dirname, '../..')
const children: ChildProcess[] = []
const folders: string[] = []

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null) continue
    child.kill('SIGINT')
    await once(child, 'exit')
  }
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'dccd-examples-'))
  folders.push(path)
  return path
}

function run(command: string, args: readonly string[]) {
  const child = spawn(command, args, { cwd: root })
  children.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part) => {
      text += part
      child.emit('said')
    })
  return {
    child,
    text: () => text,
    /** Resolves with the first match in what it says. */
    async said(pattern: RegExp): Promise<string> {
      for (;;) {
        const found = pattern.exec(text)
        if (found) return found[1] ?? found[0]
        if (child.exitCode !== null) throw new Error(`it ended without saying ${pattern}: ${text}`)
        await Promise.race([once(child, 'said'), once(child, 'exit')])
      }
    },
    async ended(): Promise<number | null> {
      if (child.exitCode === null) await once(child, 'exit')
      return child.exitCode
    },
  }
}

/** A remote that cannot be reached: an alert to acknowledge. */
async function somethingFails(url: string): Promise<void> {
  const ask = async (path: string, method = 'GET', body?: unknown, headers = {}) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return await answer.text()
  }
  const [, etag = ''] = /"etag":"([^"]+)"/.exec(await ask('/config')) ?? []
  const changes = [
    { path: ['alerts', 'max_consecutive_errors'], value: 1 },
    { path: ['storage', 'remotes'], value: [{ provider: 'rclone', remote: 'nowhere:crypto' }] },
  ]
  await ask('/config', 'PATCH', { changes }, { 'if-match': etag })
  await ask('/sync', 'POST', {})
  await until('the alert', async () => (await ask('/alerts')).includes('sync nowhere') || undefined)
}

const dccd = (...args: string[]) => run(process.execPath, ['dist/src/main.js', ...args])

// What the docs show is what runs.
describe('the examples', () => {
  it('the client and the curl script ask a daemon for everything that they show', async () => {
    const demo = dccd(
      'demo',
      '--port',
      '0',
      '--data',
      join(await folder(), 'data'),
      '--exchanges',
      'binance',
      '--instruments',
      '1',
    )
    const url = await demo.said(/Web UI: (\S+)/)
    while ((await (await fetch(`${url}/api/v1/inventory`)).text()).length < 10)
      await new Promise((resolve) => setImmediate(resolve))
    const client = run(process.execPath, ['examples/client.mjs', url])
    expect(await client.ended(), client.text()).toBe(0)
    expect(client.text()).toMatch(/binance_\S+ live [\d.]+\/s/)
    expect(client.text()).toMatch(/candles binance/)
    expect(client.text()).toMatch(/trades [1-9]/)
    expect(client.text().match(/^event /gm)?.length).toBe(5)
    await somethingFails(url)
    const script = run('sh', ['examples/watch.sh', url])
    expect(await script.ended(), script.text()).toBe(0)
    // What it does on each page of the UI, and a piece of what comes back.
    const pages = new Map(
      script
        .text()
        .split('\n== ')
        .slice(1)
        .map((part) => [part.slice(0, part.indexOf('\n')).toLowerCase(), part]),
    )
    for (const page of readdirSync(join(root, 'web/src/pages')))
      expect([...pages.keys()], 'pages of the UI').toContain(page)
    const shown: Readonly<Record<string, readonly string[]>> = {
      overview: ['"status":', '"journal_lag_ms":'],
      streams: [
        '"task_per":"pair"',
        '"symbol":"BTCUSDT"',
        '"stopped":true',
        '"what":"opened"',
        '"what":"unsubscribed"',
      ],
      data: [
        '"unpublished_rows":',
        '"datasets":',
        '"next_cursor":',
        '"candles":',
        '"bids":',
        '"columns":',
        'exchange_time,',
      ],
      history: [
        '"id":"backfill:binance:BTC/USDT:ohlc:1h"',
        '"trigger":"manual"',
        '"paused":true',
        '"paused":false',
        '"parts":',
        '"kind":"repair"',
        '"cancelled":true',
        '"log":',
      ],
      storage: ['"free_bytes":', '"amplification":', '"remotes":["nowhere:crypto"]', '"started":true'],
      alerts: ['"key":"sync nowhere:crypto"', '"acknowledged_at":"20', '"code":"UNSUPPORTED"'],
      config: [
        '"$schema":',
        '"valid":true',
        '"applied":',
        '"code":"CONFIG_CHANGED"',
        '+# edited with curl',
        '+    channels: [ohlc:1h]',
        '-    channels: [ohlc:1h]',
      ],
      logs: ['"message":"the config was changed"'],
      live: ['event: status', 'event: rates'],
    }
    for (const [page, pieces] of Object.entries(shown))
      for (const piece of pieces) expect(pages.get(page), `${page}: ${script.text()}`).toContain(piece)
  })

  it('the collector records in its own process and hands out what comes', async () => {
    const emulator = dccd('emulate', '--port', '0', '--exchanges', 'binance', '--instruments', '1')
    const port = await emulator.said(/127\.0\.0\.1:(\d+)\/binance/)
    const path = join(await folder(), 'config.yml')
    await writeFile(
      path,
      `settings:
  data_path: ./data
  endpoints:
    binance: { websocket: "ws://127.0.0.1:${port}/binance", rest: "http://127.0.0.1:${port}/binance" }
stream_jobs:
  - { exchange: binance, pairs: [BTC/USDT], channels: [trades, book] }
`,
    )
    const collector = run(process.execPath, ['examples/collector.mjs', path])
    expect(await collector.ended(), collector.text()).toBe(0)
    expect(collector.text().match(/^trade BTC\/USDT (buy|sell) [\d.]+ @ [\d.]+$/gm)?.length).toBe(10)
    expect(collector.text()).toMatch(/^book BTC\/USDT .* verified$/m)
    expect(collector.text()).toContain('stored 1 streams')
  })
})
