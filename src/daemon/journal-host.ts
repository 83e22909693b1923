import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Backoff } from '../lib/backoff.js'
import type { Clock } from '../lib/clock.js'
import { RpcClient } from '../lib/rpc.js'
import { asCollectorError, CollectorError, decodeError, encodeError } from '../model/error.js'
import type { Thread } from './capture-pool.js'
import type { JournalMethods, JournalNews } from './journal-messages.js'

export interface JournalHostOptions {
  readonly clock: Clock
  readonly random: () => number
  spawn(): Thread
  onError(error: CollectorError): void
  /** It fails again and again. */
  onFatal(error: CollectorError): void
  /** What it says of the disk. */
  onState(news: JournalNews): void
  /** It died: lanes that were attached to it can record nothing more. */
  onDeath(): void
}

interface Life {
  readonly thread: Thread
  readonly rpc: RpcClient<JournalMethods>
  readonly bornAt: bigint
}

const CODEC = { encode: encodeError, decode: decodeError }
/** So many deaths within this time, and something is wrong that starting again does not mend. */
const DEATHS_MOST = 6
const WITHIN_MS = 600_000

/**
 * The journal over the lives of its thread (durability O3, O4). When it dies or gives up, another is started: it begins a file of its own, and lanes of
 * the dead one are recovered from what was synced.
 */
export class JournalHost {
  readonly #options: JournalHostOptions
  readonly #backoff: Backoff
  #current: Promise<Life>
  #closing = false
  #deaths: bigint[] = []

  constructor(options: JournalHostOptions) {
    this.#options = options
    this.#backoff = new Backoff({ random: options.random })
    this.#current = Promise.resolve(this.#begin())
  }

  #begin(): Life {
    const { clock, spawn, onState } = this.#options
    const thread = spawn()
    const life: Life = { thread, rpc: new RpcClient<JournalMethods>(thread, CODEC), bornAt: clock.mono() }
    let reason = 'it ended by itself'
    thread.on('error', (error) => {
      reason = error.message
    })
    thread.on('exit', () => {
      life.rpc.fail(new CollectorError('STORE_FAILED', `the journal thread died: ${reason}`))
      this.#died(life, reason)
    })
    thread.on('message', (message) => {
      if (typeof message !== 'object' || message === null || !('news' in message)) return
      const news = message as JournalNews // our own message, told by its tag
      onState(news)
      if (news.state !== 'failed') return
      reason = news.message ?? 'it gave up'
      void thread.terminate()
    })
    return life
  }

  #died(life: Life, reason: string): void {
    if (this.#closing) return
    const { clock, onError, onFatal, onDeath } = this.#options
    const now = clock.mono()
    this.#deaths = [...this.#deaths.filter((at) => now - at < BigInt(WITHIN_MS) * 1_000_000n), now]
    if (this.#deaths.length >= DEATHS_MOST) {
      onFatal(new CollectorError('STORE_FAILED', `the journal thread died ${DEATHS_MOST} times: ${reason}`))
      return
    }
    onError(new CollectorError('PROCESS_CRASHED', `the journal thread died and is started again: ${reason}`))
    const wait = this.#backoff.next(Number(now - life.bornAt) / 1e6)
    this.#current = new Promise<void>((resolve) => {
      clock.after(wait, resolve)
    }).then(() => {
      if (this.#closing) throw new CollectorError('PROCESS_STOPPED', 'the journal is closed')
      return this.#begin()
    })
    this.#current.catch(() => {})
    onDeath()
  }

  /** A port for the writer of a lane. What is recorded before a thread is there waits in the port. */
  connect(lane: number): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#current
      .then(({ rpc }) => rpc.call('attach', [lane, port1], [port1]))
      .catch((error: unknown) => {
        port1.close()
        if (!this.#closing) this.#options.onError(asCollectorError(error, 'STORE_FAILED'))
      })
    return port2
  }

  async release(...args: Parameters<JournalMethods['release']>): Promise<void> {
    await (await this.#current).rpc.call('release', args)
  }

  /** All that was recorded is safe; ends the thread. */
  async close(): Promise<void> {
    this.#closing = true
    const life = await this.#current.catch(() => undefined)
    if (!life) return
    try {
      await life.rpc.call('close', [])
    } finally {
      await life.thread.terminate()
    }
  }

  /** Ends the thread without writing anything more. */
  async abandon(): Promise<void> {
    this.#closing = true
    const life = await this.#current.catch(() => undefined)
    await life?.thread.terminate()
  }
}
