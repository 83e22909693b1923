import { mkdir, mkdtemp, readdir, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type ApiOnData, apiOnData } from '../../testkit/api-on-data.js'
import { createConfig } from '../config/parse.js'
import { storageFacts } from './storage-facts.js'

let api: ApiOnData
let dataPath: string

beforeEach(async () => {
  api = await apiOnData()
  dataPath = api.ports.dataPath
})
afterEach(() => api.close())

async function visibleBytes(): Promise<number> {
  const paths = await readdir(dataPath, { recursive: true })
  const rows = paths.filter((path) => path.endsWith('.parquet') && !path.includes('kind=coverage'))
  const sizes = await Promise.all(rows.map(async (path) => (await stat(join(dataPath, path))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

it('adds up what stands on the disk: visible files by exchange and kind, and what is hidden beside them', async () => {
  const journal = join(dataPath, '.dccd', 'journal')
  await mkdir(journal, { recursive: true })
  for (const [name, size] of [
    ['0000000001.journal', 1000],
    ['0000000002.journal', 234],
  ] as const)
    await writeFile(join(journal, name), Buffer.alloc(size))
  await writeFile(join(dataPath, '.dccd', 'reserve'), Buffer.alloc(5000))
  const facts = await storageFacts(api.ports)
  expect(facts.data.map(({ exchange, kind, datasets, rows }) => [exchange, kind, datasets, rows]).sort()).toEqual([
    ['binance', 'book_deltas', 1, 2],
    ['binance', 'ohlc', 1, 3],
    ['binance', 'trades', 1, 100],
  ])
  expect(facts.bytes.data).toBe(await visibleBytes())
  expect(facts.bytes.data).toBeGreaterThan(0)
  expect(facts.journal).toMatchObject({ files: 2, bytes: 1234, oldest_at: expect.stringContaining('T') })
  expect(facts.bytes).toMatchObject({ journal: 1234 })
  expect(facts.bytes.catalog).toBeGreaterThan(1000)
  // Second names of visible files are not counted again.
  expect(facts.bytes.other).toBeGreaterThanOrEqual(5000)
  expect(facts.bytes.other).toBeLessThan(5000 + facts.bytes.data)
})

it('finds catalog and journal where storage.state_path put them, and counts nothing for what only links to it', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'dccd-state-'))
  try {
    const { bytes: before } = await storageFacts(api.ports)
    const journal = join(dataPath, '.dccd', 'journal')
    await rm(journal, { recursive: true, force: true })
    await writeFile(join(elsewhere, '0000000001.journal'), Buffer.alloc(3_000_000))
    await symlink(elsewhere, journal)
    const { bytes } = await storageFacts(api.ports)
    expect(bytes.journal).toBe(3_000_000)
    expect(bytes.other).toBe(before.other)
  } finally {
    await rm(elsewhere, { recursive: true, force: true })
  }
})

it('tells the disk, what writing cost, and how long things are kept', async () => {
  const config = createConfig({
    settings: { data_path: dataPath },
    journal: { keep: '12h', max_bytes: 2 ** 30, min_free_gb: 3 },
  })
  const { disk, written, retention } = await storageFacts({
    dataPath,
    data: () => api.ports.data(),
    sql: () => Promise.reject(new Error('not asked')),
    config: () => config,
  })
  const { blocks, bsize } = await statfs(dataPath)
  expect(disk.total_bytes).toBe(blocks * bsize)
  expect(disk.free_bytes).toBeGreaterThan(0)
  expect(disk.pauses_below_bytes).toBe(3 * 1024 ** 3)
  expect(written.amplification).toBeGreaterThanOrEqual(1)
  expect(retention).toEqual({
    journal_keep: '12h',
    journal_max_bytes: 2 ** 30,
    journal_min_free_gb: 3,
    data_min_free_gb: 0,
  })
})
