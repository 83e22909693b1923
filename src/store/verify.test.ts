import { mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { TEN, TRADES, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import { SECOND } from '../model/time.js'
import { Catalog } from './catalog.js'
import { ColumnBuilder } from './columns.js'
import { DataFolder } from './data-folder.js'
import { Engine } from './engine.js'
import { ReadOnlyData } from './reader.js'
import { Repairer } from './repair.js'
import { Store } from './store.js'
import type { Finding } from './verify.js'
import { contentFaults } from './verify-file.js'

const VISIBLE = 'exchange=binance/kind=trades/pair=BTC-USDT/date=2026-11-23/binance-trades-BTC-USDT-2026-11-23.parquet'
const COPY = '.dccd/published/1-2026-11-23.1'

/** Trades 0 to 4 published, and with `tail` 5 and 6 committed after. The counter says that all seven are held. */
async function fill(dataPath: string, { tail = false, heldTo = 4n } = {}): Promise<void> {
  const store = await Store.open({ dataPath, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
  const lane = await store.allocateLane()
  const held = (last: bigint) =>
    ({
      fact: 'held',
      dataset: TRADES,
      run: 1n,
      from: TEN,
      until: TEN + last * SECOND,
      proof: 'observed',
      before: -1n,
      last,
    }) as const
  await store.submit(
    lane,
    1,
    tradesBatch(
      [0, 1, 2, 3, 4].map((n) => trade(n)),
      [held(heldTo)],
    ),
  )
  await store.commit()
  await store.publish({ all: true })
  if (tail) {
    await store.submit(
      lane,
      2,
      tradesBatch(
        [5, 6].map((n) => trade(n)),
        [held(heldTo)],
      ),
    )
    await store.commit()
  }
  await store.close()
}

async function verify(dataPath: string, deep = true): Promise<readonly Finding[]> {
  const data = await ReadOnlyData.open(dataPath)
  try {
    return (await (await data.verifier()).verify({ deep })).findings
  } finally {
    await data.close()
  }
}

async function repair(dataPath: string, derived?: string) {
  const findings = await verify(dataPath)
  const folder = new DataFolder(dataPath)
  const catalog = Catalog.open(folder.catalog)
  const spill = await mkdtemp(join(tmpdir(), 'dccd-test-'))
  const engine = await Engine.open({ spill })
  try {
    return await new Repairer(catalog, engine, folder, TEN).repair(findings, derived)
  } finally {
    engine.close()
    catalog.closeCleanly()
    await rm(spill, { recursive: true, force: true })
  }
}

/** Another byte in the middle of a file, as a disk does it: every name of the file shows it. */
async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  const at = Math.floor(bytes.length / 3)
  bytes[at] = (bytes[at] ?? 0) ^ 0xff
  await writeFile(path, bytes)
}

const whats = (findings: readonly { readonly what: string }[]) => findings.map(({ what }) => what).sort()

describe('verify', () => {
  it('finds nothing in data as it was written, published or not', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath, { tail: true })
      expect(await verify(dataPath, false)).toEqual([])
      expect(await verify(dataPath)).toEqual([])
    }))

  it('sees a byte that changed on the disk when it looks deep, and says which file, dataset and date', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath)
      await flip(join(dataPath, VISIBLE))
      expect(await verify(dataPath)).toMatchObject([
        { what: 'copy_damaged', path: COPY, dataset: TRADES, partition: '2026-11-23' },
        { what: 'visible_changed', path: VISIBLE },
      ])
    }))

  it('sees a file cut short, a file gone and a file of somebody else without reading rows', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath, { tail: true })
      await writeFile(join(dataPath, 'exchange=binance/kind=trades/pair=BTC-USDT/copy of it.parquet'), 'x')
      await truncate(join(dataPath, '.dccd/tail/2-trades.seg'), 100)
      await unlink(join(dataPath, VISIBLE))
      expect(whats(await verify(dataPath, false))).toEqual(['foreign_file', 'segment_damaged', 'visible_missing'])
    }))

  it('sees that the ledger holds more than the rows show', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath, { heldTo: 9n })
      expect(await verify(dataPath)).toMatchObject([
        { what: 'ledger', dataset: TRADES, detail: expect.stringContaining('10 trades') },
      ])
    }))

  it('sees rows out of order, rows twice and rows of another day in a file that the catalog trusts', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath)
      const engine = await Engine.open({ spill: join(dataPath, 'spill') })
      const rows = `SELECT * FROM read_parquet('${join(dataPath, VISIBLE)}', hive_partitioning = false)`
      const other = join(dataPath, 'other')
      await engine.run(
        `COPY (SELECT * FROM (${rows} UNION ALL ${rows}) ORDER BY frame DESC) TO '${other}' (FORMAT parquet)`,
      )
      expect(whats(await contentFaults(engine, other, 'trades', 20_779))).toEqual(['doubled', 'order', 'partition'])
      engine.close()
    }))
})

describe('repair', () => {
  it('gives a file that was deleted or overwritten its content back from the second name', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath)
      await unlink(join(dataPath, VISIBLE))
      expect(await repair(dataPath)).toMatchObject([{ path: VISIBLE, result: 'restored' }])
      expect(await verify(dataPath)).toEqual([])
      await unlink(join(dataPath, COPY))
      expect(await repair(dataPath)).toMatchObject([{ path: COPY, result: 'restored' }])
      expect(await verify(dataPath)).toEqual([])
    }))

  it('makes damaged rows anew from what the journal gives, to the same bytes, and keeps the damaged file', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath)
      const before = await readFile(join(dataPath, VISIBLE))
      await flip(join(dataPath, VISIBLE))
      await withFolder(async (derived) => {
        await fill(derived, { tail: false })
        expect(await repair(dataPath, derived)).toMatchObject([
          { path: VISIBLE, result: 'restored', detail: '5 of 5 rows, byte for byte as before' },
        ])
      })
      expect(await readFile(join(dataPath, VISIBLE))).toEqual(before)
      expect(await verify(dataPath)).toEqual([])
    }))

  it('takes what is lost for good out of the ledger: nothing is held that is not there', () =>
    withFolder(async (dataPath) => {
      await fill(dataPath, { tail: true })
      await flip(join(dataPath, '.dccd/tail/2-trades.seg'))
      expect(await repair(dataPath)).toMatchObject([{ path: VISIBLE, result: 'partly', detail: '5 of 7 rows' }])
      expect(await verify(dataPath)).toEqual([])
      const data = await ReadOnlyData.open(dataPath)
      expect(data.reader.coverage({ exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' })).toEqual([])
      await data.close()
    }))
})

it('a damaged file keeps its own rows from being published, not those of others, and none is lost', () =>
  withFolder(async (dataPath) => {
    await fill(dataPath)
    await flip(join(dataPath, VISIBLE))
    const store = await Store.open({ dataPath, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
    const builder = new ColumnBuilder()
    builder.row('trades', TRADES, trade(7))
    builder.row('trades', 'binance trades ETH/USDT', trade(8))
    await store.submit(await store.allocateLane(), 1, builder.take())
    await store.commit()
    await expect(store.publish({ all: true })).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    const stored = new Map((await store.inventory()).map((entry) => [entry.dataset.pair, entry]))
    expect(stored.get('ETH/USDT')).toMatchObject({ files: 1, unpublishedRows: 0 })
    expect(stored.get('BTC/USDT')).toMatchObject({ files: 1, unpublishedRows: 1 })
    await store.close()
  }))

describe('a hidden file that the disk changed', () => {
  /** Five commits, each a hidden file; the first is damaged. */
  const damagedFirst = async (dataPath: string): Promise<Store> => {
    const store = await Store.open({ dataPath, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })
    const lane = await store.allocateLane()
    for (const n of [1, 2, 3, 4, 5]) {
      const builder = new ColumnBuilder()
      builder.row('trades', n === 1 ? TRADES : 'binance trades ETH/USDT', trade(n))
      await store.submit(lane, n, builder.take())
      await store.commit()
    }
    await flip(join(dataPath, '.dccd/tail/1-trades.seg'))
    return store
  }

  it('goes into no published file: its rows wait, those of others do not', () =>
    withFolder(async (dataPath) => {
      const store = await damagedFirst(dataPath)
      await expect(store.publish({ all: true })).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
      const stored = new Map((await store.inventory()).map((entry) => [entry.dataset.pair, entry]))
      expect(stored.get('ETH/USDT')).toMatchObject({ files: 1, unpublishedRows: 0 })
      expect(stored.get('BTC/USDT')).toMatchObject({ files: 0, unpublishedRows: 1 })
      await store.close()
      expect(await verify(dataPath)).toMatchObject([{ what: 'segment_damaged', path: '.dccd/tail/1-trades.seg' }])
    }))

  it('is not merged with others, which are merged without it', () =>
    withFolder(async (dataPath) => {
      const store = await damagedFirst(dataPath)
      await expect(store.mergeSegments(1)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
      expect(await store.segmentCount()).toBe(4)
      await store.close()
      expect(await verify(dataPath)).toMatchObject([{ what: 'segment_damaged', path: '.dccd/tail/1-trades.seg' }])
    }))
})
