import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { DiskGuard } from './disk-guard.js'

const MIB = 1024 ** 2

function watch(minFree: number | 'auto', size: number) {
  const clock = new FakeClock()
  const told: string[] = []
  const disk = { free: size, size }
  const guard = new DiskGuard({
    clock,
    folder: '/data',
    minFree,
    onLow: ({ code }) => told.push(code),
    onEnough: () => told.push('enough'),
    room: async () => disk,
  })
  return { guard, clock, told, disk }
}

it('says once that space is short and once, at twice the least, that there is enough: no to and fro at the edge', async () => {
  const { guard, clock, told, disk } = watch(100 / 1024, 10_000 * MIB)
  await guard.start()
  for (const free of [101, 99, 98, 101, 150, 199, 99, 201, 500, 99]) {
    disk.free = free * MIB
    await clock.run(1000)
  }
  expect(told).toEqual(['DISK_FULL', 'enough', 'DISK_FULL'])
  guard.stop()
  disk.free = 10_000 * MIB
  await clock.run(5000)
  expect(told).toHaveLength(3)
})

it('left alone it keeps 1 GiB of a large disk and 2 % of a small one', async () => {
  const large = watch('auto', 1_000_000 * MIB)
  await large.guard.start()
  large.disk.free = 1023 * MIB
  await large.clock.run(1000)
  expect(large.told).toEqual(['DISK_FULL'])
  const small = watch('auto', 100 * MIB)
  small.disk.free = 3 * MIB
  await small.guard.start()
  expect(small.told).toEqual([])
  small.disk.free = 1 * MIB
  await small.clock.run(1000)
  expect(small.told).toEqual(['DISK_FULL'])
})

it('keeps a file in reserve and gives it up when a write finds the disk full', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-disk-'))
  mkdirSync(join(folder, '.dccd'))
  const reserve = join(folder, '.dccd', 'reserve')
  const clock = new FakeClock()
  const told: string[] = []
  const guard = new DiskGuard({
    clock,
    folder,
    minFree: 0,
    onLow: ({ code }) => told.push(code),
    onEnough: () => told.push('enough'),
  })
  try {
    await guard.look()
    const { size } = statSync(reserve)
    expect(size).toBeGreaterThan(0)
    expect(size).toBeLessThanOrEqual(64 * MIB)
    await guard.full()
    expect(statSync(reserve, { throwIfNoEntry: false })).toBeUndefined()
    expect(told).toEqual(['DISK_FULL'])
    await guard.look()
    expect(told).toEqual(['DISK_FULL', 'enough'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
