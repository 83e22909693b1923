import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
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
  const headers = { 'user-agent': 'dccd', accept: '*/*', 'accept-encoding': 'gzip, deflate, br', ...options.headers }
  const asked = clock.wall()
  try {
    const response = await responseOf(url, headers, ending.signal)
    const sent = await bodyOf(response, maxBytes, where)
    const body = await decoded(sent, response.headers['content-encoding'], maxBytes, where)
    ending.signal.throwIfAborted()
    return {
      status: response.statusCode ?? 0,
      headers: headersOf(response),
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

/** The head of an answer; once that of another connection where the one that was kept had just been closed by the other side. */
async function responseOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (;;) {
    let sent: ClientRequest | undefined
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        const request = url.startsWith('https:') ? httpsRequest : httpRequest
        sent = request(url, { headers, signal }, resolve)
        sent.on('error', reject)
        sent.end()
      })
    } catch (error) {
      if (signal.aborted || !sent?.reusedSocket || !isClosed(error)) throw error
    }
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

async function bodyOf(response: IncomingMessage, maxBytes: number, where: string): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  await new Promise<void>((resolve, reject) => {
    response.on('data', (part: Buffer) => {
      length += part.length
      parts.push(part)
      // This ends the connection: what is still to come is not waited for.
      if (length > maxBytes) response.destroy(tooLong(where, maxBytes))
    })
    response.on('end', resolve)
    response.on('error', reject)
    response.on('close', () => reject(new Error('the connection ended within the answer')))
  })
  const [only] = parts
  return parts.length === 1 && only ? only : Buffer.concat(parts, length)
}

const DECODERS: Readonly<Record<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

async function decoded(
  body: Buffer,
  encoding: string | undefined,
  maxOutputLength: number,
  where: string,
): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity' || body.length === 0) return body
  const decode = DECODERS[encoding.trim().toLowerCase()]
  if (!decode) throw new Error(`the answer is encoded as ${encoding}`)
  try {
    return await decode(body, { maxOutputLength })
  } catch (error) {
    if (error instanceof RangeError) throw tooLong(where, maxOutputLength)
    throw error
  }
}

function tooLong(where: string, maxBytes: number): CollectorError {
  return new CollectorError('CONNECT_FAILED', `${where} answered with more than ${maxBytes} bytes`)
}

function headersOf(response: IncomingMessage): Headers {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  return headers
}
