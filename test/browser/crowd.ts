import { get } from 'node:http'
import { coins } from '../../src/emulator/coins.js'
import { VENUES } from '../../src/emulator/emulate.js'
import { writeLargeLedger } from '../../testkit/large-ledger.js'
import { Bench, until } from '../system/harness.js'

/** Venues that let many streams start at once. */
const EXCHANGES = ['bybit', 'okx', 'kraken', 'coinbase'] as const
/** Of the ledger's intervals, those of the last hour lie in so many datasets. */
const DATASETS = 200
const HOUR = 3_600_000_000_000n

/** A real daemon with so many streams of emulated exchanges, over a ledger of so many intervals. */
export class Crowd {
  readonly bench = new Bench()
  readonly streams: number
  readonly #intervals: number
  readonly #agent = new AbortController()

  constructor(streams: number, intervals: number) {
    this.streams = streams
    this.#intervals = intervals
  }

  async open(): Promise<void> {
    const { bench } = this
    const each = this.streams / EXCHANGES.length
    await bench.emulate('--exchanges', EXCHANGES.join(','), '--instruments', String(each), '--rate', '3')
    const jobs = EXCHANGES.map((exchange) => {
      const venue = VENUES.find((each) => each.exchange === exchange)
      const pairs = (venue?.instruments(coins(each)) ?? []).slice(0, each).map(({ pair }) => pair)
      return { exchange, pairs, channels: ['trades'] }
    })
    bench.config(jobs)
    await writeLargeLedger(bench.data, {
      datasets: jobs
        .flatMap(({ exchange, pairs }) => pairs.map((pair) => `${exchange} trades ${pair}`))
        .slice(0, DATASETS),
      intervals: this.#intervals,
      until: BigInt(Date.now()) * 1_000_000n,
      length: (HOUR * BigInt(DATASETS)) / BigInt(this.#intervals),
    })
    await bench.startDaemon()
    await until('every stream live', async () => {
      const rows = await bench.streams()
      return rows.filter(({ state }) => state === 'live').length === this.streams || undefined
    })
  }

  get port(): number {
    return this.bench.own()?.port ?? 0
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** So many listeners of events, each of which has heard something and keeps `most` letters of the end; they listen until the end. */
  async listen(count: number, topics: string, most: number): Promise<Listener[]> {
    return await Promise.all(Array.from({ length: count }, () => this.#listener(topics, most)))
  }

  async #listener(topics: string, most: number): Promise<Listener> {
    const listener: Listener = { text: '' }
    await new Promise<void>((resolve, reject) => {
      const options = { agent: false, signal: this.#agent.signal } as const
      get(`${this.url}/api/v1/events?topics=${topics}`, options, (answer) => {
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => {
          listener.text = (listener.text + part).slice(-most)
          resolve()
        })
        answer.on('error', () => {})
      }).on('error', reject)
    })
    return listener
  }

  async close(): Promise<void> {
    this.#agent.abort()
    await this.bench.close()
  }
}

export interface Listener {
  /** The end of what it heard. */
  text: string
}

/**
 * How many times longer things take because other programs use this machine: the time that a busy loop took, over the time that it had the processor.
 * One on a machine that does nothing else.
 */
export function contention(): number {
  const before = process.cpuUsage()
  const began = performance.now()
  let turns = 0
  while (process.cpuUsage(before).user < 100_000) turns++
  const had = process.cpuUsage(before)
  return turns === 0 ? 1 : Math.max(1, ((performance.now() - began) * 1000) / (had.user + had.system))
}
