import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Instrument } from '../model/instrument.js'
import { LISTINGS_TABLE, listedSince, listingAt, saveListing } from './listings.js'
import { Sqlite } from './sqlite.js'

let folder: string
let db: Sqlite
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dccd-listings-'))
  db = new Sqlite(join(folder, 'db'), { timeoutMs: 1000 })
  db.exec(LISTINGS_TABLE)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

const listed = (symbol: string, more: Partial<Instrument> = {}): Instrument => ({
  exchange: 'x',
  symbol,
  pair: `${symbol}/USD`,
  kind: 'spot',
  base: symbol,
  quote: 'USD',
  status: 'trading',
  amountUnit: 'base',
  ...more,
})
const symbols = (at: bigint, exchange = 'x') => listingAt(db, exchange, at).map(({ symbol }) => symbol)

it('tells what was listed at any moment: additions, changes, removals, and what came back', () => {
  saveListing(db, 'x', [listed('A'), listed('B')], 100n)
  saveListing(db, 'y', [listed('Z')], 100n)
  saveListing(db, 'x', [listed('A'), listed('B')], 200n)
  saveListing(db, 'x', [listed('A', { status: 'halted' }), listed('C')], 300n)
  saveListing(db, 'x', [listed('A', { status: 'halted' }), listed('B'), listed('C')], 400n)
  expect(symbols(99n)).toEqual([])
  expect(symbols(100n)).toEqual(['A', 'B'])
  expect(symbols(299n)).toEqual(['A', 'B'])
  expect(symbols(300n)).toEqual(['A', 'C'])
  expect(symbols(400n)).toEqual(['A', 'B', 'C'])
  expect(listingAt(db, 'x', 299n)[0]?.status).toBe('trading')
  expect(listingAt(db, 'x', 300n)[0]?.status).toBe('halted')
  expect(symbols(400n, 'y')).toEqual(['Z'])
  expect(listedSince(db, 'x')).toBe(100n)
  expect(listedSince(db, 'nobody')).toBeUndefined()
})

it('a list that says the same writes nothing', () => {
  saveListing(db, 'x', [listed('A'), listed('B')], 100n)
  for (let n = 1n; n < 50n; n++) saveListing(db, 'x', [listed('B'), listed('A')], 100n + n)
  expect(db.all('SELECT * FROM listings')).toHaveLength(2)
})
