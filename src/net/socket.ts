import type { IncomingHttpHeaders } from 'node:http'
import WebSocket from 'ws'
import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import { messageOf, readable } from './message.js'
import { type Headers, refusalOf } from './refusal.js'

/** Why a socket ended. `error` is absent only when we closed it ourselves; a clean close by the exchange is an error too. */
export interface SocketClose {
  /** WebSocket close code; 1006 where there was no close frame. */
  readonly code: number
  readonly reason: string
  readonly error?: CollectorError
}

/** What a socket tells. Called from the socket's own callbacks: must not throw. */
export interface SocketEvents {
  onOpen(): void
  /** One whole message. `wall` and `mono` were taken before anything else was done with it. `data` is the receiver's to keep. */
  onFrame(data: Buffer, binary: boolean, wall: bigint, mono: bigint): void
  /** A ping or pong of the exchange: proof of life that is not a message. */
  onPing?(wall: bigint, mono: bigint): void
  /** Exactly once, whatever happens; nothing is called after it. */
  onClose(close: SocketClose): void
}

export interface SocketOptions {
  readonly clock: Clock
  /** From the call to the open socket. */
  readonly connectTimeoutMs?: number
  /** A longer message ends the connection with BAD_MESSAGE. */
  readonly maxFrameBytes?: number
}

export interface Socket {
  /** Sends a text message; ignored unless the socket is open. */
  send(text: string): void
  /** Sends a WebSocket ping; the answer comes as `onPing`. */
  ping(): void
  /** Closes with a close frame; ends without one after 2 s. Frames that still arrive are delivered. */
  close(): void
  /** Ends at once; no frame is delivered any more. */
  terminate(): void
  /** Bytes given to `send` that the machine has not taken yet. */
  readonly bufferedAmount: number
}

const CLOSE_TIMEOUT_MS = 2000

/**
 * Opens a WebSocket. Never throws: every failure comes as `onClose`, never from within this call. Aborting `signal` terminates.
 * Before the open: CONNECT_FAILED (refused, DNS, TLS, timeout, other status), RATE_LIMITED (429), BANNED (418, 403).
 * After it: CONNECTION_LOST, or BAD_MESSAGE for a message that is too long.
 */
export function openSocket(url: string, events: SocketEvents, options: SocketOptions, signal?: AbortSignal): Socket {
  const { clock, connectTimeoutMs = 10_000, maxFrameBytes = 128 * 1024 * 1024 } = options
  const where = readable(url)
  let opened = false
  let ended = false
  let ours = false
  let mute = false
  let error: CollectorError | undefined
  let cancelTimer = () => {}

  const finish = (code: number, reason: string) => {
    if (ended) return
    ended = true
    cancelTimer()
    signal?.removeEventListener('abort', terminate)
    if (ours) return events.onClose({ code, reason })
    const said = reason === '' ? '' : ` (${reason})`
    error ??= opened
      ? new CollectorError('CONNECTION_LOST', `${where} ended the connection with code ${code}${said}`)
      : new CollectorError('CONNECT_FAILED', `${where} ended the connection before it was open`)
    events.onClose({ code, reason, error })
  }

  let ws: WebSocket | undefined
  const terminate = () => {
    if (ended) return
    ours ||= error === undefined
    mute = true
    ws?.terminate()
  }

  try {
    ws = new WebSocket(url, {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      maxPayload: maxFrameBytes,
      followRedirects: false,
      headers: { 'user-agent': 'dccd' },
    })
  } catch (cause) {
    error = new CollectorError('CONNECT_FAILED', `${where} is not a WebSocket address: ${messageOf(cause)}`, { cause })
    queueMicrotask(() => finish(1006, ''))
    return { send() {}, ping() {}, close: terminate, terminate, bufferedAmount: 0 }
  }

  const socket = ws
  cancelTimer = clock.after(connectTimeoutMs, () => {
    error ??= new CollectorError('CONNECT_FAILED', `${where} did not answer within ${connectTimeoutMs} ms`)
    socket.terminate()
  })
  socket.on('open', () => {
    cancelTimer()
    opened = true
    if (!mute) events.onOpen()
  })
  socket.on('message', (data, binary) => {
    const wall = clock.wall()
    const mono = clock.mono()
    // `data` is a Buffer in ws's default mode; the other forms of its type belong to other modes.
    if (!mute && Buffer.isBuffer(data)) events.onFrame(data, binary, wall, mono)
  })
  const alive = () => {
    if (!mute) events.onPing?.(clock.wall(), clock.mono())
  }
  socket.on('ping', alive)
  socket.on('pong', alive)
  socket.on('unexpected-response', (request, response) => {
    const status = response.statusCode ?? 0
    const refusal = refusalOf(status, headersOf(response.headers), clock.wall())
    error ??= refusal
      ? new CollectorError(refusal.code, `${where}: ${refusal.message}`, { retry: refusal.retry })
      : new CollectorError('CONNECT_FAILED', `${where} refused the WebSocket with status ${status}`)
    request.destroy()
    socket.terminate()
  })
  socket.on('error', (cause) => {
    error ??= failureOf(cause, opened, where, maxFrameBytes)
  })
  socket.on('close', (code, reason) => finish(code, reason.toString('utf8')))
  if (signal?.aborted) terminate()
  else signal?.addEventListener('abort', terminate)

  return {
    send(text) {
      // A failing write ends the socket, which `onClose` tells.
      if (socket.readyState === WebSocket.OPEN) socket.send(text, ignoreError)
    },
    ping() {
      if (socket.readyState === WebSocket.OPEN) socket.ping(undefined, undefined, ignoreError)
    },
    close() {
      if (ended || ours) return
      ours = error === undefined
      cancelTimer()
      cancelTimer = clock.after(CLOSE_TIMEOUT_MS, terminate)
      socket.close(1000)
    },
    terminate,
    get bufferedAmount() {
      return socket.bufferedAmount
    },
  }
}

function failureOf(cause: Error, opened: boolean, where: string, maxFrameBytes: number): CollectorError {
  if (!opened) return new CollectorError('CONNECT_FAILED', `could not reach ${where}: ${messageOf(cause)}`, { cause })
  if ('code' in cause && cause.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    const message = `${where} sent a message longer than ${maxFrameBytes} bytes`
    return new CollectorError('BAD_MESSAGE', message, { scope: 'connection', cause })
  }
  return new CollectorError('CONNECTION_LOST', `the connection to ${where} broke: ${messageOf(cause)}`, { cause })
}

function headersOf(from: IncomingHttpHeaders): Headers {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(from))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  return headers
}

function ignoreError(): void {}
