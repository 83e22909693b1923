import { expect, it } from 'vitest'
import type { Instrument } from '../model/instrument.js'
import { mayMean, selectPairs } from './selection.js'

const instrument = (pair: string, more: Partial<Instrument> = {}): Instrument => {
  const [base = '', quote = ''] = pair.replace(/:.*/, '').split('/')
  const kind = pair.endsWith(':perp') ? 'perpetual' : pair.includes(':') ? 'future' : 'spot'
  return { exchange: 'x', symbol: pair, pair, kind, base, quote, status: 'trading', amountUnit: 'base', ...more }
}
const PAIRS = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'BTC/EUR', 'BTC/USDT:perp', 'ETH/USDT:perp', 'BTC/USDT:20261225']
const instruments = [...PAIRS.map((pair) => instrument(pair)), instrument('OLD/USDT', { status: 'halted' })]
const volumes = new Map([
  ['BTC/USDT', 100],
  ['ETH/USDT', 90],
  ['SOL/USDT', 80],
  ['BTC/EUR', 5],
])
const select = (job: Parameters<typeof selectPairs>[0], selected?: ReadonlySet<string>, ranks = volumes) =>
  selectPairs(job, { instruments, volumes: ranks }, selected)

it('a pattern means spot where it names no market, and never what does not trade', () => {
  expect(select({ pairs: ['*/USDT'] })).toEqual(['BTC/USDT', 'ETH/USDT', 'SOL/USDT'])
  expect(select({ pairs: ['BTC/*'] })).toEqual(['BTC/EUR', 'BTC/USDT'])
  expect(select({ pairs: ['*/*'], exclude: ['*/EUR', 'SOL/*'] })).toEqual(['BTC/USDT', 'ETH/USDT'])
})

it('kind and market choose derivatives', () => {
  expect(select({ pairs: ['*/USDT'], kind: 'perpetual' })).toEqual(['BTC/USDT:perp', 'ETH/USDT:perp'])
  expect(select({ pairs: ['*/USDT:perp'] })).toEqual(['BTC/USDT:perp', 'ETH/USDT:perp'])
  expect(select({ pairs: ['*/USDT'], kind: 'future' })).toEqual(['BTC/USDT:20261225'])
  expect(select({ pairs: ['*/USDT'], kind: 'perpetual', exclude: ['BTC/*'] })).toEqual(['ETH/USDT:perp'])
})

it('pairs that are named as they are stand whatever is listed', () => {
  expect(selectPairs({ pairs: ['NEW/USDT'] }, undefined)).toEqual(['NEW/USDT'])
  expect(select({ pairs: ['NEW/USDT', 'SOL/*'] })).toEqual(['NEW/USDT', 'SOL/USDT'])
  expect(selectPairs({ pairs: ['NEW/USDT', '*/USDT'] }, undefined)).toEqual(['NEW/USDT'])
})

it('top takes those with the most traded value, and two neighbours in rank do not take turns', () => {
  expect(select({ pairs: ['*/USDT'], top: 2 })).toEqual(['BTC/USDT', 'ETH/USDT'])
  expect(select({ pairs: ['BTC/USDT', 'SOL/USDT', 'BTC/EUR'], top: 1 })).toEqual(['BTC/USDT'])
  const overtaken = new Map([...volumes, ['SOL/USDT', 91]])
  expect(select({ pairs: ['*/USDT'], top: 2 }, new Set(['BTC/USDT', 'ETH/USDT']), overtaken)).toEqual([
    'BTC/USDT',
    'ETH/USDT',
  ])
  expect(select({ pairs: ['*/USDT'], top: 2 }, new Set(), overtaken)).toEqual(['BTC/USDT', 'SOL/USDT'])
  // Far behind: one that was selected makes room.
  expect(select({ pairs: ['*/*'], top: 1 }, new Set(['BTC/EUR']))).toEqual(['BTC/USDT'])
  expect(select({ pairs: ['*/USDT'], top: 50 })).toHaveLength(3)
})

it('tells of a pair whether a rule may mean it, before anything is listed', () => {
  expect(mayMean({ pairs: ['*/USDT'] }, 'BTC/USDT')).toBe(true)
  expect(mayMean({ pairs: ['*/USDT'] }, 'BTC/USDT:perp')).toBe(true)
  expect(mayMean({ pairs: ['*/USDT'] }, 'BTC/EUR')).toBe(false)
  expect(mayMean({ pairs: ['*/USDT'], exclude: ['BTC/*'] }, 'BTC/USDT')).toBe(false)
})
