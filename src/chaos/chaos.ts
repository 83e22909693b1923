import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import { Aftermath } from './aftermath.js'
import { QUIET } from './control.js'
import {
  LEAST_PAUSE_MS,
  type Step,
  script,
  type Target,
  TORMENTS,
  type Torment,
  tormentOf,
  tormentsOf,
} from './script.js'
import { type ChaosVerdict, type Recorded, type VerdictPorts, verdictOf } from './verdict.js'
import { Victim } from './victim.js'

export type { ChaosVerdict } from './verdict.js'

export interface ChaosRequest {
  readonly seconds: number
  readonly seed: string
  readonly instruments: number
  /** Market events per second and instrument. */
  readonly rate: number
  readonly exchanges?: readonly string[]
  /** What is done to it, of `TORMENTS`; everything when absent. */
  readonly torments?: readonly string[]
  /** Empty, or not there yet. */
  readonly folder: string
}

/** An emulated exchange with what it lists: channels as a config names them. */
interface Emulated extends Target, Recorded {
  readonly streams: readonly { readonly pairs: readonly string[]; readonly channels: readonly string[] }[]
}

/** What a run needs of the rest of the program. */
export interface ChaosPorts extends VerdictPorts {
  /** The program to be tormented: Node's arguments up to the command. */
  readonly program: readonly string[]
  /** The module that is loaded into the program before itself, as a file URL. */
  readonly preload: string
  startEmulator(options: {
    readonly port: number
    readonly seed: string
    readonly rate: number
    readonly instruments: number
    readonly exchanges?: readonly string[]
    readonly truth: string
    readonly faultLog: string
  }): Promise<{ readonly port: number; close(): Promise<void> }>
  emulated(instruments: number): readonly Emulated[]
  wall(): Nanos
}

/** A port where nobody listens: a program that is told to record there writes nothing. */
const UNREACHABLE = 9
/** The stop that is there to make everything visible; every other one has the time that a daemon has by itself. */
const LAST_STOP_SECONDS = 120
/** However busy the machine is, a connection that hangs is cut by then. */
const CUT_WITHIN_MS = 60_000

/** Half of the pairs are recorded with a book of this depth, half with the other: some exchanges tell small books otherwise than large ones. */
const DEPTHS = [25, 100] as const

/**
 * Records emulated exchanges with the real program while it is killed, suspended and fed with faults, then compares what is on disk with what
 * happened. `tell` hears a line for each thing done. Throws when the program does not come back.
 */
export async function runChaos(
  request: ChaosRequest,
  ports: ChaosPorts,
  tell: (line: string) => void,
  signal?: AbortSignal,
): Promise<ChaosVerdict> {
  const { seconds, seed, instruments, rate, exchanges, torments, folder } = request
  const chosen = torments ? tormentsOf(torments) : TORMENTS
  await mkdir(folder, { recursive: true })
  const truth = join(folder, 'truth.ndjson')
  const emulator = await ports.startEmulator({
    port: 0,
    seed,
    rate,
    instruments,
    truth,
    faultLog: join(folder, 'faults.ndjson'),
    ...(exchanges ? { exchanges } : {}),
  })
  const emulated = ports.emulated(instruments).filter(({ exchange }) => exchanges?.includes(exchange) ?? true)
  const victim = new Victim(folder, ['--import', ports.preload, ...ports.program])
  const data = join(folder, 'data')
  const aftermath = new Aftermath(
    emulated.map(({ exchange }) => exchange),
    { waiting: () => victim.waiting(), wall: ports.wall, nowMs: Date.now, sleep },
  )
  const done = new Map<Torment, number>()
  const troubles: string[] = []
  const stopped = async () => {
    // What is stored is compared all the same.
    await victim.stop().catch((error: unknown) => troubles.push(error instanceof Error ? error.message : String(error)))
  }
  const recovered = new AbortController()
  let watching = Promise.resolve()
  try {
    await writeConfig(folder, emulator.port, emulated)
    await victim.start()
    await victim.live()
    const began = Date.now()
    let free = began
    watching = aftermath.watch(recovered.signal)
    const say = (text: string) => tell(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`)
    for (const step of script(seed, seconds * 1000, emulated, chosen)) {
      // On a busy machine steps take longer than the script has it: something must be recorded between them all the same.
      await sleep(Math.max(began + step.atMs, free) - Date.now(), signal)
      signal?.throwIfAborted()
      // What took longer than the script has it is on a busy machine no reason to go on for ever.
      if (Date.now() - began > seconds * 1000) break
      say(describe(step))
      const torment = tormentOf(step)
      done.set(torment, (done.get(torment) ?? 0) + 1)
      // A slow disk and a clock that is set cost nothing: what they cost all the same is unexplained.
      const isCostly = torment !== 'slow_disk' && torment !== 'clock'
      if (isCostly) aftermath.begins(step.exchange)
      await carryOut(step, victim, emulator.port)
      free = Date.now() + LEAST_PAUSE_MS
      if (isCostly) aftermath.done()
    }
    await sleep(began + seconds * 1000 - Date.now(), signal)
    say('in peace: every stream must come back')
    await victim.live()
    recovered.abort()
    await stopped()
    // A stop has nine seconds; on a machine that is busy it leaves some rows to the next one.
    const hidden = await ports.unpublished(data)
    if (hidden > 0) {
      say(`${hidden} rows are safe and not yet visible: started again, with no exchange to be had`)
      await writeConfig(folder, UNREACHABLE, emulated, LAST_STOP_SECONDS)
      await victim.start()
      await victim.ready()
      await stopped()
    }
    say('stopped; comparing what is stored with what happened')
  } finally {
    recovered.abort()
    await watching
    await victim.end()
    await emulator.close()
  }
  const { disturbances } = aftermath
  const told = disturbances.map(({ exchange, from, until }) =>
    JSON.stringify({ exchange, from: `${from}`, until: `${until}` }),
  )
  await writeFile(join(folder, 'disturbances.ndjson'), `${told.join('\n')}\n`)
  const found = await verdictOf(ports, { data, truth, recorded: emulated, disturbances })
  const kills = done.get('kill') ?? 0
  const steps = [...done.values()].reduce((sum, count) => sum + count, 0)
  const problems = [...troubles, ...found.problems]
  const run = { seed, seconds, kills, faults: steps - kills, torments: Object.fromEntries(done) }
  return { ...run, ...found, problems, passed: problems.length === 0 }
}

function describe({ what, exchange, ms, fault, machine }: Step): string {
  if (machine?.full) return `the disk is full for ${ms} ms`
  if (machine?.clock_ms) return `the clock is set by ${machine.clock_ms / 1000} s for ${ms} ms`
  if (machine) return `the disk takes ${machine.sync_ms} ms longer for each sync, for ${ms} ms`
  if (what === 'kill') return 'kill -9'
  if (what === 'suspend') return `suspended for ${ms} ms`
  const { fault: name, ...fields } = fault ?? {}
  const more = Object.entries(fields).map(([key, value]) => `${key} ${value}`)
  return `${name} ${exchange}${more.length ? ` (${more.join(', ')})` : ''}`
}

async function carryOut(step: Step, victim: Victim, port: number): Promise<void> {
  if (step.what === 'kill') {
    await victim.kill()
    await victim.start()
    return
  }
  if (step.what === 'suspend') {
    await victim.suspend(step.ms)
    return
  }
  if (step.machine) {
    await victim.machine(step.machine)
    await sleep(step.ms)
    await victim.machine(QUIET)
    return
  }
  // What is said in a hang is gone. No network loses it and goes on: the connection ends, and before the hang does, so that nothing is answered after it.
  const hangs = tormentOf(step) === 'hang'
  await ask(port, { ...step.fault, exchange: step.exchange, ...(hangs ? { ms: step.ms + CUT_WITHIN_MS } : {}) })
  await sleep(step.ms)
  if (hangs) await ask(port, { fault: 'cut', exchange: step.exchange })
}

async function ask(port: number, fault: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/_emulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  })
  if (!answer.ok) throw new CollectorError('INTERNAL', `the emulator refused a fault: ${await answer.text()}`)
}

async function writeConfig(
  folder: string,
  port: number,
  emulated: readonly Emulated[],
  stop_timeout?: number,
): Promise<void> {
  const endpoints = Object.fromEntries(
    emulated.map(({ exchange }) => [
      exchange,
      { websocket: `ws://127.0.0.1:${port}/${exchange}`, rest: `http://127.0.0.1:${port}/${exchange}` },
    ]),
  )
  const stream_jobs = emulated.flatMap(({ exchange, streams }) =>
    streams.flatMap(({ pairs, channels }) =>
      pairs.map((pair, index) => ({ exchange, pairs: [pair], channels, time_step: 5, depth: DEPTHS[index % 2] })),
    ),
  )
  // JSON is YAML.
  const config = { settings: { data_path: './data', ui_port: 0, endpoints, stop_timeout }, stream_jobs }
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config, null, 2))
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms > 0 && !signal?.aborted) await setTimeout(ms, undefined, { signal }).catch(() => {})
}
