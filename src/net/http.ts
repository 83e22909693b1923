import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import { messageOf, readable } from './message.js'
import type { Headers } from './refusal.js'

export interface HttpOptions {
  readonly clock: Clock
  /** From the call to the last byte of the body. */
  readonly timeoutMs?: number
  /** A longer body (after decompression) is refused. */
  readonly maxBytes?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer as it came, whatever its status. `asked` was taken before the request left, `wall` and `mono` when the body was whole. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  readonly asked: bigint
  readonly wall: bigint
  readonly mono: bigint
}

/**
 * One GET. Network failures, a slow or a too long answer throw CONNECT_FAILED; every status is returned (`refusalOf` reads it), redirects
 * too. Aborting `signal` throws its reason.
 */
export async function requestText(url: string, options: HttpOptions, signal?: AbortSignal): Promise<HttpAnswer> {
  const { clock, timeoutMs = 10_000, maxBytes = 64 * 1024 * 1024 } = options
  signal?.throwIfAborted()
  const where = readable(url)
  const ending = new AbortController()
  const onAbort = () => ending.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  const cancelTimer = clock.after(timeoutMs, () =>
    ending.abort(new CollectorError('CONNECT_FAILED', `${where} did not answer within ${timeoutMs} ms`)),
  )
  const asked = clock.wall()
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { 'user-agent': 'dccd', ...options.headers },
      signal: ending.signal,
    })
    const body = await bodyOf(response, maxBytes, where)
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body,
      asked,
      wall: clock.wall(),
      mono: clock.mono(),
    }
  } catch (cause) {
    if (ending.signal.aborted) throw ending.signal.reason
    if (cause instanceof CollectorError) throw cause
    throw new CollectorError('CONNECT_FAILED', `could not reach ${where}: ${messageOf(cause)}`, { cause })
  } finally {
    cancelTimer()
    signal?.removeEventListener('abort', onAbort)
  }
}

async function bodyOf(response: Response, maxBytes: number, where: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  // Leaving the loop by an error cancels the stream and with it the connection.
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > maxBytes)
      throw new CollectorError('CONNECT_FAILED', `${where} answered with more than ${maxBytes} bytes`)
    parts.push(part)
  }
  const [only] = parts
  return parts.length === 1 && only ? only : Buffer.concat(parts, length)
}
