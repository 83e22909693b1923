import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CollectorError } from '../model/error.js'
import type { Role } from '../service/operation.js'
import type { Ports } from '../service/ports.js'
import { ClientBuckets } from './client-buckets.js'
import { isOwnHost, type Listening, originKind } from './place.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may; `open` asks for no token. Left out: `read`. */
    role?: Role | 'open'
  }
  interface FastifyRequest {
    /** What the asker may; undefined before that is known, and on open routes. */
    access: Role | undefined
  }
}

export const SESSION_COOKIE = 'dccd_session'

/** Wrong tokens per client: so many at once, and one more each few seconds. */
const GUESSES = { burst: 10, perSecond: 0.2 }

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
} as const

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': 'authorization, content-type, if-match, last-event-id',
  'access-control-max-age': '600',
} as const

/** Everything that is asked before a request is heard: host, origin, rate, token, role. Settings count as they are at that moment. */
export function addGuard(app: FastifyInstance, ports: Ports, listening: () => Omit<Listening, 'origins'>): void {
  const buckets = new ClientBuckets()
  const guesses = new ClientBuckets()
  app.decorateRequest('access', undefined)

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    const { settings } = ports.config()
    const where = { ...listening(), origins: settings.ui_allow_origins }
    const preflight = checkPlace(request, reply, where)
    const client = clientOf(request, settings.ui_trusted_proxy)
    const { ui_rate_limit: rate } = settings
    if (rate > 0 && !buckets.take(client, rate, Math.max(1, rate * 2), Date.now())) {
      reply.header('retry-after', '1')
      throw new CollectorError('TOO_MANY_REQUESTS', `more than ${rate} requests a second`)
    }
    if (preflight) {
      await reply.code(204).headers(PREFLIGHT).send()
      return
    }
    const role = request.routeOptions.config.role ?? 'read'
    if (role === 'open' && request.headers.authorization === undefined) return
    request.access = accessOf(request, reply, ports, { guesses, client })
    if (role === 'open') return
    if (request.access === undefined)
      throw new CollectorError('UNAUTHORIZED', 'this needs a token', {
        remedy: 'Send `Authorization: Bearer TOKEN`, or log in.',
      })
    if (role === 'control') checkControl(request.access, settings.ui_readonly)
  })
}

/** Throws FORBIDDEN for who may look only. */
function checkControl(access: Role, readonly: boolean): void {
  if (readonly) throw new CollectorError('FORBIDDEN', 'this API only shows: settings.ui_readonly is set')
  if (access !== 'control') throw new CollectorError('FORBIDDEN', 'this token may look, and not change')
}

/** Refuses foreign hosts and origins; true for the question of an allowed origin whether it may ask. */
function checkPlace(request: FastifyRequest, reply: FastifyReply, where: Listening): boolean {
  const { host, origin } = request.headers
  if (!isOwnHost(host, where))
    throw new CollectorError(
      'HOST_REFUSED',
      `this is not ${host === undefined ? 'a host without name' : host.slice(0, 200)}`,
    )
  if (origin === undefined) {
    if (request.method !== 'GET' && request.headers['sec-fetch-site'] === 'cross-site')
      throw new CollectorError('ORIGIN_REFUSED', 'pages of other sites may not call this API')
    return false
  }
  const kind = originKind(origin, host, where)
  if (kind === undefined)
    throw new CollectorError('ORIGIN_REFUSED', `pages of ${origin.slice(0, 200)} may not call this API`)
  if (kind === 'own') return false
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'etag, retry-after',
    vary: 'origin',
  })
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
}

interface Guessing {
  readonly guesses: ClientBuckets
  readonly client: string
}

/** What the asker may, by token or session. Throws UNAUTHORIZED for a token that is none of ours, TOO_MANY_REQUESTS after many. */
function accessOf(request: FastifyRequest, reply: FastifyReply, ports: Ports, guessing: Guessing): Role | undefined {
  const tokens = ports.tokens()
  if (!tokens.any) return 'control'
  const bearer = /^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return guessed(tokens.roleOf(bearer), reply, guessing)
  const session = sessionOf(request)
  const role = session === undefined ? undefined : tokens.sessionRole(session, Date.now())
  // A browser names the origin of whatever changes something; without one the cookie may have come along unasked.
  if (
    role &&
    request.method !== 'GET' &&
    request.headers.origin === undefined &&
    request.headers['sec-fetch-site'] !== 'same-origin'
  )
    throw new CollectorError('ORIGIN_REFUSED', 'a login by cookie changes things from its own page alone', {
      remedy: 'Send the token as `Authorization: Bearer TOKEN`.',
    })
  return role
}

/** Passes a role on, and counts against the client when there is none. */
export function guessed(role: Role | undefined, reply: FastifyReply, { guesses, client }: Guessing): Role {
  const now = Date.now()
  if (!guesses.has(client, GUESSES.perSecond, GUESSES.burst, now)) {
    reply.header('retry-after', '5')
    throw new CollectorError('TOO_MANY_REQUESTS', 'too many wrong tokens')
  }
  if (role) return role
  guesses.take(client, GUESSES.perSecond, GUESSES.burst, now)
  throw new CollectorError('UNAUTHORIZED', 'this token is not known')
}

/** Who asks: the address of the connection, or what a proxy that is trusted says. */
export function clientOf(request: FastifyRequest, trustedProxy: boolean): string {
  const forwarded = request.headers['x-forwarded-for']
  const first = trustedProxy && typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : undefined
  return (first || request.socket.remoteAddress) ?? 'unknown'
}

/** The session in the cookie. */
export function sessionOf(request: FastifyRequest): string | undefined {
  const parts = (request.headers.cookie ?? '').split(';').map((each) => each.trim())
  return parts.find((each) => each.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1)
}
