import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Cleanup, connectClient, request, startTestEmulator, waitFor } from '../../testkit/emulator-client.js'
import { startEmulator } from './emulate.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'emulator-'))
  cleanup.add(() => rm(path, { recursive: true }))
  return path
}

/** A path that nobody can make, whoever runs this: below a file. */
function below(name: string): string {
  return join(import.meta.filename, name)
}

it('a taken port is refused by name', async () => {
  const { port } = await startTestEmulator(cleanup)
  await expect(startEmulator({ port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringContaining(String(port)),
  })
})

it('options that make no sense are refused with a remedy', async () => {
  await expect(startEmulator({ port: 0, exchanges: ['mtgox'] })).rejects.toMatchObject({
    code: 'USAGE',
    message: /mtgox/,
  })
  await expect(startEmulator({ port: 0, instruments: 0 })).rejects.toMatchObject({
    code: 'USAGE',
    message: /--instruments/,
  })
  await expect(startEmulator({ port: 0, rate: Number.NaN })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/--rate/),
  })
  await expect(startEmulator({ port: 0, past: -1 })).rejects.toMatchObject({ code: 'USAGE', message: /--past/ })
  await expect(startEmulator({ port: 0, past: 86_400 })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('million events'),
    remedy: expect.stringContaining('--rate'),
  })
  await expect(startEmulator({ port: 0, faults: below('faults') })).rejects.toMatchObject({
    code: 'USAGE',
    message: /faults/,
  })
  await expect(startEmulator({ port: 0, truth: below('truth') })).rejects.toMatchObject({
    code: 'USAGE',
    message: /truth/,
  })
})

it('the truth goes on through faults and without listeners, every id and every time once', async () => {
  const here = await folder()
  const [truth, faults, faultLog] = [join(here, 'truth'), join(here, 'faults'), join(here, 'log')]
  await writeFile(
    faults,
    '{"at_ms":100,"exchange":"all","fault":"refuse","ms":300}\n{"at_ms":50,"exchange":"all","fault":"cut"}\n',
  )
  const emulator = await startTestEmulator(cleanup, { truth, faults, faultLog, rate: 200 })
  await waitFor(async () => (await readFile(faultLog, 'utf8')).split('\n').length === 3)
  await waitFor(async () => (await readFile(truth, 'utf8')).length > 100_000)
  await emulator.close()
  const text = await readFile(truth, 'utf8')
  expect(text.endsWith('\n')).toBe(true)
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const exchange of new Set(lines.map((line) => line.exchange)))
    for (const pair of new Set(lines.filter((line) => line.exchange === exchange).map((line) => line.pair))) {
      const books = lines.filter((line) => line.kind === 'book' && line.exchange === exchange && line.pair === pair)
      expect(books.length).toBeGreaterThan(5)
      for (const [i, line] of books.entries()) {
        expect(Number(line.bids[0][0])).toBeLessThan(Number(line.asks[0][0]))
        expect(line.bids.length).toBe(25)
        if (i > 0) expect(BigInt(line.exchange_time) > BigInt(books[i - 1].exchange_time)).toBe(true)
      }
      const ids = lines
        .filter((line) => line.kind === 'trade' && line.exchange === exchange && line.pair === pair)
        .map((line) => line.trade_id)
      expect(new Set(ids).size).toBe(ids.length)
    }
})

it('state counts what has happened', async () => {
  const emulator = await startTestEmulator(cleanup)
  const trades = async () => (await request(emulator, '/_emulator/state')).body.trades
  await waitFor(async () => (await trades()) > 10)
})

it('ends when it is told to: connections closed, files complete, port free', async () => {
  const end = new AbortController()
  const first = await startEmulator({ port: 0, instruments: 1 }, end.signal)
  const client = await connectClient(cleanup, first, '/binance/ws/btcusdt@trade')
  end.abort()
  await waitFor(() => client.closed() !== undefined)
  await first.close()
  const second = await startEmulator({ port: first.port, instruments: 1 })
  await second.close()
  await second.close()
})

it.skipIf(process.platform !== 'linux')(
  'a full disk under the truth is told at the end, and the market goes on',
  async () => {
    const emulator = await startEmulator({ port: 0, truth: '/dev/full', instruments: 1, rate: 100 })
    const client = await connectClient(cleanup, emulator, '/binance/ws/btcusdt@trade')
    await waitFor(() => client.heard.length > 20)
    await expect(emulator.close()).rejects.toMatchObject({ code: 'STORE_FAILED' })
  },
)
