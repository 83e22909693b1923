import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { child, type Result } from './child.js'
import { type Figure, figure } from './figure.js'

const ROUNDS = 3
const FEW = 10
const MANY = 1000

/** One recorder in a process of its own, and what it receives from another one. */
async function run(way: string, instruments: number): Promise<Result> {
  const feed = spawn(process.execPath, [new URL('./worker-feed.js', import.meta.url).pathname, String(instruments)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(feed.stdout, 'data')
    return await child('./worker-child.js', [way, String(line).trim(), String(instruments)])
  } finally {
    feed.kill()
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** What a message costs a worker with a thousand instruments beside ten, from the socket to columns and journal; and a naive program with the same sockets. */
export async function benchWorker(): Promise<Figure[]> {
  const results = new Map<string, Result[]>()
  for (let round = 0; round < ROUNDS; round++)
    for (const way of ['ours', 'naive'])
      for (const instruments of [FEW, MANY]) {
        const key = `${way} ${instruments}`
        results.set(key, [...(results.get(key) ?? []), await run(way, instruments)])
      }
  const rate = (way: string, instruments: number) =>
    median((results.get(`${way} ${instruments}`) ?? []).map(({ trades, cpuSeconds }) => trades / cpuSeconds))
  const megabytes = Math.max(...(results.get(`ours ${MANY}`) ?? []).map(({ peakMb }) => peakMb))
  const name = 'messages of 1,000 instruments from socket to journal and columns vs 10'
  return [
    figure(name, 'per CPU-second', rate('ours', MANY), rate('ours', FEW)),
    figure(`${name}, naive program`, 'per CPU-second', rate('naive', MANY), rate('naive', FEW)),
    // Of memory less is better: the ratio is turned round.
    { ...figure('peak memory of it, 600 allowed', 'MB', megabytes, 600), ratio: 600 / megabytes },
  ]
}
