import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { CollectorError } from '../model/error.js'
import type { Control } from './control.js'

const LIVE_WITHIN_MS = 60_000
const LOOK_MS = 50
/** What it prints once it has started. */
const READY = 'dccd records into'
/** It promises to end within `settings.stop_timeout`; a machine that does three other things takes its time. */
const ENDS_WITHIN_MS = 180_000
/** Until every thread of the program has heard of a change. */
const CONTROL_MS = 120

const status = z.array(z.object({ exchange: z.string(), state: z.string() }))
const own = z.object({ pid: z.number(), port: z.number() })

/** The program under test: a process of its own, started and ended as an operating system would. */
export class Victim {
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
    this.said = ''
    const keep = (data: Buffer) => {
      this.said = (this.said + data.toString('utf8')).slice(-4000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    this.over = new Promise((resolve) => child.once('close', () => resolve()))
    await this.wait('the program to answer', async () => (await this.rows()) !== undefined)
  }

  /** Everything that it starts has started: it says so. */
  async ready(): Promise<void> {
    await this.wait('the program to say that it records', async () => this.said.includes(READY))
  }

  /** Every stream live. */
  async live(): Promise<void> {
    await this.wait('every stream to be live', async () => (await this.waiting())?.size === 0)
  }

  /** Exchanges with a stream that is not live; undefined while there are none, or nobody answers. */
  async waiting(): Promise<ReadonlySet<string> | undefined> {
    const rows = await this.rows()
    if (!rows?.length) return undefined
    return new Set(rows.filter(({ state }) => state !== 'live').map(({ exchange }) => exchange))
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
    const ended = await Promise.race([this.over.then(() => true), sleep(ENDS_WITHIN_MS, false, { ref: false })])
    if (!ended)
      throw new CollectorError(
        'PROCESS_CRASHED',
        `the program had not ended ${ENDS_WITHIN_MS / 1000} s after it was asked to`,
      )
    const { exitCode, signalCode } = this.child ?? {}
    if (exitCode !== 0)
      throw new CollectorError('PROCESS_CRASHED', `the program ended with ${signalCode ?? exitCode}: ${this.said}`)
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
      const code = this.child?.exitCode ?? this.child?.signalCode
      if (code !== null && code !== undefined)
        throw new CollectorError('PROCESS_CRASHED', `the program ended with ${code}: ${this.said}`)
      if (Date.now() > end)
        throw new CollectorError('CONNECTION_SILENT', `waited ${LIVE_WITHIN_MS / 1000} s for ${what}: ${this.said}`)
      await sleep(LOOK_MS)
    }
  }
}
