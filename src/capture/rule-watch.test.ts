import { expect, it } from 'vitest'
import { RuleWatch } from './rule-watch.js'

it('a rule that fails again and again without holding for a while is set aside once; one that holds in between is not', () => {
  const watch = new RuleWatch(3)
  const failures = (times: number) => Array.from({ length: times }, () => watch.failed())
  expect(failures(2)).toEqual([false, false])
  for (let n = 0; n < 10; n++) watch.held()
  expect(failures(2)).toEqual([false, false])
  // What fits by chance does not save it.
  for (let n = 0; n < 9; n++) watch.held()
  expect(watch.failed()).toBe(true)
  expect(watch.drifted).toBe(true)
  expect(failures(3)).toEqual([false, false, false])
  for (let n = 0; n < 20; n++) watch.held()
  expect(watch.drifted).toBe(true)
  const again = new RuleWatch(3, JSON.parse(JSON.stringify(watch.state)))
  expect(again.drifted).toBe(true)
})
