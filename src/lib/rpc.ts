import type { MessagePort, Transferable } from 'node:worker_threads'

/** An error as it crosses threads: classes do not survive. */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly remedy: string | undefined
}

/** Turns errors into plain data and back; the codes are the caller's business. */
export interface ErrorCodec {
  encode(error: unknown): WireError
  decode(error: WireError): Error
}

/** A port between threads: a MessagePort, a Worker, or the parent port of one. */
export type Port = Pick<MessagePort, 'postMessage'> & {
  on(event: 'message', listener: (message: unknown) => void): unknown
  off(event: 'message', listener: (message: unknown) => void): unknown
}

/** Functions by name, as one side offers them to the other. Arguments and results must be structured-clonable. */
export type Methods = { readonly [name: string]: (...args: never[]) => unknown }

type Call = {
  readonly rpc: 'call'
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
  /** The last parameter of the method is a signal. */
  readonly withSignal?: true
}
type Answer = {
  readonly rpc: 'answer'
  readonly id: number
  readonly ok: boolean
  readonly result?: unknown
  readonly error?: WireError
}

function isRpc(message: unknown, kind: 'call' | 'answer' | 'abort'): boolean {
  return typeof message === 'object' && message !== null && 'rpc' in message && message.rpc === kind
}

type Abort = { readonly rpc: 'abort'; readonly id: number }

/** Answers the calls that come over `port`. The returned function ends that. */
export function serveRpc(port: Port, methods: Methods, errors: ErrorCodec): () => void {
  const running = new Map<number, AbortController>()
  const listener = (message: unknown) => {
    if (isRpc(message, 'abort')) running.get((message as Abort).id)?.abort() // our own message, told by its tag
    if (!isRpc(message, 'call')) return
    const { id, method, args, withSignal } = message as Call // our own message, told by its tag
    const gone = new AbortController()
    if (withSignal) running.set(id, gone)
    const answer = (body: Omit<Answer, 'rpc' | 'id'>) =>
      port.postMessage({ rpc: 'answer', id, ...body } satisfies Answer)
    const run = async () => {
      const found = Object.hasOwn(methods, method) ? methods[method] : undefined
      if (!found) throw new Error(`no method ${method}`)
      const all = withSignal ? [...args, gone.signal] : args
      return await found(...(all as never[])) // as the caller's type of the same methods says
    }
    const ran = run().finally(() => running.delete(id))
    ran.then(
      (result) => answer({ ok: true, result }),
      (error: unknown) => answer({ ok: false, error: errors.encode(error) }),
    )
  }
  port.on('message', listener)
  return () => port.off('message', listener)
}

/** What a method takes before its signal. */
type BeforeSignal<A extends readonly unknown[]> = A extends readonly [...infer B, AbortSignal] ? B : never

type Remote<M extends Methods> = {
  [K in keyof M]: (...args: Parameters<M[K]>) => Promise<Awaited<ReturnType<M[K]>>>
}

/** Calls the other side's functions. `fail` rejects everything that waits, when the other side is gone. */
export class RpcClient<M extends Methods> {
  private readonly port: Port
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  private next = 0
  private gone: Error | undefined

  constructor(port: Port, errors: ErrorCodec) {
    this.port = port
    port.on('message', (message) => {
      if (!isRpc(message, 'answer')) return
      const { id, ok, result, error } = message as Answer // our own message, told by its tag
      const call = this.waiting.get(id)
      this.waiting.delete(id)
      if (ok) call?.resolve(result)
      else call?.reject(error ? errors.decode(error) : new Error('failed without a reason'))
    })
  }

  call<K extends keyof M & string>(
    method: K,
    args: Parameters<M[K]>,
    transfer?: readonly Transferable[],
  ): ReturnType<Remote<M>[K]> {
    return this.send({ method, args }, transfer) as ReturnType<Remote<M>[K]> // the other side was typed by the same M
  }

  /** A call that can be given up: once `signal` is aborted the other side's own signal is too, and nobody waits any more. */
  callUntil<K extends keyof M & string>(
    method: K,
    args: BeforeSignal<Parameters<M[K]>>,
    signal: AbortSignal,
  ): ReturnType<Remote<M>[K]> {
    const id = this.next
    const answer = new Promise<unknown>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const abort = () => {
        this.waiting.delete(id)
        this.port.postMessage({ rpc: 'abort', id } satisfies Abort)
        reject(signal.reason)
      }
      signal.addEventListener('abort', abort, { once: true })
      this.send({ method, args, withSignal: true })
        .finally(() => signal.removeEventListener('abort', abort))
        .then(resolve, reject)
    })
    return answer as ReturnType<Remote<M>[K]> // the other side was typed by the same M
  }

  private send(call: Omit<Call, 'rpc' | 'id'>, transfer?: readonly Transferable[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.gone) return reject(this.gone)
      const id = this.next++
      this.waiting.set(id, { resolve, reject })
      this.port.postMessage({ rpc: 'call', id, ...call } satisfies Call, transfer)
    })
  }

  /** The other side is gone: everything that waits, and everything asked later, fails with this. */
  fail(error: Error): void {
    this.gone = error
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
  }

  /** How many calls wait. */
  get pending(): number {
    return this.waiting.size
  }
}
