import type { PartProgress, PlannedPart, RunOrder } from '../history/order.js'
import { RpcClient } from '../lib/rpc.js'
import { CollectorError, decodeError, encodeError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { Thread } from './capture-pool.js'
import type { HistoryMethods, HistoryNews } from './history-messages.js'

const CODEC = { encode: encodeError, decode: decodeError }

export interface RunHooks {
  onParts(parts: readonly PartProgress[]): void
  onLog(line: string): void
}

/** The history thread as the main thread sees it. */
export class HistoryClient {
  readonly lane: number
  private readonly thread: Thread
  private readonly rpc: RpcClient<HistoryMethods>
  private readonly hooks = new Map<number, RunHooks>()

  constructor(
    lane: number,
    thread: Thread,
    on: { instruments(exchange: string, list: readonly Instrument[]): void; died(reason: string): void },
  ) {
    this.lane = lane
    this.thread = thread
    this.rpc = new RpcClient(thread, CODEC)
    let reason = 'it ended by itself'
    thread.on('message', (message) => {
      if (typeof message !== 'object' || message === null || !('news' in message)) return
      const news = message as HistoryNews // our own message, told by its tag
      if (news.news === 'parts') this.hooks.get(news.run)?.onParts(news.parts)
      else if (news.news === 'log') this.hooks.get(news.run)?.onLog(news.line)
      else on.instruments(news.exchange, news.list)
    })
    thread.on('error', (error) => {
      reason = error.message
    })
    thread.on('exit', () => {
      this.rpc.fail(new CollectorError('PROCESS_CRASHED', `the history thread died: ${reason}`))
      on.died(reason)
    })
  }

  plan(order: RunOrder): Promise<readonly PlannedPart[]> {
    return this.rpc.call('plan', [order])
  }

  /** Resolves when the run is over. Rejects with PROCESS_STOPPED when cancelled, PROCESS_CRASHED when the thread died. */
  async run(order: RunOrder, hooks: RunHooks): Promise<readonly PartProgress[]> {
    this.hooks.set(order.run, hooks)
    try {
      return await this.rpc.call('run', [order])
    } finally {
      this.hooks.delete(order.run)
    }
  }

  cancel(run: number): void {
    this.rpc.call('cancel', [run]).catch(() => {})
  }

  /** Everything fetched is in the store; the lane has ended. */
  async stop(): Promise<void> {
    await this.rpc.call('stop', [])
  }

  async terminate(): Promise<void> {
    await this.thread.terminate()
  }
}
