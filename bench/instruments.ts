import { child, type Result } from './child.js'
import { type Figure, figure } from './figure.js'

const ROUNDS = 5
const FEW = 10
const MANY = 1000

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/**
 * What a frame costs with a thousand instruments on a worker beside ten of them, and the memory that it takes. A naive program with the same frames tells how much of
 * it is due to the caches of the machine: what belongs to the next instrument has left them when its turn comes.
 */
export async function benchInstruments(): Promise<Figure[]> {
  const results = new Map<string, Result[]>()
  const run = async (way: string, instruments: number) => {
    const key = `${way} ${instruments}`
    const before = results.get(key) ?? []
    results.set(key, [...before, await child('./instruments-child.js', [way, String(instruments)])])
  }
  for (let round = 0; round < ROUNDS; round++)
    for (const way of ['ours', 'naive']) for (const instruments of [FEW, MANY]) await run(way, instruments)
  const rate = (way: string, instruments: number) =>
    median((results.get(`${way} ${instruments}`) ?? []).map(({ trades, cpuSeconds }) => trades / cpuSeconds))
  const megabytes = Math.max(...(results.get(`ours ${MANY}`) ?? []).map(({ peakMb }) => peakMb))
  const name = 'frames of 1,000 instruments on one worker vs 10'
  return [
    figure(name, 'per CPU-second', rate('ours', MANY), rate('ours', FEW)),
    figure(`${name}, naive program`, 'per CPU-second', rate('naive', MANY), rate('naive', FEW)),
    // Of memory less is better: the ratio is turned round.
    { ...figure('peak memory of it, 600 allowed', 'MB', megabytes, 600), ratio: 600 / megabytes },
  ]
}
