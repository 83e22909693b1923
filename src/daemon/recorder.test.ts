import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { CollectorError } from '../model/error.js'
import { Recorder } from './recorder.js'

/** A recorder that counts how often it would take its data folder, and goes no further. */
function make() {
  const unused = () => {
    throw new Error('nothing is started')
  }
  let taken = 0
  const recorder = new Recorder({
    clock: new FakeClock(),
    lock: async () => {
      taken++
      throw new CollectorError('DATA_LOCKED', 'as far as this goes')
    },
    firstJournalFile: unused,
    spawn: unused,
    openStore: unused,
    random: () => 0,
    journalPath: '/nowhere/journal',
    syncMs: 200,
    minFree: 'auto',
    dataPath: '/nowhere',
    keep: { keepMs: 0, maxBytes: null },
    workers: 1,
    config: '{}',
    endpoints: {},
    exchanges: [],
    isNamed: () => true,
    onError: unused,
    onFatal: unused,
  })
  return { recorder, taken: () => taken }
}

it('who asks after the end is refused and opens nothing: the threads and the lock would stay with a process that is over', async () => {
  const { recorder, taken } = make()
  await expect(recorder.store()).rejects.toMatchObject({ code: 'DATA_LOCKED' })
  const closing = recorder.close()
  // While it closes, too.
  await expect(recorder.store()).rejects.toMatchObject({ code: 'PROCESS_STOPPED' })
  await closing
  await expect(recorder.store()).rejects.toMatchObject({ code: 'PROCESS_STOPPED' })
  await expect(recorder.history()).rejects.toMatchObject({ code: 'PROCESS_STOPPED' })
  expect(taken()).toBe(1)
})

it('it opens again when it is told to, and answers then', async () => {
  const { recorder, taken } = make()
  await recorder.close()
  await expect(recorder.open()).rejects.toMatchObject({ code: 'DATA_LOCKED' })
  await expect(recorder.store()).rejects.toMatchObject({ code: 'DATA_LOCKED' })
  expect(taken()).toBe(2)
})
