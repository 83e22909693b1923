import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { type GapJson, gapJson } from '../../src/chaos/ledger-check.js'

const MAIN = resolve(import.meta.dirname, '../../dist/src/main.js')
const DEADLINE_MS = 120_000

/** Resolves once `ready` gives something; looks again every 50 ms. */
export async function until<T>(
  what: string,
  ready: () => T | undefined | Promise<T | undefined>,
  ms = DEADLINE_MS,
): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const found = await ready()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited ${ms} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A real process of the built program. */
export class Program {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  /** Both streams, for messages; `stdout` alone for what is parsed. */
  output = ''
  stdout = ''

  constructor(args: readonly string[], cwd: string, environment: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...environment },
    })
    const keep = (data: Buffer) => {
      this.output += data.toString('utf8')
    }
    this.child.stdout?.on('data', (data: Buffer) => {
      this.stdout += data.toString('utf8')
      keep(data)
    })
    this.child.stderr?.on('data', keep)
    this.ended = new Promise((resolve) => this.child.on('close', (code) => resolve(code)))
  }

  async match(pattern: RegExp): Promise<RegExpExecArray> {
    return await until(
      `${pattern} in the output of ${this.child.spawnargs.slice(2).join(' ')}: ${this.output.slice(-2000)}`,
      () => {
        if (this.child.exitCode !== null)
          throw new Error(`it ended with ${this.child.exitCode}: ${this.output.slice(-2000)}`)
        return pattern.exec(this.output) ?? undefined
      },
    )
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal)
    return await this.ended
  }
}

const streamRow = z.object({
  key: z.string(),
  state: z.string(),
  rows: z.number(),
  running: z.boolean(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
})
type StreamRow = z.infer<typeof streamRow>

/** A folder with an emulator, a config and a daemon in it, all real. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'dccd-system-'))
  readonly data = join(this.folder, 'data')
  readonly truth = join(this.folder, 'truth.ndjson')
  readonly programs: Program[] = []
  port = 0
  daemon: Program | undefined
  /** What the daemon's environment has beside this one's. */
  environment: Readonly<Record<string, string>> = {}

  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Program {
    const program = new Program(args, this.folder, environment)
    this.programs.push(program)
    return program
  }

  /** Runs a command to its end and returns its code and output. */
  async run(...args: readonly string[]): Promise<{ code: number | null; output: string; stdout: string }> {
    const program = this.start(args)
    const code = await program.ended
    return { code, output: program.output, stdout: program.stdout }
  }

  async emulate(...args: readonly string[]): Promise<Program> {
    const emulator = this.start(['emulate', '--port', '0', ...args])
    const found = await emulator.match(/127\.0\.0\.1:(\d+)/)
    this.port = Number(found[1])
    return emulator
  }

  config(
    streams: readonly {
      exchange: string
      pairs: readonly string[]
      channels: readonly string[]
      time_step?: number
      depth?: number
    }[],
    more: { readonly settings?: Record<string, unknown>; readonly job?: Record<string, unknown> } = {},
  ): void {
    const endpoints = Object.fromEntries(
      [...new Set(streams.map(({ exchange }) => exchange))].map((id) => [
        id,
        {
          websocket: `ws://127.0.0.1:${this.port}/${id}`,
          rest: `http://127.0.0.1:${this.port}/${id}`,
          archive: `http://127.0.0.1:${this.port}/${id}`,
        },
      ]),
    )
    mkdirSync(this.data, { recursive: true })
    writeFileSync(
      join(this.folder, 'config.yml'),
      stringify({
        settings: { data_path: './data', ui_port: 0, endpoints, ...more.settings },
        stream_jobs: streams.map((stream) => ({ ...stream, ...more.job })),
      }),
    )
  }

  /** The file by which commands find the daemon; undefined while there is none. */
  own(): { pid: number; port: number } | undefined {
    try {
      return z
        .object({ pid: z.number(), port: z.number() })
        .parse(JSON.parse(readFileSync(join(this.data, '.dccd/daemon.json'), 'utf8')))
    } catch {
      return undefined
    }
  }

  async startDaemon(): Promise<Program> {
    const daemon = this.start(['start'], this.environment)
    this.daemon = daemon
    await until(`a daemon that answers: ${daemon.output.slice(-2000)}`, async () => {
      if (daemon.child.exitCode !== null)
        throw new Error(`the daemon ended with ${daemon.child.exitCode}: ${daemon.output.slice(-3000)}`)
      const own = this.own()
      if (own?.pid !== daemon.child.pid || !own) return undefined
      return await fetch(`http://127.0.0.1:${own.port}/health`).then(
        (answer) => answer.ok || undefined,
        () => undefined,
      )
    })
    return daemon
  }

  async streams(): Promise<StreamRow[]> {
    const own = this.own()
    if (!own) return []
    return await fetch(`http://127.0.0.1:${own.port}/api/v1/streams`).then(
      async (answer) => z.array(streamRow).parse(await answer.json()),
      () => [],
    )
  }

  /** Every stream confirmed and every book built. */
  async live(): Promise<void> {
    let last = ''
    await until('every stream live', async () => {
      const rows = await this.streams()
      last = rows.map(({ key, state }) => `${key}: ${state}`).join('\n')
      return (rows.length > 0 && rows.every(({ state }) => state === 'live')) || undefined
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${last}\n${this.daemon?.output.slice(-3000)}`)
    })
  }

  async fault(...faults: readonly Record<string, unknown>[]): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/_emulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    })
    if (!answer.ok) throw new Error(await answer.text())
  }

  async gaps(): Promise<GapJson[]> {
    const { code, output, stdout } = await this.run('gaps', '--json')
    if (code !== 0) throw new Error(`gaps ended with ${code}: ${output}`)
    return z.array(gapJson).parse(JSON.parse(stdout))
  }

  async close(): Promise<void> {
    for (const program of this.programs) if (program.child.exitCode === null) await program.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
