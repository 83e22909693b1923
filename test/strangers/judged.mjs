import assert from 'node:assert/strict'
import { it } from 'vitest'
import { DIFFERENCES } from './venues.mjs'

/** A test of one client and exchange. Where a difference is known it must differ; when it does no more, the list is out of date. */
export function judged(client, exchange, test, run) {
  const known = DIFFERENCES.find((each) => each.client === client && each.exchange === exchange && each.test === test)
  if (!known) it(test, run)
  else
    it(`${test}: differs, ${known.whose}: ${known.why}`, () =>
      assert.throws(run, 'the difference is gone: take it out of the list'))
}
