import { expect, it } from 'vitest'
import type { Dataset } from '../../model/dataset.js'
import type { Gap } from '../../model/gaps.js'
import { SECOND } from '../../model/time.js'
import { dataOperations } from './data.js'

const pairs = ['A/USDT', 'B/USDT', 'C/USDT']

/** A ledger in which each of three datasets lost ten seconds, turn by turn. */
async function* eachLedger() {
  for (const [place, pair] of pairs.entries()) {
    const dataset: Dataset = { exchange: 'binance', kind: 'trades', pair }
    const gaps = Array.from({ length: 10 }, (_, n): Gap => {
      const from = BigInt(3 * n + place) * SECOND
      return { dataset: `binance trades ${pair}`, from, until: from + SECOND, code: 'CONNECTION_LOST', detail: '' }
    })
    yield { dataset, covered: [], gaps }
  }
}

// A daemon with many gaps of its first datasets showed no gap of the others, or the other way round.
it('of more gaps than are asked for, the newest of all datasets are told, dataset by dataset', async () => {
  const ports = { data: async () => ({ eachLedger }) }
  const ask = async (limit: number) => {
    const input = dataOperations.gaps.input.parse({ limit })
    const rows = await dataOperations.gaps.run(ports as never, input, new AbortController().signal) // what it uses
    return rows.map(({ pair, from }) => `${pair[0]} ${BigInt(from) / SECOND}`)
  }
  expect(await ask(4)).toEqual(['A 27', 'B 28', 'C 26', 'C 29'])
  expect(await ask(30)).toHaveLength(30)
  expect((await ask(29))[0]).toBe('A 3')
})
