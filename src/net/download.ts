import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import { messageOf, readable } from './message.js'
import type { Headers } from './refusal.js'

/** An answer whose body is read as it comes. */
export interface Download {
  readonly status: number
  readonly headers: Headers
  /** Ends in a CollectorError when nothing came for a while, when the connection broke, or at an abort. To be read to its end, or returned from. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Longest time in which nothing comes. */
const IDLE_MS = 30_000

/** One GET of a file of any length: no more than what the socket buffers is in memory. Throws as `requestText` does. */
export async function download(
  url: string,
  { clock, method = 'GET' }: { readonly clock: Clock; readonly method?: 'GET' | 'HEAD' },
  signal?: AbortSignal,
): Promise<Download> {
  signal?.throwIfAborted()
  const where = readable(url)
  const ending = new AbortController()
  const onAbort = () => ending.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  const silence = () =>
    clock.after(IDLE_MS, () =>
      ending.abort(new CollectorError('CONNECT_FAILED', `${where} sent nothing for ${IDLE_MS / 1000} s`)),
    )
  let cancel = silence()
  const done = () => {
    cancel()
    signal?.removeEventListener('abort', onAbort)
  }
  const failed = (cause: unknown): unknown => {
    if (ending.signal.aborted) return ending.signal.reason
    if (cause instanceof CollectorError) return cause
    return new CollectorError('CONNECT_FAILED', `could not reach ${where}: ${messageOf(cause)}`, { cause })
  }
  let response: Response
  try {
    // As it lies there: bytes that were recoded on the way would have another checksum.
    const headers = { 'user-agent': 'dccd', 'accept-encoding': 'identity' }
    response = await fetch(url, { method, redirect: 'manual', headers, signal: ending.signal })
  } catch (cause) {
    done()
    throw failed(cause)
  }
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of response.body ?? []) {
        cancel()
        yield piece
        cancel = silence()
      }
    } catch (cause) {
      throw failed(cause)
    } finally {
      done()
    }
  }
  return { status: response.status, headers: Object.fromEntries(response.headers), body: body() }
}
