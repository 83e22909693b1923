import { expect, it } from 'vitest'
import { recordAt, recordsAt, textsOf, valuesOf } from './yaml-text.js'

it('what the form shows is what the text says, and nothing while it is no YAML', () => {
  const values = valuesOf('settings:\n  ui_port: 1 # mine\nstream_jobs:\n  - pairs: [BTC/USD, ETH/USD]\n  - wrong\n')
  expect(values && recordAt(values, 'settings')).toEqual({ ui_port: 1 })
  expect(values && recordsAt(values, 'stream_jobs').map(({ pairs }) => textsOf(pairs))).toEqual([
    ['BTC/USD', 'ETH/USD'],
    [],
  ])
  expect(valuesOf('a: [')).toBeUndefined()
  expect(valuesOf('just text')).toEqual({})
})
