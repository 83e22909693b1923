import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import { type Control, QUIET } from './control.js'
import { type Step, script, type Target, TORMENTS, tormentOf, tormentsOf } from './script.js'
import {
  type Comparison,
  compareBooks,
  compareTrades,
  type Disturbance,
  type GapJson,
  type Interval,
  type Row,
  readTruth,
  unexplained,
} from './truth.js'

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

/** An emulated exchange with the pairs that it lists. */
interface Emulated extends Target {
  readonly pairs: readonly string[]
}

/** What a run needs of the rest of the program. */
export interface ChaosPorts {
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
  /** Gaps of a data folder at rest. */
  gaps(dataPath: string): Promise<GapJson[]>
  /** Rows of the visible files of one dataset, as any reader sees them, in the order of the files. */
  visibleRows(dataPath: string, exchange: string, kind: 'trades' | 'book_deltas', pair: string): AsyncIterable<Row>
  wall(): Nanos
}

/** The result of a run, for people and machines. */
export interface ChaosVerdict {
  readonly seed: string
  readonly seconds: number
  readonly kills: number
  readonly faults: number
  readonly datasets: number
  readonly trades: number
  readonly book_states: number
  readonly lost: number
  readonly doubled: number
  readonly wrong: number
  /** Gaps that nothing explains. */
  readonly false_gaps: number
  readonly gap_seconds: number
  readonly problems: readonly string[]
  readonly passed: boolean
}

const CHANNELS = ['trades', 'book']
const LIVE_WITHIN_MS = 60_000
const LOOK_MS = 50
/** Until every thread of the program has heard of a change. */
const CONTROL_MS = 120

const status = z.array(z.object({ key: z.string(), state: z.string() }))
const own = z.object({ pid: z.number(), port: z.number() })

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
  const disturbances: Disturbance[] = []
  let kills = 0
  let steps = 0
  try {
    await writeConfig(folder, emulator.port, emulated)
    await victim.start()
    await victim.live()
    const began = Date.now()
    const say = (text: string) => tell(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${text}`)
    for (const step of script(seed, seconds * 1000, emulated, chosen)) {
      await sleep(began + step.atMs - Date.now(), signal)
      signal?.throwIfAborted()
      const from = ports.wall()
      say(describe(step))
      await carryOut(step, victim, emulator.port)
      if (step.what === 'kill') kills++
      // A slow disk and a clock that is set cost nothing: what they cost all the same is unexplained.
      const costly = !['slow_disk', 'clock'].includes(tormentOf(step))
      if (costly) disturbances.push({ exchange: step.exchange, from, until: ports.wall() })
      steps++
    }
    await sleep(began + seconds * 1000 - Date.now(), signal)
    say('in peace: every stream must come back')
    await victim.live()
    await victim.stop()
    say('stopped; comparing what is stored with what happened')
  } finally {
    await victim.end()
    await emulator.close()
  }
  const found = await compare(ports, join(folder, 'data'), truth, emulated, disturbances)
  return { seed, seconds, kills, faults: steps - kills, ...found }
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
  const answer = await fetch(`http://127.0.0.1:${port}/_emulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...step.fault, exchange: step.exchange }),
  })
  if (!answer.ok) throw new CollectorError('INTERNAL', `the emulator refused a fault: ${await answer.text()}`)
  await sleep(step.ms)
}

async function writeConfig(folder: string, port: number, emulated: readonly Emulated[]): Promise<void> {
  const endpoints = Object.fromEntries(
    emulated.map(({ exchange }) => [
      exchange,
      { websocket: `ws://127.0.0.1:${port}/${exchange}`, rest: `http://127.0.0.1:${port}/${exchange}` },
    ]),
  )
  const stream_jobs = emulated.map(({ exchange, pairs }) => ({
    exchange,
    pairs,
    channels: CHANNELS,
    time_step: 5,
    depth: 25,
  }))
  // JSON is YAML.
  const config = { settings: { data_path: './data', ui_port: 0, endpoints }, stream_jobs }
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config, null, 2))
}

/** The program under test: a process of its own, started and ended as an operating system would. */
class Victim {
  private readonly folder: string
  private readonly program: readonly string[]
  private child: ChildProcess | undefined
  private over: Promise<void> = Promise.resolve()
  private said = ''

  constructor(folder: string, program: readonly string[]) {
    this.folder = folder
    this.program = program
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [...this.program, 'start', '--config', join(this.folder, 'config.yml')], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DCCD_CHAOS_CONTROL: join(this.folder, 'machine.json') },
    })
    this.child = child
    const keep = (data: Buffer) => {
      this.said = (this.said + data.toString('utf8')).slice(-4000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    this.over = new Promise((resolve) => child.once('close', () => resolve()))
    await this.wait('the program to answer', async () => (await this.rows()) !== undefined)
  }

  /** Every stream live. */
  async live(): Promise<void> {
    await this.wait('every stream to be live', async () => {
      const rows = (await this.rows()) ?? []
      return rows.length > 0 && rows.every(({ state }) => state === 'live')
    })
  }

  async kill(): Promise<void> {
    this.child?.kill('SIGKILL')
    await this.over
  }

  /** What disk and clock do from now on. */
  async machine(control: Control): Promise<void> {
    await writeFile(join(this.folder, 'machine.new'), JSON.stringify(control))
    await rename(join(this.folder, 'machine.new'), join(this.folder, 'machine.json'))
    await sleep(CONTROL_MS)
  }

  async suspend(ms: number): Promise<void> {
    this.child?.kill('SIGSTOP')
    await sleep(ms)
    this.child?.kill('SIGCONT')
  }

  /** In order: everything is stored and visible. */
  async stop(): Promise<void> {
    this.child?.kill('SIGTERM')
    await this.over
    if (this.child?.exitCode !== 0)
      throw new CollectorError('PROCESS_CRASHED', `the program did not end in order: ${this.said}`)
  }

  /** Whatever state it is in. */
  async end(): Promise<void> {
    if (this.child?.exitCode === null && this.child.signalCode === null) await this.kill()
  }

  private async rows(): Promise<z.infer<typeof status> | undefined> {
    try {
      const { pid, port } = own.parse(JSON.parse(await readFile(join(this.folder, 'data/.dccd/daemon.json'), 'utf8')))
      if (pid !== this.child?.pid) return undefined
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/streams`, { signal: AbortSignal.timeout(5000) })
      return status.parse(await answer.json())
    } catch {
      return undefined // not there yet
    }
  }

  private async wait(what: string, ready: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + LIVE_WITHIN_MS
    while (!(await ready())) {
      const code = this.child?.exitCode
      if (code !== null && code !== undefined)
        throw new CollectorError('PROCESS_CRASHED', `the program ended with ${code}: ${this.said}`)
      if (Date.now() > end)
        throw new CollectorError('CONNECTION_SILENT', `waited ${LIVE_WITHIN_MS / 1000} s for ${what}: ${this.said}`)
      await sleep(LOOK_MS)
    }
  }
}

async function compare(
  ports: ChaosPorts,
  data: string,
  truthFile: string,
  emulated: readonly Emulated[],
  disturbances: readonly Disturbance[],
): Promise<Omit<ChaosVerdict, 'seed' | 'seconds' | 'kills' | 'faults'>> {
  const truths = await readTruth(truthFile)
  const gaps = await ports.gaps(data)
  const problems = unexplained(gaps, disturbances)
  const counts = { lost: 0, doubled: 0, wrong: 0 }
  const sum = { trades: 0, book_states: 0, datasets: 0 }
  const note = (name: string, { rows, expected, problems: found }: Comparison) => {
    sum.datasets++
    for (const { what } of found) counts[what]++
    for (const { detail } of found.slice(0, 5)) problems.push(`${name}: ${detail}`)
    if (rows === 0 && expected === 0) problems.push(`${name}: nothing is stored`)
  }
  const falseGaps = problems.length
  for (const { exchange, pairs } of emulated) {
    for (const pair of pairs) {
      const truth = truths.get(`${exchange} ${pair}`)
      if (!truth) continue
      const of = (kind: string): Interval[] =>
        gaps
          .filter((gap) => gap.exchange === exchange && gap.pair === pair && gap.kind === kind)
          .map(({ from, until }) => ({ from: BigInt(from), until: BigInt(until) }))
      const trades = await compareTrades(ports.visibleRows(data, exchange, 'trades', pair), truth, of('trades'))
      note(`${exchange} ${pair} trades`, trades)
      sum.trades += trades.rows
      const books = await compareBooks(ports.visibleRows(data, exchange, 'book_deltas', pair), truth, of('book_deltas'))
      note(`${exchange} ${pair} book`, books)
      sum.book_states += books.compared
    }
  }
  const gapSeconds = gaps.reduce((total, { from, until }) => total + Number(BigInt(until) - BigInt(from)) / 1e9, 0)
  return {
    ...sum,
    ...counts,
    false_gaps: falseGaps,
    gap_seconds: Math.round(gapSeconds * 10) / 10,
    problems,
    passed: problems.length === 0,
  }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms <= 0 || signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
