import { expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import type { CollectorError } from '../model/error.js'
import { Deadline } from './deadline.js'

it('a step hears that its time runs out before it is late, and one that obeys is no failure', async () => {
  const clock = new FakeClock()
  const errors: CollectorError[] = []
  const deadline = new Deadline(10_000, clock, (error) => errors.push(error))
  let heard = false
  const obeying = deadline.step('publishing', 0.5, async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    heard = true
  })
  await clock.run(4500)
  await obeying
  expect([heard, errors]).toEqual([true, []])
  const hanging = deadline.step('closing', 1, () => new Promise(() => {}))
  await clock.run(6000)
  await hanging
  expect(errors.map(({ code }) => code)).toEqual(['STORE_FAILED'])
})
