import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { backfillArguments, servePast } from './backfill.js'
import { child } from './child.js'
import { type Figure, figure } from './figure.js'

const RUNS = 5
const PROGRAM = join(import.meta.dirname, '../src/main.js')
const START = '2018-01-01T00:00:00Z'
const UNTIL = '2018-01-01T16:40:00Z'

/** What a command costs before it does anything, beside a process of Node that does nothing: each the median of five, in turn. */
export async function benchStart(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-bench-'))
  const past = await servePast()
  try {
    const commands: Readonly<Record<string, (run: number) => readonly string[]>> = {
      node: () => [],
      'dccd --version': () => [PROGRAM, '--version'],
      'dccd --help': () => [PROGRAM, '--help'],
      'dccd backfill of a thousand candles': (run) =>
        backfillArguments(join(folder, `run-${run}`), past.port, { start: START, until: UNTIL }),
      'dccd status of them': (run) => [PROGRAM, 'status', '--config', join(folder, `run-${run}.yml`)],
      'dccd inventory of them': (run) => [PROGRAM, 'inventory', '--config', join(folder, `run-${run}.yml`)],
      'dccd read of them': (run) => [
        ...[PROGRAM, 'read', 'binance', 'BTC/USDT', 'ohlc', '--limit', '5'],
        ...['--config', join(folder, `run-${run}.yml`)],
      ],
    }
    const took = new Map<string, { readonly cpu: number; readonly ms: number }[]>()
    for (let run = 0; run < RUNS; run++) {
      for (const [name, args] of Object.entries(commands)) {
        const began = performance.now()
        const { cpuSeconds } = await child('./start-child.js', args(run))
        const one = { cpu: cpuSeconds, ms: performance.now() - began }
        took.set(name, [...(took.get(name) ?? []), one])
      }
    }
    const median = (name: string, of: 'cpu' | 'ms') =>
      (took.get(name) ?? []).map((each) => each[of]).sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN
    return Object.keys(commands)
      .filter((name) => name !== 'node')
      .flatMap((name) => [
        figure(`${name}, beside node`, 'ms of CPU', median(name, 'cpu') * 1000, median('node', 'cpu') * 1000),
        figure(`  until it ends`, 'ms', median(name, 'ms'), median('node', 'ms')),
      ])
  } finally {
    past.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
