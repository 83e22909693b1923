import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { Bench } from './harness.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const verdict = z.object({
  passed: z.boolean(),
  kills: z.number(),
  trades: z.number(),
  book_states: z.number(),
  problems: z.array(z.string()),
})

/** Every exchange with every kind of data, as little of each as shows whether it works: this runs beside another test on two cores. */
const SMALL = ['--instruments', '1', '--rate', '10']

it.each(['1', '2'])(
  'chaos, seed %s: killed, suspended and fed with faults, nothing is lost, doubled or corrupt',
  async (seed) => {
    const bench = new Bench()
    benches.push(bench)
    const minutes = String(Number(process.env.DCCD_CHAOS_SECONDS ?? 60) / 60)
    const { code, output, stdout } = await bench.run('chaos', '--minutes', minutes, '--seed', seed, ...SMALL, '--json')
    const found = verdict.parse(JSON.parse(stdout))
    expect(found.problems, output).toEqual([])
    expect(code).toBe(0)
    expect(found.kills).toBeGreaterThan(0)
    expect(found.trades).toBeGreaterThan(500)
    expect(found.book_states).toBeGreaterThan(500)
  },
)
