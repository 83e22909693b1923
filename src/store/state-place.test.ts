import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { collect, TEN, trade, tradesBatch, withFolder } from '../../testkit/store-rows.js'
import { serveJournal } from '../journal/journal-thread.js'
import { scanJournal } from '../journal/recover.js'
import { systemClock } from '../lib/clock.js'
import { weaknessOf } from './file-system.js'
import { ReadOnlyData } from './reader.js'
import { placeState } from './state-place.js'
import { Store } from './store.js'

const open = (dataPath: string) => Store.open({ dataPath, clock: new FakeClock(TEN), threads: 1, memoryLimit: '128MB' })

/** A trade is committed and a record journalled. */
async function record(dataPath: string, n: number): Promise<void> {
  const store = await open(dataPath)
  const number = await store.allocateLane()
  await store.submit(number, 0, tradesBatch([trade(n)]))
  await store.commit()
  await store.close()
  const journal = await serveJournal({ dir: join(dataPath, '.dccd', 'journal'), clock: systemClock(), syncMs: 1 })
  const lane = journal.lane(number)
  await lane.whenDurable(lane.append({ type: 'tick', wall: 1n, mono: 1n }))
  await journal.close()
}

async function held(dataPath: string): Promise<{ readonly ids: readonly unknown[]; readonly lanes: number }> {
  const data = await ReadOnlyData.open(dataPath)
  const dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' } as const
  const rows = await collect(data.reader.scan(dataset, 0n, 2n ** 62n, ['trade_id']))
  await data.close()
  const onDamage = (damage: object) => expect.fail(JSON.stringify(damage))
  const { lanes } = await scanJournal(join(dataPath, '.dccd', 'journal'), { onDamage })
  return { ids: rows.map(({ trade_id }) => trade_id), lanes: lanes.size }
}

const withBoth = (work: (data: string, state: string) => Promise<void>) =>
  withFolder((folder) => work(join(folder, 'data'), join(folder, 'local', 'state')))

describe('storage.state_path', () => {
  it('takes catalog and journal of a new data folder, and whoever opens the folder finds them', () =>
    withBoth(async (data, state) => {
      mkdirSync(join(data, '.dccd'), { recursive: true })
      await placeState(data, state)
      await record(data, 1)
      expect(existsSync(join(state, 'catalog', 'catalog.db'))).toBe(true)
      await placeState(data, state)
      await record(data, 2)
      expect(await held(data)).toEqual({ ids: ['1', '2'], lanes: 2 })
    }))

  it('moves those that are there already', () =>
    withBoth(async (data, state) => {
      await record(data, 1)
      await placeState(data, state)
      await record(data, 2)
      expect(await held(data)).toEqual({ ids: ['1', '2'], lanes: 2 })
      expect(readdirSync(join(state, 'journal')).length).toBeGreaterThan(1)
      expect(readdirSync(join(data, '.dccd')).filter((name) => name.includes('moved'))).toEqual([])
    }))

  it.each(['before the copy has its name', 'before the link stands'])('goes on where a move was killed %s', (where) =>
    withBoth(async (data, state) => {
      await record(data, 1)
      const [own, aside] = [join(data, '.dccd', 'catalog'), join(data, '.dccd', 'catalog.moved')]
      renameSync(own, aside)
      mkdirSync(join(state, where.includes('link') ? 'catalog' : 'catalog.moving'), { recursive: true })
      writeFileSync(join(state, where.includes('link') ? 'catalog' : 'catalog.moving', 'half'), 'of a copy')
      await placeState(data, state)
      expect(lstatSync(own).isSymbolicLink()).toBe(true)
      expect(await held(data)).toEqual({ ids: ['1'], lanes: 1 })
    }),
  )

  it('is refused where another data folder has its state, and where this one has it elsewhere', () =>
    withBoth(async (data, state) => {
      await record(data, 1)
      await placeState(data, state)
      await record(`${data}2`, 1)
      await expect(placeState(`${data}2`, state)).rejects.toMatchObject({ code: 'DATA_FOREIGN' })
      expect(await held(`${data}2`)).toEqual({ ids: ['1'], lanes: 1 })
      await expect(placeState(data, `${state}3`)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
      rmSync(`${data}2`, { recursive: true })
    }))
})

it.each([
  [0x6969, /NFS.*lost with the power/],
  [0xff534d42, /CIFS/],
  [0x65735546, /FUSE/],
  [0x01021994, /gone after a restart/],
])('a file system that promises less than a disk (%i) is named', (type, message) => {
  expect(weaknessOf('/data', type)).toMatchObject({ code: 'WEAK_FILE_SYSTEM', message: expect.stringMatching(message) })
})

it.each([0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1])('ext4, XFS, btrfs and ZFS are not (%i)', (type) => {
  expect(weaknessOf('/data', type)).toBe(undefined)
})
