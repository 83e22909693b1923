import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { compareBooks, compareTrades } from '../../src/chaos/compare.js'
import { readTruth } from '../../src/chaos/truth.js'
import { visibleFiles } from '../../testkit/parquet.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench, until } from './harness.js'

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step()
})

function newBench(): Bench {
  const bench = new Bench()
  cleanup.push(() => bench.close())
  return bench
}

const TWO = [
  { exchange: 'binance', pairs: ['BTC/USDT', 'ETH/USDT'], channels: ['trades', 'book'], time_step: 5, depth: 25 },
]

async function recording(bench: Bench, streams: Parameters<Bench['config']>[0] = TWO): Promise<void> {
  await bench.emulate('--seed', '3', '--rate', '30', '--instruments', '2', '--truth', bench.truth)
  bench.config(streams)
  await bench.startDaemon()
  await bench.live()
}

/** Stops everything in order and compares what is on disk with what happened; the ledger may explain what is missing. */
async function expectWhole(bench: Bench, pairs: readonly string[], exchange = 'binance'): Promise<void> {
  expect(await bench.daemon?.kill('SIGTERM'), bench.daemon?.output.slice(-2000)).toBe(0)
  const gaps = await bench.gaps()
  await bench.programs[0]?.kill('SIGTERM')
  const truth = await readTruth(bench.truth)
  for (const pair of pairs) {
    const real = truth.get(`${exchange} ${pair}`)
    if (!real) throw new Error(`no truth of ${pair}`)
    const of = (kind: string) =>
      gaps
        .filter((gap) => gap.pair === pair && gap.kind === kind)
        .map(({ from, until }) => ({ from: BigInt(from), until: BigInt(until) }))
    const trades = await compareTrades(await visibleRows(bench.data, exchange, 'trades', pair), real, of('trades'))
    expect(trades.problems).toEqual([])
    expect(trades.rows).toBeGreaterThan(0)
    const books = await compareBooks(
      await visibleRows(bench.data, exchange, 'book_deltas', pair),
      real,
      of('book_deltas'),
    )
    expect(books.problems).toEqual([])
    expect(books.compared).toBeGreaterThan(0)
  }
}

const rowsOf = async (bench: Bench, pair: string) =>
  (await bench.streams()).filter(({ key }) => key.includes(pair)).reduce((sum, { rows }) => sum + rows, 0)

/** Waits until rows of a pair have come since now. */
async function moreRows(bench: Bench, pair: string): Promise<void> {
  const before = await rowsOf(bench, pair)
  await until(`more rows of ${pair}`, async () => (await rowsOf(bench, pair)) > before + 20 || undefined)
}

describe('a start that cannot be', () => {
  it('port in use: a clear error, and the data folder is free again', async () => {
    const bench = newBench()
    const other = createServer().listen(0, '127.0.0.1')
    cleanup.push(() => other.close())
    await until('a port', () => other.address() ?? undefined)
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : 0
    await bench.emulate('--instruments', '2', '--rate', '5')
    bench.config(TWO)
    const { code, output } = await bench.run('start', '--port', String(port))
    expect(code).toBe(1)
    expect(output).toContain('[PORT_IN_USE]')
    expect(output).toContain(String(port))
    await bench.startDaemon()
    await bench.live()
  })

  it('data folder in use: the second daemon names the first and ends, the first goes on', async () => {
    const bench = newBench()
    await recording(bench)
    const { code, output } = await bench.run('start')
    expect(code).toBe(1)
    expect(output).toContain('[DATA_LOCKED]')
    expect(output).toContain(String(bench.daemon?.child.pid))
    await moreRows(bench, 'BTC_USDT')
    await expectWhole(bench, ['BTC/USDT'])
  })

  it('data folder that cannot be made: named, with the remedy', async () => {
    const bench = newBench()
    await bench.emulate('--instruments', '2', '--rate', '5')
    bench.config(TWO)
    rmSync(bench.data, { recursive: true })
    writeFileSync(bench.data, 'a file where the folder should be')
    const { code, output } = await bench.run('start')
    expect(code).toBe(1)
    expect(output).toContain(bench.data)
    expect(output).toMatch(/\[DATA_NOT_WRITABLE\]\n\s+\S/)
  })
})

describe('one stream that cannot be never stops the others', () => {
  it('a pair that is not listed, and an exchange that cannot be reached', async () => {
    const bench = newBench()
    await bench.emulate('--seed', '3', '--rate', '30', '--instruments', '2', '--truth', bench.truth)
    bench.config([
      { ...TWO[0], exchange: 'binance', pairs: ['BTC/USDT', 'BCT/USDT'], channels: ['trades', 'book'] },
      { exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades'] },
    ])
    // Nobody listens on port 9.
    const path = join(bench.folder, 'config.yml')
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`127.0.0.1:${bench.port}/kraken`, '127.0.0.1:9/kraken'))
    await bench.startDaemon()
    const find = async (part: string) => (await bench.streams()).find(({ key }) => key.includes(part))
    await until('the listed pair live', async () => (await find('BTC_USDT'))?.state === 'live' || undefined)
    const wrong = await until('the wrong pair told', async () => {
      const row = await find('BCT_USDT')
      return row?.error ? row : undefined
    })
    expect(wrong.error?.code).toBe('UNKNOWN_INSTRUMENT')
    expect(wrong.error?.message).toContain('BTC/USDT')
    const away = await until('the dead exchange told', async () => {
      const row = await find('kraken')
      return row?.error ? row : undefined
    })
    expect(away.error?.code).toBe('CONNECT_FAILED')
    await moreRows(bench, 'BTC_USDT')
    await expectWhole(bench, ['BTC/USDT'])
  })

  it('truncated, binary, huge and non-JSON frames cost what they carried and nothing else', async () => {
    const bench = newBench()
    await recording(bench)
    for (const form of ['truncated', 'binary', 'text', 'huge']) {
      await bench.fault({ fault: 'corrupt', exchange: 'binance', form, count: 2 })
      await moreRows(bench, 'BTC_USDT')
    }
    await bench.live()
    await expectWhole(bench, ['BTC/USDT', 'ETH/USDT'])
  })
})

describe('ends that come unasked', () => {
  it('a torn journal: what was acknowledged before it is stored, recording goes on', async () => {
    const bench = newBench()
    await recording(bench)
    await moreRows(bench, 'BTC_USDT')
    await bench.daemon?.kill('SIGKILL')
    const journal = join(bench.data, '.dccd', 'journal')
    const newest = readdirSync(journal).sort().at(-1)
    if (!newest) throw new Error('no journal')
    appendFileSync(join(journal, newest), Buffer.alloc(3000, 0x5a))
    await bench.startDaemon()
    await bench.live()
    await moreRows(bench, 'BTC_USDT')
    await expectWhole(bench, ['BTC/USDT', 'ETH/USDT'])
  })

  it('a second SIGTERM ends at once, and the next start has everything', async () => {
    const bench = newBench()
    await recording(bench)
    await moreRows(bench, 'BTC_USDT')
    bench.daemon?.child.kill('SIGTERM')
    await bench.daemon?.match(/once more ends at once/)
    await bench.daemon?.kill('SIGTERM')
    expect(bench.daemon?.child.exitCode ?? bench.daemon?.child.signalCode).not.toBeNull()
    await bench.startDaemon()
    await bench.live()
    await expectWhole(bench, ['BTC/USDT', 'ETH/USDT'])
  })

  const full = canMount()
  it.skipIf(!full)(
    `a full disk: said, nothing acknowledged is lost, resumes by itself${full ? '' : ' (needs a tmpfs)'}`,
    async () => {
      const bench = newBench()
      mkdirSync(bench.data, { recursive: true })
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', bench.data])
      cleanup.push(() => execFileSync('umount', ['-l', bench.data]))
      await recording(bench)
      await moreRows(bench, 'BTC_USDT')
      const ballast = join(bench.data, 'ballast')
      let pieces = 0
      // Fills the last block, whatever the daemon takes meanwhile.
      const fill = () => {
        try {
          for (;;) writeFileSync(`${ballast}${pieces++}`, Buffer.alloc(64 * 1024))
        } catch {
          return
        }
      }
      const filler = setInterval(fill, 50)
      cleanup.push(() => clearInterval(filler))
      fill()
      await until('the daemon to say it', () => /\[DISK_FULL\]/.test(bench.daemon?.output ?? '') || undefined)
      clearInterval(filler)
      for (let each = 0; each < pieces; each++) rmSync(`${ballast}${each}`, { force: true })
      await until('recording again', async () => {
        const rows = await bench.streams()
        return (rows.length > 0 && rows.every(({ state }) => state === 'live')) || undefined
      })
      await moreRows(bench, 'BTC_USDT')
      await expectWhole(bench, ['BTC/USDT', 'ETH/USDT'])
      expect(visibleFiles(bench.data).length).toBeGreaterThan(0)
    },
  )
})

/** Whether this machine lets us make a small file system. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    const bench = new Bench()
    mkdirSync(bench.data, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', bench.data], { stdio: 'ignore' })
    execFileSync('umount', [bench.data], { stdio: 'ignore' })
    void bench.close()
    return true
  } catch {
    return false
  }
}
