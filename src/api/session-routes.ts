import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { CollectorError } from '../model/error.js'
import { checked } from '../service/check-input.js'
import type { Ports } from '../service/ports.js'
import { SESSION_MS } from '../service/tokens.js'
import { ClientBuckets } from './client-buckets.js'
import { clientOf, guessed, SESSION_COOKIE, sessionOf } from './guard.js'

const loginBody = z.strictObject({ token: z.string().min(1).max(1000) })

/** Log in with a token for a cookie, ask what one may, log out. */
export function addSessionRoutes(app: FastifyInstance, ports: Ports): void {
  const guesses = new ClientBuckets()
  const secure = (request: FastifyRequest) =>
    ports.config().settings.ui_trusted_proxy && request.headers['x-forwarded-proto'] === 'https' ? '; Secure' : ''
  const cookie = (value: string, seconds: number, request: FastifyRequest) =>
    `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure(request)}`
  const roleNow = (request: FastifyRequest) => {
    const tokens = ports.tokens()
    if (!tokens.any) return 'control'
    if (request.access) return request.access
    const session = sessionOf(request)
    return session === undefined ? undefined : tokens.sessionRole(session, Date.now())
  }

  app.get('/api/v1/session', { config: { role: 'open' } }, (request) => {
    const { ui_readonly } = ports.config().settings
    const role = roleNow(request)
    return {
      login_needed: ports.tokens().any,
      role: role ?? null,
      may_change: role === 'control' && !ui_readonly,
      readonly: ui_readonly,
    }
  })

  app.post('/api/v1/session', { config: { role: 'open' } }, (request, reply) => {
    const { token } = checked(loginBody, request.body)
    const tokens = ports.tokens()
    if (!tokens.any) return { role: 'control' }
    const client = clientOf(request, ports.config().settings.ui_trusted_proxy)
    const login = tokens.login(token, Date.now())
    const role = guessed(login?.role, reply, { guesses, client })
    if (!login) throw new CollectorError('UNAUTHORIZED', 'this token is not known')
    reply.header('set-cookie', cookie(login.session, SESSION_MS / 1000, request))
    return { role }
  })

  app.delete('/api/v1/session', { config: { role: 'open' } }, (request, reply) => {
    const session = sessionOf(request)
    if (session !== undefined) ports.tokens().logout(session)
    reply.header('set-cookie', cookie('', 0, request))
    return { role: null }
  })
}
