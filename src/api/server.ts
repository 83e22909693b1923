import websocket from '@fastify/websocket'
import { type FastifyInstance, fastify } from 'fastify'
import { asCollectorError, CollectorError } from '../model/error.js'
import { health } from '../service/health.js'
import type { Ports } from '../service/ports.js'
import { addCompatRoutes } from './compat.js'
import { DOCS_CSS, docsPage } from './docs-page.js'
import { apiError, errorBody, statusOf } from './error-body.js'
import { addEventRoute } from './events.js'
import { addGuard } from './guard.js'
import { addLiveRoute } from './live.js'
import { addMetricsRoute } from './metrics.js'
import { openApi } from './openapi.js'
import { addOperationRoutes } from './operation-routes.js'
import { addSessionRoutes } from './session-routes.js'
import { addUdfRoutes } from './udf.js'
import { addUiFiles } from './ui-files.js'

export interface ApiOptions {
  /** `settings.ui_host`. */
  readonly host: string
  /** `settings.ui_port`; 0 takes a free one. */
  readonly port: number
  /** Where the built web UI is; none is served when absent. */
  readonly uiFolder?: string
  /** How long a live client may stay behind before it is dropped; 10 s. */
  readonly slowMs?: number
  /** How long a file waits for its asker to take more; 60 s. */
  readonly stallMs?: number
}

export interface Api {
  /** The real port. */
  readonly port: number
  /** Base URL. */
  readonly url: string
  /** Ends open requests and lets go of the port. */
  close(): Promise<void>
}

/**
 * The HTTP API over the operations of a daemon. Throws PORT_IN_USE. Aborting `signal` closes it.
 */
export async function serveApi(ports: Ports, options: ApiOptions, signal?: AbortSignal): Promise<Api> {
  signal?.throwIfAborted()
  const host = options.host === 'localhost' ? '127.0.0.1' : options.host
  const app = createApp()
  await app.register(websocket, { options: { maxPayload: 65_536 } })
  app.server.maxConnections = 2048
  let port = options.port

  addGuard(app, ports, () => ({ host, port }))
  refuseWhatIsNotThere(app)
  app.setErrorHandler((cause: unknown, _request, reply) => {
    const error = apiError(cause)
    void reply.code(statusOf(error)).send(errorBody(error))
  })
  app.get('/health', { config: { role: 'open' } }, () => health(ports))
  addSessionRoutes(app, ports)
  addOperationRoutes(app, ports, options.stallMs ?? 60_000)
  addEventRoute(app, ports, ports.events)
  addMetricsRoute(app, ports)
  addUdfRoutes(app, ports)
  addCompatRoutes(app, ports)
  addLiveRoute(app, ports.live, options.slowMs ?? 10_000)
  const document = openApi(ports.version)
  app.get('/api/openapi.json', () => document)
  app.get('/api/docs.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(DOCS_CSS))
  app.get('/api/docs', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
      .send(docsPage(document, ports.version)),
  )

  if (options.uiFolder !== undefined) await addUiFiles(app, options.uiFolder)

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

/** Fastify with our bounds, and coded answers for what it refuses before there is a request of ours. */
function createApp(): FastifyInstance {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    bodyLimit: 1_048_576,
    requestTimeout: 10_000,
    keepAliveTimeout: 5_000,
    routerOptions: { maxParamLength: 400 },
    http: { maxHeaderSize: 8_192, headersTimeout: 10_000 },
    // What the HTTP parser refuses before there is a request.
    clientErrorHandler(cause, socket) {
      if (!socket.writable) return
      const tooLarge = 'code' in cause && cause.code === 'HPE_HEADER_OVERFLOW'
      const status = tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'
      const message = tooLarge ? 'the head of the request is too long' : 'this is not an HTTP request'
      const body = JSON.stringify(
        errorBody(new CollectorError('USAGE', message, { remedy: 'Send a shorter, valid one.' })),
      )
      const head = `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8`
      socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    },
    frameworkErrors(cause, _request, reply) {
      const error = new CollectorError('USAGE', cause.message, { remedy: 'Check the address.' })
      reply.hijack()
      reply.raw
        .writeHead(400, { 'content-type': 'application/json; charset=utf-8' })
        .end(JSON.stringify(errorBody(error)))
    },
  })
  // JSON alone: what a form of another site can send is no JSON.
  app.removeContentTypeParser(['text/plain', 'application/json'])
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.trim() === '') done(null, undefined)
    else parse(request, body, done)
  })
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.setReplySerializer((data) => JSON.stringify(data))
  return app
}

/** 404 for unknown paths, 405 with the methods that are taken for known ones. */
function refuseWhatIsNotThere(app: FastifyInstance): void {
  const known: { readonly method: string; readonly path: RegExp }[] = []
  app.addHook('onRoute', ({ method, url }) => {
    const path = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`)
    for (const each of [method].flat()) known.push({ method: each, path })
  })
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const methods = known.filter((each) => each.path.test(path)).map(({ method }) => method)
    if (methods.length === 0) throw new CollectorError('NOT_FOUND', `there is nothing at ${request.url.slice(0, 200)}`)
    reply.header('allow', methods.join(', '))
    throw new CollectorError('METHOD_REFUSED', `${request.method} is not taken at ${path.slice(0, 200)}`)
  })
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
