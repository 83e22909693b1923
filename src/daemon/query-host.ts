import type { CollectorConfig } from '../config/schema.js'
import type { StreamedExport } from '../export/export-stream.js'
import type { Clock } from '../lib/clock.js'
import { RpcClient } from '../lib/rpc.js'
import { CollectorError, decodeError, encodeError } from '../model/error.js'
import type { Thread } from './capture-pool.js'
import type { QueryMethods } from './query-messages.js'

/** No answer takes longer: as long as SQL may be allowed at most. */
const LONGEST_MS = 300_000

/** The query thread: started at its first question, and anew at the next one when it has died. */
export class QueryHost {
  readonly #spawn: (config: CollectorConfig) => Thread
  readonly #clock: Clock
  readonly #longestMs: number
  #config: CollectorConfig
  #exports = 0
  #running: { readonly thread: Thread; readonly rpc: RpcClient<QueryMethods> } | undefined

  constructor(
    config: CollectorConfig,
    spawn: (config: CollectorConfig) => Thread,
    clock: Clock,
    longestMs: number = LONGEST_MS,
  ) {
    this.#config = config
    this.#spawn = spawn
    this.#clock = clock
    this.#longestMs = longestMs
  }

  /** Another config is in force. */
  configure(config: CollectorConfig): void {
    this.#config = config
    void this.#running?.rpc.call('configure', [config]).catch(() => {})
  }

  /** What an operation answers. Throws what it throws, QUERY_TIMEOUT when it takes too long, and INTERNAL when the thread dies meanwhile. */
  ask(name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
    return this.#within(signal, (rpc, until) => rpc.callUntil('ask', [name, input], until))
  }

  /** The same as JSON. */
  askText(name: string, input: unknown, signal: AbortSignal): Promise<string> {
    return this.#within(signal, (rpc, until) => rpc.callUntil('askText', [name, input], until))
  }

  async #within<T>(signal: AbortSignal, ask: (rpc: RpcClient<QueryMethods>, until: AbortSignal) => Promise<T>) {
    this.#running ??= this.#start()
    const late = new AbortController()
    const stopTimer = this.#clock.after(this.#longestMs, () => {
      const message = `no answer within ${this.#longestMs / 1000} s`
      const remedy = 'Narrow it: by exchange, pair, kind or a shorter range.'
      late.abort(new CollectorError('QUERY_TIMEOUT', message, { remedy }))
    })
    try {
      return await ask(this.#running.rpc, AbortSignal.any([signal, late.signal]))
    } finally {
      stopTimer()
    }
  }

  /** A file as it is made, part by part as they are taken. Throws like `ask`. */
  async *export(request: StreamedExport, signal: AbortSignal): AsyncGenerator<string | Uint8Array> {
    signal.throwIfAborted()
    this.#running ??= this.#start()
    const { rpc } = this.#running
    const id = this.#exports++
    const close = () => void rpc.call('closeExport', [id]).catch(() => {})
    signal.addEventListener('abort', close, { once: true })
    try {
      await rpc.call('openExport', [id, request])
      for (;;) {
        const chunk = await rpc.call('nextChunk', [id])
        if (chunk === undefined) return
        yield chunk
      }
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  }

  async close(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    if (!running) return
    await running.rpc.call('close', []).catch(() => {})
    await running.thread.terminate()
  }

  #start() {
    const thread = this.#spawn(this.#config)
    const rpc = new RpcClient<QueryMethods>(thread, { encode: encodeError, decode: decodeError })
    let reason = 'it ended by itself'
    thread.on('error', (error) => {
      reason = error.message
    })
    thread.on('exit', () => {
      if (this.#running?.thread === thread) this.#running = undefined
      rpc.fail(new CollectorError('INTERNAL', `the thread that answers queries died: ${reason}`))
    })
    return { thread, rpc }
  }
}
