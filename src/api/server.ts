import { fastify } from 'fastify'
import { asCollectorError, CollectorError, type ErrorCode } from '../model/error.js'
import { type HealthPorts, health } from '../service/health.js'
import { listStreams } from '../service/streams.js'
import { isLoopback, isOwnHost } from './loopback.js'

export interface ApiOptions {
  /** `settings.ui_host`; only addresses of this machine are taken, as there is no login yet. */
  readonly host: string
  /** `settings.ui_port`; 0 takes a free one. */
  readonly port: number
}

export interface Api {
  /** The real port. */
  readonly port: number
  /** Base URL. */
  readonly url: string
  /** Ends open requests and lets go of the port. */
  close(): Promise<void>
}

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  HOST_REFUSED: 403,
  NOT_FOUND: 404,
  METHOD_REFUSED: 405,
  USAGE: 400,
}

/**
 * The HTTP API: `GET /health` and `GET /api/v1/streams`, on this machine only, no other method, no CORS. Throws PORT_IN_USE, and
 * CONFIG_INVALID for an address that others reach. Aborting `signal` closes it.
 */
export async function serveApi(ports: HealthPorts, options: ApiOptions, signal?: AbortSignal): Promise<Api> {
  signal?.throwIfAborted()
  const host = options.host === 'localhost' ? '127.0.0.1' : options.host
  if (!isLoopback(host))
    throw new CollectorError('CONFIG_INVALID', `settings.ui_host ${host} would let other machines in`, {
      remedy: 'Set it to 127.0.0.1; there is no login yet. Reach it from elsewhere through an SSH tunnel.',
    })
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    bodyLimit: 65_536,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    http: { maxHeaderSize: 8_192, headersTimeout: 10_000 },
    // What the HTTP parser refuses before there is a request.
    clientErrorHandler(cause, socket) {
      if (!socket.writable) return
      const tooLarge = 'code' in cause && cause.code === 'HPE_HEADER_OVERFLOW'
      const status = tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'
      const message = tooLarge ? 'the head of the request is too long' : 'this is not an HTTP request'
      const body = JSON.stringify(
        errorJson(new CollectorError('USAGE', message, { remedy: 'Send a shorter, valid one.' })),
      )
      const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8`
      socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    },
    frameworkErrors(cause, _request, reply) {
      const error = new CollectorError('USAGE', cause.message, { remedy: 'Check the address.' })
      reply.hijack()
      reply.raw
        .writeHead(400, { 'content-type': 'application/json; charset=utf-8' })
        .end(JSON.stringify(errorJson(error)))
    },
  })
  app.server.maxConnections = 256
  let port = options.port

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    const { host: named } = request.headers
    if (!isOwnHost(named, port))
      throw new CollectorError('HOST_REFUSED', `this is not ${named === undefined ? 'a host without name' : named}`)
    if (request.method !== 'GET') {
      reply.header('allow', 'GET')
      throw new CollectorError('METHOD_REFUSED', `${request.method} is not taken here`)
    }
  })
  app.setNotFoundHandler((request) => {
    throw new CollectorError('NOT_FOUND', `there is nothing at ${request.url.slice(0, 200)}`)
  })
  app.setErrorHandler((cause: unknown, _request, reply) => {
    const asked = cause instanceof Error && 'statusCode' in cause && Number(cause.statusCode) < 500
    const error = asCollectorError(cause, asked ? 'USAGE' : 'INTERNAL')
    void reply.code(STATUS_OF[error.code] ?? 500).send(errorJson(error))
  })
  app.get('/health', () => health(ports))
  app.get('/api/v1/streams', () => listStreams(ports.streams))

  const close = () => app.close()
  const onAbort = () => void close()
  app.addHook('onClose', async () => signal?.removeEventListener('abort', onAbort))
  try {
    await app.listen({ host, port })
  } catch (cause) {
    await close()
    throw listenError(cause, host, port)
  }
  const address = app.server.address()
  if (address !== null && typeof address === 'object') port = address.port
  if (signal?.aborted) await close()
  signal?.throwIfAborted()
  signal?.addEventListener('abort', onAbort)
  return { port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, close }
}

function errorJson({ code, message, remedy }: CollectorError) {
  return { code, message, remedy }
}

function listenError(cause: unknown, host: string, port: number): CollectorError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EADDRINUSE') return new CollectorError('PORT_IN_USE', `port ${port} of ${host} is taken`, { cause })
  if (code === 'EACCES')
    return new CollectorError('PORT_IN_USE', `port ${port} may only be opened by an administrator`, {
      remedy: 'Set settings.ui_port to one from 1024 up (0 takes a free one).',
      cause,
    })
  return asCollectorError(cause, 'PORT_IN_USE')
}
