import type { CollectorConfig } from '../config/schema.js'
import type { ApplyReport } from '../daemon/stream-manager.js'
import type { StreamStatus } from '../daemon/stream-status.js'
import type { LiveEvent } from './live-events.js'
import { LiveHub, type LiveSource, type LiveTopic } from './live-hub.js'

/** The stream manager as the collector drives it. */
interface Manager {
  start(): Promise<void>
  stop(options?: { readonly deadlineMs?: number }): Promise<void>
  status(): StreamStatus[]
  apply(config: CollectorConfig): Promise<ApplyReport>
}

/** Events that were left out because whoever reads was slower than the market; they are stored all the same. */
export interface MissedEvents {
  readonly type: 'missed'
  readonly exchange: string
  readonly pair: string
  readonly count: number
}

/** Events kept for a reader that is slower than they come. */
const WAITING_MOST = 10_000

/**
 * Records what a config names, in this process, and hands out its market events as they come.
 *
 * ```ts
 * const collector = new Collector(config)
 * await collector.start()
 * for await (const event of collector.events({ exchange: 'binance', pair: 'BTC/USDT', channels: ['trades'] })) console.log(event)
 * await collector.stop()
 * ```
 */
export class Collector {
  readonly #manager: Manager
  readonly #hub: LiveHub

  constructor(manager: Manager, source: LiveSource) {
    this.#manager = manager
    this.#hub = new LiveHub(source, manager)
  }

  /** Starts to record. Throws what `StreamManager.start` throws. */
  start(): Promise<void> {
    return this.#manager.start()
  }

  /** Ends, with everything that was received stored. */
  stop(options?: { readonly deadlineMs?: number }): Promise<void> {
    return this.#manager.stop(options)
  }

  status(): StreamStatus[] {
    return this.#manager.status()
  }

  /** Takes over another config while running. */
  apply(config: CollectorConfig): Promise<ApplyReport> {
    return this.#manager.apply(config)
  }

  /**
   * Market events of streams that run, in order, until the loop is left or `signal` is aborted. What comes while the loop is busy waits; of more than
   * 10,000 events the newest are left out and counted. Throws STREAM_UNKNOWN for what is not recorded, UNSUPPORTED for what is no channel.
   */
  async *events(
    topics: LiveTopic | readonly LiveTopic[],
    signal?: AbortSignal,
  ): AsyncGenerator<LiveEvent | MissedEvents> {
    const waiting: LiveEvent[] = []
    const missed = new Map<string, MissedEvents>()
    let wake = () => {}
    const miss = (exchange: string, pair: string, count: number) => {
      const key = `${exchange} ${pair}`
      missed.set(key, { type: 'missed', exchange, pair, count: (missed.get(key)?.count ?? 0) + count })
    }
    const follower = this.#hub.follow({
      event(event) {
        if (waiting.length < WAITING_MOST) waiting.push(event)
        else miss(event.exchange, event.pair, 1)
        wake()
      },
      missed({ exchange, pair, count }) {
        miss(exchange, pair, count)
        wake()
      },
    })
    const onAbort = () => wake()
    signal?.addEventListener('abort', onAbort)
    try {
      for (const topic of Array.isArray(topics) ? topics : [topics]) follower.add(topic)
      while (!signal?.aborted) {
        const batch = waiting.splice(0)
        yield* batch
        if (batch.length > 0) continue
        const lost = [...missed.values()]
        missed.clear()
        yield* lost
        if (waiting.length + missed.size > 0 || signal?.aborted) continue
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      follower.close()
    }
  }
}
