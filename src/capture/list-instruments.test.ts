import { describe, expect, it } from 'vitest'
import type { ListCall } from '../exchanges/exchange.js'
import type { Instrument } from '../model/instrument.js'
import { listInstruments } from './list-instruments.js'

function instrument(pair: string, status: Instrument['status'] = 'trading'): Instrument {
  return { exchange: 'toy', symbol: pair, pair, kind: 'spot', base: 'A', quote: 'B', status, amountUnit: 'base' }
}

/** Bodies are `pair,pair>cursor`. */
function list(name: string, cursor = ''): ListCall<Instrument> {
  return {
    path: `/${name}${cursor}`,
    weight: 1,
    read: (body) => (body.split('>')[0] ?? '').split(',').map((pair) => instrument(pair)),
    next: (body) => {
      const [, next] = body.split('>')
      return next ? list(name, next) : undefined
    },
  }
}

async function listed(lists: readonly ListCall<Instrument>[], bodies: Readonly<Record<string, string>>) {
  const asked: string[] = []
  const ask = async ({ path }: { path: string }) => {
    asked.push(path)
    return bodies[path] ?? ''
  }
  const pairs = (await listInstruments(lists, ask)).map(({ pair }) => pair)
  return { asked, pairs }
}

describe('listing the instruments of a venue', () => {
  it('follows every list to its last page', async () => {
    const bodies = { '/spot': 'A/B,C/D', '/swap': 'A/B:perp>2', '/swap2': 'C/D:perp>3', '/swap3': 'E/F:perp' }
    expect(await listed([list('spot'), list('swap')], bodies)).toEqual({
      asked: ['/spot', '/swap', '/swap2', '/swap3'],
      pairs: ['A/B', 'C/D', 'A/B:perp', 'C/D:perp', 'E/F:perp'],
    })
  })

  it('gives up on pages that go in circles, and on a list that never ends', async () => {
    const circle = { '/a': 'A/B>1', '/a1': 'C/D>2', '/a2': 'C/D>1' }
    await expect(listed([list('a')], circle)).rejects.toMatchObject({ code: 'BAD_MESSAGE' })
    let page = 0
    const ask = async () => `A/B>${++page}`
    await expect(listInstruments([list('a')], ask)).rejects.toMatchObject({ code: 'BAD_MESSAGE' })
  })

  it('takes the instrument that trades where a name was used before', async () => {
    const one = (status: Instrument['status'], symbol: string): ListCall<Instrument> => ({
      path: `/${symbol}`,
      weight: 1,
      read: () => [{ ...instrument('A/B', status), symbol }],
    })
    const symbols = async (...lists: ListCall<Instrument>[]) =>
      (await listInstruments(lists, async () => '')).map(({ symbol }) => symbol)
    expect(await symbols(one('trading', 'new'), one('closed', 'old'))).toEqual(['new'])
    expect(await symbols(one('closed', 'old'), one('trading', 'new'))).toEqual(['new'])
  })
})
