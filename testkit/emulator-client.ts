import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Emulator, type EmulatorOptions, startEmulator } from '../src/emulator/emulate.js'

/** Things to end after a test, the last one first. */
export class Cleanup {
  private readonly steps: (() => unknown)[] = []

  add(step: () => unknown): void {
    this.steps.push(step)
  }

  async run(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) await step()
  }
}

/** Waits until `condition` holds; fails after a minute. */
export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(condition, { timeout: 60_000, interval: 10 }).toBe(true)
}

export async function startTestEmulator(cleanup: Cleanup, options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const emulator = await startEmulator({ port: 0, instruments: 2, rate: 100, ...options })
  cleanup.add(() => emulator.close())
  return emulator
}

/** A WebSocket client that keeps what it hears. `path` begins with the exchange: `/binance/stream`. */
export async function connectClient(cleanup: Cleanup, emulator: Emulator, path: string) {
  const socket = new WebSocket(`ws://127.0.0.1:${emulator.port}${path}`)
  const heard: string[] = []
  let closed: number | undefined
  socket.on('message', (data) => {
    heard.push(String(data))
  })
  socket.on('close', (code) => {
    closed = code
  })
  await new Promise((resolve, reject) => {
    socket.once('open', resolve).once('error', reject)
  })
  cleanup.add(() => socket.terminate())
  return {
    socket,
    /** Frames as received, oldest first. */
    heard,
    /** Close code, once closed (1006: without a close frame). */
    closed: () => closed,
    say: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    messages: () => heard.map((text) => JSON.parse(text)),
  }
}

/** One HTTP request; the body is read as JSON. `path` begins with the exchange. */
export async function request(emulator: Emulator, path: string, init?: RequestInit) {
  const answer = await fetch(`http://127.0.0.1:${emulator.port}${path}`, init)
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: JSON.parse(text) }
}

/** Orders faults over HTTP. */
export function orderFaults(emulator: Emulator, faults: unknown) {
  return request(emulator, '/_emulator/faults', { method: 'POST', body: JSON.stringify(faults) })
}
