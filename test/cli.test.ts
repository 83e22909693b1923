import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createServices } from '../src/app.js'
import { runCli } from '../src/cli/run-cli.js'
import { createConfig } from '../src/config/parse.js'
import { validateAgainst } from '../src/config/validate-against.js'
import { exchanges } from '../src/exchanges/index.js'
import { MemoryIo } from '../testkit/memory-io.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dccd-cli-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function run(args: readonly string[], options: { stdin?: string; environment?: Record<string, string> } = {}) {
  const io = new MemoryIo({ folder, ...options })
  const code = await runCli(args, createServices(), io)
  return { code, out: io.out, err: io.err }
}

const CONFIG = `settings:
  data_path: ./data
stream_jobs:
  - { exchange: binance, pairs: [BTC/USDT], channels: [trades, book] }
`
const NOBODY_THERE = 'endpoints: { binance: { websocket: "ws://127.0.0.1:9", rest: "http://127.0.0.1:9" } }'

describe('usage', () => {
  it('a word that is no command: code 2, and what was probably meant', async () => {
    const { code, err } = await run(['valdate'])
    expect(code).toBe(2)
    expect(err).toContain('validate')
  })

  it('help and version are no failure', async () => {
    const help = await run(['--help'])
    expect(help.code).toBe(0)
    for (const command of [
      'demo',
      'init',
      'start',
      'validate',
      'status',
      'inventory',
      'gaps',
      'read',
      'decode',
      'emulate',
    ])
      expect(help.out).toContain(`  ${command}`)
    expect(await run(['--version'])).toMatchObject({ code: 0, out: `${createServices().version}\n` })
  })

  it.each([
    [['read', 'binance', 'BTC/USDT', 'tradez', '--data', '.'], /no kind tradez[\s\S]*trades, book_deltas/],
    [['read', 'binance', 'BTC/USDT', 'trades', '--data', '.', '--from', 'noon'], /noon is no time[\s\S]*ISO/],
    [['read', 'binance', 'BTC/USDT', 'ohlc', '--data', '.', '--interval', '7m'], /7m is no interval[\s\S]*1m/],
    [['read', 'binance', 'BTC/USDT', 'trades', '--data', '.', '--limit', 'few'], /whole number/],
    [['gaps', '--data', '.', '--kind', 'tradez'], /Allowed choices are trades/],
    [['emulate', '--port', '70000'], /at most 65535/],
    [['emulate', '--pace', '-1'], /-1 is no pace[\s\S]*max/],
    [['decode', '--exchange', 'nowhere', '-'], /no exchange nowhere[\s\S]*binance/],
    [['decode', '--exchange', 'binance', 'absent.ndjson'], /no file absent\.ndjson/],
    [['decode', '-'], /--exchange/],
  ])('%j: code 2 and the remedy', async (args, says) => {
    mkdirSync(join(folder, '.dccd'))
    const empty = await createServices()
      .openData(folder)
      .catch(() => undefined)
    await empty?.close()
    const { code, err, out } = await run(args, { stdin: '' })
    expect(err).toMatch(says)
    expect(code).toBe(2)
    expect(out).toBe('')
  })
})

describe('config', () => {
  it('validate says what the config names', async () => {
    writeFileSync(join(folder, 'config.yml'), CONFIG)
    const { code, out } = await run(['validate', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual({
      file: join(folder, 'config.yml'),
      valid: true,
      data_path: join(folder, 'data'),
      streams: ['binance_BTC_USDT_trades_book'],
    })
  })

  it('every mistake comes with line and column, and the nearest key: code 2', async () => {
    writeFileSync(join(folder, 'config.yml'), CONFIG.replace('data_path', 'data_pth').replace('binance', 'binanze'))
    const { code, err } = await run(['validate'])
    expect(code).toBe(2)
    expect(err).toMatch(/config\.yml:2:3\b.*data_pth/)
    expect(err).toContain('data_path')
  })

  it('an exchange and a channel that do not exist are found before anything starts', async () => {
    writeFileSync(join(folder, 'config.yml'), CONFIG.replace('binance', 'binanze'))
    const wrong = await run(['validate'])
    expect(wrong.code).toBe(2)
    expect(wrong.err).toMatch(/config\.yml:4:\d+[\s\S]*binanze[\s\S]*binance/)
    writeFileSync(join(folder, 'config.yml'), CONFIG.replace('book]', 'liquidations]'))
    const absent = await run(['validate'])
    expect(absent.code).toBe(2)
    expect(absent.err).toMatch(/config\.yml:4:\d+[\s\S]*liquidations/)
  })

  it('no config anywhere: where it was looked for, and what makes one; one that is there is never overwritten', async () => {
    const { code, err } = await run(['status'])
    expect(code).toBe(2)
    expect(err).toMatch(/config\.yml[\s\S]*dccd init/)
    expect((await run(['init'])).code).toBe(0)
    expect(await run(['validate'])).toMatchObject({ code: 0, out: expect.stringContaining('is valid: ') })

    writeFileSync(join(folder, 'config.yml'), CONFIG)
    const again = await run(['init'])
    expect(again.code).toBe(2)
    expect(again.err).toContain('is there already')
    expect(readFileSync(join(folder, 'config.yml'), 'utf8')).toBe(CONFIG)
    const other = await run(['init', '--config', 'new/other.yml', '--json'])
    expect(JSON.parse(other.out)).toEqual({ file: join(folder, 'new', 'other.yml') })
    expect((await run(['validate', '--config', 'new/other.yml'])).code).toBe(0)
  })

  it('a config from elsewhere, found through XDG_CONFIG_HOME', async () => {
    mkdirSync(join(folder, 'xdg', 'dccd'), { recursive: true })
    writeFileSync(join(folder, 'xdg', 'dccd', 'config.yml'), CONFIG)
    const { code, out } = await run(['validate', '--json'], { environment: { XDG_CONFIG_HOME: join(folder, 'xdg') } })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ data_path: join(folder, 'xdg', 'dccd', 'data') })
  })
})

describe('without a daemon', () => {
  it('status shows what the config names, not running, and how to start', async () => {
    writeFileSync(join(folder, 'config.yml'), CONFIG)
    const { code, out } = await run(['status'])
    expect(code).toBe(0)
    expect(out).toContain('dccd start')
    const rows: unknown = JSON.parse((await run(['status', '--json'])).out)
    expect(rows).toMatchObject([{ key: 'binance_BTC_USDT_trades_book', running: false, configured: true }])
  })

  it.each(['inventory', 'gaps'])('%s of a folder that holds nothing says so and names the remedy', async (command) => {
    const { code, err } = await run([command, '--data', './nothing'])
    expect(code).not.toBe(0)
    expect(err).toMatch(/\[[A-Z_]+\]\n\s+\S/)
  })
})

// A command with others below it: options behind the name of one of those are its own.
it('alerts are listed and acknowledged without a daemon', async () => {
  const alert = { id: 1, key: 'disk', severity: 'critical', code: 'DISK_FULL', message: 'full', count: 1 }
  const times = { since: '2026-11-26T10:00:00Z', last_at: '2026-11-26T10:00:00Z', resolved_at: null }
  mkdirSync(join(folder, '.dccd'))
  const file = { version: 1, next: 2, alerts: [{ ...alert, ...times, acknowledged_at: null }] }
  writeFileSync(join(folder, '.dccd', 'alerts.json'), JSON.stringify(file))
  const list = async () => JSON.parse((await run(['alerts', '--data', '.', '--json', '--state', 'active'])).out)
  expect(await list()).toMatchObject([{ ...alert, remedy: 'Make room; recording goes on by itself.' }])
  const acknowledged = await run(['alerts', 'ack', '1', '--data', '.', '--json'])
  expect(acknowledged).toMatchObject({ code: 0, err: '' })
  expect(await list()).toEqual([JSON.parse(acknowledged.out)])
  expect(await run(['alerts', 'ack', '2', '--data', '.'])).toMatchObject({ err: expect.stringContaining('no alert 2') })
  expect(await run(['alerts', 'test', '--data', '.'])).toMatchObject({ err: expect.stringContaining('webhook_url') })
})

describe('start', () => {
  // A service manager that starts and stops in one breath: such a signal killed the program, and nothing was stored in order.
  it('a signal during the start ends it in order once it has started', async () => {
    writeFileSync(
      join(folder, 'config.yml'),
      CONFIG.replace('data_path: ./data', `data_path: ./data\n  ${NOBODY_THERE}`),
    )
    const main = fileURLToPath(new URL('../dist/src/main.js', import.meta.url))
    const child = spawn(process.execPath, [main, 'start', '--port', '0'], { cwd: folder })
    let said = ''
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString('utf8')
    })
    const ended = once(child, 'close')
    await vi.waitFor(() => expect(existsSync(join(folder, 'data/.dccd'))).toBe(true), { timeout: 20_000, interval: 1 })
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(said).toMatch(/ends as soon as it has started[\s\S]*storing everything/)
  }, 60_000)
})

describe('rows', () => {
  it('--json prints one object a line, as --format ndjson does; a format that is said is the one that is used', async () => {
    const answer = {
      columns: ['n', 'pair'].map((name) => ({ name, type: '' })),
      rows: [
        [1, 'A/B'],
        [2, 'C/D'],
      ],
      truncated: false,
    }
    const print = async (...options: string[]) => {
      const io = new MemoryIo({ folder })
      const services = { ...createServices(), sql: async () => answer }
      const code = await runCli(['sql', 'SELECT 1', '--data', '.', ...options], services, io)
      return { code, out: io.out }
    }
    const lines = { code: 0, out: '{"n":1,"pair":"A/B"}\n{"n":2,"pair":"C/D"}\n' }
    expect(await print('--json')).toEqual(lines)
    expect(await print('--format', 'ndjson')).toEqual(lines)
    expect(await print('--json', '--format', 'csv')).toEqual({ code: 0, out: 'n,pair\n1,A/B\n2,C/D\n' })
    for (const command of ['read', 'ohlc', 'sql']) expect((await run([command, '--help'])).out).toContain('--json')
  })
})

describe('decode', () => {
  const trade =
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1700000000001,"s":"BTCUSDT","t":5,"p":"1.50","q":"2","T":1700000000000,"m":true,"M":true}}'

  it('frames in, events out with the names of the columns, counts on stderr', async () => {
    const { code, out, err } = await run(['decode', '--exchange', 'binance', '-'], { stdin: `${trade}\n` })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ trade_id: '5', price: '1.50', amount: '2', taker_side: 'sell' })
    expect(err).toMatch(/data 1\b.*1 events, 0 records skipped/)
  })

  it('a frame that is not known ends with 3 and is named by its line', async () => {
    const { code, err } = await run(['decode', '--exchange', 'binance', '-'], {
      stdin: `${trade}\n{"stream":"btcusdt@invented","data":{"e":"invented"}}\n`,
    })
    expect(code).toBe(3)
    expect(err).toMatch(/line 2: unknown/)
  })
})

it('every emulated exchange can be recorded with all that it offers: the demo asks for nothing that is not there', async () => {
  const venues = await createServices().emulated(3)
  const stream_jobs = venues.flatMap(({ exchange, streams }) =>
    streams.map(({ pairs, channels }) => ({ exchange, pairs: [...pairs], channels: [...channels] })),
  )
  expect(stream_jobs.length).toBeGreaterThanOrEqual(venues.length)
  const config = createConfig({ stream_jobs }, '/')
  expect(() => validateAgainst({ config }, Object.values(exchanges))).not.toThrow()
})
