import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Archives } from '../src/archives/fetch-archive.js'
import { readTruth, type Truth } from '../src/chaos/truth.js'
import { VENUES } from '../src/emulator/emulate.js'
import type { ArchiveFeed, ExchangeAdapter, HistoryRequest, Json, Page, PageCover } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { comparedEnds, type Look } from '../src/history/archive-ends.js'
import { systemClock } from '../src/lib/clock.js'
import { canonicalDecimal } from '../src/model/decimal.js'
import type { MarketData } from '../src/model/event.js'
import type { Instrument } from '../src/model/instrument.js'
import { DAY, type Nanos, nanosFromIso, SECOND } from '../src/model/time.js'
import { download } from '../src/net/download.js'
import { Cleanup, startTestEmulator } from '../testkit/emulator-client.js'
import { FakeClock } from '../testkit/fake-clock.js'

const cleanup = new Cleanup()
const tested = Object.values(exchanges).filter(
  ({ id, archives }) => archives && VENUES.some(({ exchange }) => exchange === id),
)
/** Ten minutes after midnight: the day before began with the market, at 22:10. */
const NOW: Nanos = (nanosFromIso('2026-11-25') ?? 0n) + 600n * SECOND
const DAY_BEFORE = { from: (nanosFromIso('2026-11-25') ?? 0n) - DAY, until: nanosFromIso('2026-11-25') ?? 0n }

const clock = new FakeClock(NOW)
let base = ''
let truths = new Map<string, Truth>()
let archives: Archives
const never = new AbortController().signal

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-archives-'))
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }))
  const truth = join(folder, 'truth.ndjson')
  const ids = tested.map(({ id }) => id)
  const emulator = await startTestEmulator(cleanup, {
    exchanges: ids,
    rate: 0.2,
    instruments: 1,
    past: 7200,
    truth,
    clock,
  })
  base = `http://127.0.0.1:${emulator.port}`
  clock.advance(1000)
  truths = await readTruth(truth)
  archives = new Archives(join(folder, 'archives'), {
    open: (url, method, signal) => download(url, { clock: systemClock(), method }, signal),
    refused: () => undefined,
    wait: async () => {},
    random: () => 0.5,
  })
}, 60_000)
// A fault lasts for a second.
afterEach(() => clock.advance(1001))
afterAll(() => cleanup.run())

async function ask(adapter: ExchangeAdapter, path: string): Promise<string> {
  const answer = await fetch(`${base}/${adapter.id}${path}`)
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
  return await answer.text()
}

/** One that has files. */
async function instrumentOf(adapter: ExchangeAdapter, archive: ArchiveFeed): Promise<Instrument> {
  for (const list of adapter.instruments) {
    const found = list
      .read(await ask(adapter, list.path))
      .find(
        (each) =>
          each.status === 'trading' &&
          truths.has(`${adapter.id} ${each.pair}`) &&
          archive.file({ symbol: each.symbol, restSymbol: each.restSymbol ?? each.symbol }, 'day', DAY_BEFORE.from),
      )
    if (found) return found
  }
  throw new Error('no instrument has files')
}

function requestOf({ symbol, restSymbol = symbol }: Instrument, archive: ArchiveFeed): HistoryRequest {
  return { symbol, restSymbol, ...DAY_BEFORE, ...(archive.channel === 'ohlc' ? { interval: '1m' } : {}) }
}

async function stage(adapter: ExchangeAdapter, archive: ArchiveFeed, request: HistoryRequest) {
  const file = archive.file(request, 'day', DAY_BEFORE.from)
  if (!file) throw new Error('no file')
  return await archives.fetch(`${base}/${adapter.id}`, file, archive, archive.mark?.(request), never)
}

async function fault(adapter: ExchangeAdapter, damage: string): Promise<void> {
  const body = JSON.stringify({ fault: 'archives', exchange: adapter.id, ms: 1000, damage })
  expect((await fetch(`${base}/_emulator/faults`, { method: 'POST', body })).status).toBe(202)
}

/** As the run reads them: part by part, each after the other. */
async function read(adapter: ExchangeAdapter, archive: ArchiveFeed, request: HistoryRequest) {
  const staged = await stage(adapter, archive, request)
  const events: MarketData[] = []
  const covers: PageCover[] = []
  let cursor: Json | undefined
  try {
    for (let n = 0; n < staged.parts; n++) {
      const [header = '', ...lines] = gunzipSync(await staged.part(n))
        .toString('utf8')
        .split('\n')
      const last = n === staged.parts - 1
      const page: Page = archive.page(request, { header, lines, last, whole: true }, cursor)
      events.push(...page.events)
      covers.push(...page.covers)
      cursor = page.next
    }
    return { events, covers, ends: staged.ends }
  } finally {
    await staged.remove()
  }
}

const lookAt =
  (adapter: ExchangeAdapter, archive: ArchiveFeed): Look =>
  async (request, cursor) => {
    const feed = adapter.history?.find(({ channel }) => channel === archive.channel)
    if (!feed) throw new Error('no history')
    const call = feed.page(request, cursor)
    return call.read(await ask(adapter, call.path))
  }

const cases = tested.flatMap((adapter) =>
  (adapter.archives ?? []).map((archive) => [`${archive.channel} of ${adapter.id}`, adapter, archive] as const),
)

describe.each(cases)('files with %s', (_, adapter, archive) => {
  const counted = adapter.capabilities.some(({ channel, proof }) => channel === archive.channel && proof === 'counter')
  const reached = adapter.history?.some(({ channel, reach }) => channel === archive.channel && !reach)

  it('hold what happened on the day, in every field, and prove it', async () => {
    const instrument = await instrumentOf(adapter, archive)
    const request = requestOf(instrument, archive)
    const { events, covers } = await read(adapter, archive, request)
    expect(events.length).toBeGreaterThan(50)
    if (archive.channel === 'trades') {
      const told = events.map((event) => {
        if (event.kind !== 'trade') throw new Error('no trade')
        const { tradeId, exchangeTime, price, amount, takerSide } = event
        return `${tradeId} ${exchangeTime} ${canonicalDecimal(price)} ${canonicalDecimal(amount)} ${takerSide}`
      })
      const happened = [...(truths.get(`${adapter.id} ${instrument.pair}`)?.trades.values() ?? [])].flatMap(
        ({ trade_id, exchange_time, price, amount, taker_side }) =>
          BigInt(exchange_time) < DAY_BEFORE.until
            ? [`${trade_id} ${exchange_time} ${canonicalDecimal(price)} ${canonicalDecimal(amount)} ${taker_side}`]
            : [],
      )
      expect(told.sort()).toEqual(happened.sort())
      expect(covers.map(({ from, until }) => [from, until])).toEqual([[DAY_BEFORE.from, DAY_BEFORE.until]])
    } else {
      const asked = await lookAt(adapter, archive)({ ...request, from: NOW - 7200n * SECOND }, undefined)
      expect(events).toEqual(asked.events)
      expect(covers).toHaveLength(1)
      expect(covers[0]?.until).toBe(DAY_BEFORE.until)
    }
  })

  it.skipIf(counted || !reached)(
    'of rows without a counter both ends are what the exchange says; other prices are seen, and a short file is believed for less',
    async () => {
      const request = requestOf(await instrumentOf(adapter, archive), archive)
      const look = lookAt(adapter, archive)
      const { ends } = await read(adapter, archive, request)
      expect(await comparedEnds(archive, request, ends, look)).toEqual(request)
      const short = { ...ends, lines: ends.lines.slice(0, -3) }
      const less = await comparedEnds(archive, request, short, look)
      // Candles stand for themselves: what follows the last one is not claimed anyway.
      if (archive.channel === 'trades') expect(less.until).toBeLessThan(request.until)
      await expect(comparedEnds(archive, request, { ...ends, lines: [] }, look)).rejects.toMatchObject({
        code: 'ARCHIVE_DISAGREES',
      })
      await fault(adapter, 'changed')
      const changed = await read(adapter, archive, request)
      await expect(comparedEnds(archive, request, changed.ends, look)).rejects.toMatchObject({
        code: 'ARCHIVE_DISAGREES',
      })
    },
  )

  it.each(['truncated', 'html', 'columns', ...(archive.packing === 'zip' ? ['checksum'] : [])])(
    'that are damaged (%s) give no row',
    async (damage) => {
      const request = requestOf(await instrumentOf(adapter, archive), archive)
      await fault(adapter, damage)
      await expect(read(adapter, archive, request)).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' })
    },
  )

  it('are not there before their day is over, nor of other instruments', async () => {
    const request = requestOf(await instrumentOf(adapter, archive), archive)
    const of = (file: ReturnType<ArchiveFeed['file']>) => {
      if (!file) throw new Error('no file')
      return archives.fetch(`${base}/${adapter.id}`, file, archive, archive.mark?.(request), never)
    }
    await expect(of(archive.file(request, 'day', DAY_BEFORE.until))).rejects.toMatchObject({ code: 'ARCHIVE_MISSING' })
    if (archive.mark) return
    const other = { ...request, symbol: request.symbol.replace('BTC', 'NONE'), restSymbol: 'NONE' }
    await expect(of(archive.file(other, 'day', DAY_BEFORE.from))).rejects.toMatchObject({ code: 'ARCHIVE_MISSING' })
  })
})
