import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import type { Row } from '../../src/chaos/compare.js'
import type { Disturbance } from '../../src/chaos/ledger-check.js'
import { verdictOf } from '../../src/chaos/verdict.js'
import { chaosPorts } from '../../src/compose/chaos-run.js'
import type { Dataset } from '../../src/model/dataset.js'
import { visibleRows } from '../../testkit/truth.js'
import { Bench } from './harness.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const now = () => BigInt(Date.now()) * 1_000_000n
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Of each interface of the seven venues. The whole width of 20 takes minutes: CONTRIBUTING.md says how to run it. */
const INSTRUMENTS = Number(process.env.DCCD_FAULT_INSTRUMENTS ?? 4)
/** Of each instrument, so that two cores carry all of them beside the emulator and another test. */
const RATE = 40 / INSTRUMENTS
const SECONDS = Number(process.env.DCCD_FAULT_SECONDS ?? 45)
/** In a row, so that books which a checksum proves show it too. */
const LOST = 5

/** Read by an engine that is not ours. */
async function* outside(data: string, { exchange, kind, pair, interval }: Dataset): AsyncGenerator<Row> {
  yield* await visibleRows(data, exchange, kind, pair, interval)
}

it('seven venues: over cuts, kills and lost changes what is stored is what happened, outside what the ledger says; no gap is false', {
  timeout: 900_000,
}, async () => {
  const bench = new Bench()
  benches.push(bench)
  const ports = chaosPorts('')
  const recorded = ports.emulated(INSTRUMENTS)
  await bench.emulate('--seed', '7', '--rate', `${RATE}`, '--instruments', `${INSTRUMENTS}`, '--truth', bench.truth)
  bench.config(
    recorded.flatMap(({ exchange, streams }) =>
      streams.map((each) => ({ exchange, ...each, time_step: 30, depth: 25 })),
    ),
    // Time enough at the end to publish all of it: what is visible is compared.
    { settings: { stop_timeout: 180 } },
  )
  const began = now()
  await bench.startDaemon()
  await bench.live()

  // A candle that was under way when the recording began may never be told again.
  const disturbances: Disturbance[] = [{ exchange: 'all', from: began, until: now() }]
  const numbered = recorded.filter(({ numbered: does }) => does).map(({ exchange }) => exchange)
  const script = ['cut binance', 'kill', 'lose', 'cut kraken', 'cut all', 'kill'] as const
  for (const step of script) {
    await pause((SECONDS * 1000) / (script.length + 1))
    const from = now()
    const [what, exchange = 'all'] = step.split(' ')
    if (what === 'kill') {
      await bench.daemon?.kill('SIGKILL')
      await bench.startDaemon()
    } else if (what === 'lose')
      await bench.fault(...numbered.map((each) => ({ fault: 'lose', exchange: each, channel: 'book', count: LOST })))
    else await bench.fault({ fault: 'cut', exchange })
    // The status tells of it a moment later.
    await pause(1500)
    await bench.live()
    disturbances.push({ exchange, from, until: now() })
  }
  await pause((SECONDS * 1000) / (script.length + 1))
  await bench.live()
  expect(await bench.daemon?.kill('SIGTERM')).toBe(0)
  await bench.programs[0]?.kill('SIGTERM')

  // Recorded over kills and cuts, or derived from the journal alone: the same bytes.
  const anew = await bench.run('rebuild', '--output', 'anew', '--json')
  expect(anew.code, anew.output.slice(-2000)).toBe(0)
  const { files } = z
    .object({ files: z.array(z.object({ path: z.string(), result: z.string() })) })
    .parse(JSON.parse(anew.stdout))
  expect(files.length).toBeGreaterThan(40 * INSTRUMENTS)
  expect(new Set(files.map(({ result }) => result))).toEqual(new Set(['equal']))

  // A byte that a disk changed is found, and the file comes back from the journal as it was.
  expect((await bench.run('verify', '--deep')).output).toContain('SOUND')
  const [victim = ''] = files.flatMap(({ path }) => (path.includes('book_deltas') ? [join(bench.data, path)] : []))
  const written = readFileSync(victim)
  const changed = Buffer.from(written)
  changed.writeUInt8(changed.readUInt8(1000) ^ 0xff, 1000)
  writeFileSync(victim, changed)
  const found = await bench.run('verify', '--deep', '--json')
  expect([found.code, found.stdout]).toEqual([3, expect.stringContaining('visible_changed')])
  const mended = await bench.run('verify', '--repair')
  expect(mended.code, mended.output.slice(-2000)).toBe(0)
  expect(readFileSync(victim).equals(written)).toBe(true)

  const verdict = await verdictOf(
    { ...ports, visibleRows: outside },
    { data: bench.data, truth: bench.truth, recorded, disturbances },
  )
  const { problems, ...figures } = verdict
  expect(problems).toEqual([])
  process.stdout.write(`${JSON.stringify(figures)}\n`)
})
