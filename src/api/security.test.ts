import { afterEach, describe, expect, it } from 'vitest'
import { type Ask, ask } from '../../testkit/api-client.js'
import { fakePorts } from '../../testkit/fake-ports.js'
import type { CollectorConfig } from '../config/schema.js'
import { accessTokens } from '../service/access.js'
import { SESSION_MS, Tokens } from '../service/tokens.js'
import { isOwnHost, originKind } from './place.js'
import { type Api, serveApi } from './server.js'

// Each point of SECURITY.md about the HTTP API has its test here.

const CONTROL = 'control-token-of-the-owner'
const READ = 'read-token-of-a-guest'
const LOCAL = 'the-token-of-the-local-user'

const open: Api[] = []

afterEach(async () => {
  for (const api of open.splice(0)) await api.close()
})

type Settings = Partial<CollectorConfig['settings']>

async function serve(settings: Settings = {}, withTokens = true) {
  const base = fakePorts()
  const config = { ...base.config(), settings: { ...base.config().settings, ...settings } }
  const named = withTokens ? { ui_auth_token: CONTROL, ui_read_token: READ } : {}
  const tokens = accessTokens({ ...config, settings: { ...config.settings, ...named } }, LOCAL, false)
  const api = await serveApi(fakePorts({ config: () => config, tokens: () => tokens }), { host: '127.0.0.1', port: 0 })
  open.push(api)
  const call = async (path: string, options: Ask = {}) => {
    const answer = await ask(api.port, path, options)
    return { ...answer, code: (answer.body as { code?: string } | undefined)?.code }
  }
  return { api, call }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const STREAMS = '/api/v1/streams'
const STOP = { method: 'POST' as const, path: '/api/v1/streams/binance_BTC_USDT_trades/stop' }

describe('tokens and roles', () => {
  it('without a token nothing but health and login is answered, and no answer says why a token is wrong', async () => {
    const { call } = await serve()
    for (const path of [STREAMS, '/api/v1/config', '/api/openapi.json', '/api/docs', '/api/v1/logs'])
      expect([(await call(path)).status, (await call(path)).code], path).toEqual([401, 'UNAUTHORIZED'])
    expect((await call('/health')).status).toBe(200)
    expect((await call('/api/v1/session')).body).toEqual({
      login_needed: true,
      role: null,
      may_change: false,
      readonly: false,
    })
    expect((await call(STREAMS, { headers: bearer('wrong') })).status).toBe(401)
    expect((await call(STREAMS, { headers: { authorization: `Basic ${CONTROL}` } })).status).toBe(401)
  })

  it('the read token looks, the control token and the local one also change', async () => {
    const { call } = await serve()
    for (const token of [READ, CONTROL, LOCAL])
      expect((await call(STREAMS, { headers: bearer(token) })).status).toBe(200)
    const refused = await call(STOP.path, { method: STOP.method, headers: bearer(READ) })
    expect([refused.status, refused.code]).toEqual([403, 'FORBIDDEN'])
    for (const token of [CONTROL, LOCAL])
      expect((await call(STOP.path, { method: STOP.method, headers: bearer(token) })).status).toBe(200)
  })

  it('ui_readonly lets nobody change anything', async () => {
    const { call } = await serve({ ui_readonly: true })
    expect((await call(STOP.path, { method: STOP.method, headers: bearer(CONTROL) })).code).toBe('FORBIDDEN')
    expect((await call(STREAMS, { headers: bearer(CONTROL) })).status).toBe(200)
  })

  it('guessing is slowed down after ten wrong tokens', async () => {
    const { call } = await serve()
    const codes: unknown[] = []
    for (let guess = 0; guess < 12; guess++)
      codes.push((await call(STREAMS, { headers: bearer(`guess ${guess}`) })).code)
    expect(codes.slice(0, 10)).toEqual(Array(10).fill('UNAUTHORIZED'))
    expect(codes.slice(10)).toEqual(['TOO_MANY_REQUESTS', 'TOO_MANY_REQUESTS'])
    const login = await call('/api/v1/session', { method: 'POST', body: { token: 'x' } })
    expect(login.code).toBe('UNAUTHORIZED')
  })

  it('an address that others reach demands a token that cannot be guessed', () => {
    const config = fakePorts().config()
    const at = (settings: Settings) => ({
      ...config,
      settings: { ...config.settings, ui_host: '0.0.0.0', ...settings },
    })
    expect(() => accessTokens(at({}), LOCAL, true)).toThrow('there is no token')
    expect(() => accessTokens(at({ ui_auth_token: 'short' }), LOCAL, true)).toThrow('at least 16 characters')
    expect(() => accessTokens(at({ ui_auth_token: CONTROL, ui_read_token: 'x' }), LOCAL, true)).toThrow('16')
    expect(accessTokens(at({ ui_auth_token: CONTROL }), LOCAL, true).any).toBe(true)
  })

  it('a token may be named by its hash, and is never kept itself', () => {
    const hash = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
    const tokens = new Tokens([{ token: hash, role: 'read' }])
    expect(tokens.roleOf('test')).toBe('read')
    expect(tokens.roleOf(hash)).toBeUndefined()
    expect(JSON.stringify(Object.values(new Tokens([{ token: CONTROL, role: 'control' }])))).not.toContain(CONTROL)
  })
})

describe('login', () => {
  const own = (api: Api) => ({ origin: `http://127.0.0.1:${api.port}` })

  it('gives a cookie that scripts cannot read and other sites do not send', async () => {
    const { api, call } = await serve()
    const login = await call('/api/v1/session', { method: 'POST', body: { token: CONTROL }, headers: own(api) })
    expect(login.body).toEqual({ role: 'control' })
    const [set = ''] = login.headers['set-cookie'] ?? []
    expect(set).toMatch(
      /^dccd_session=control\.\d+\.[\w-]+\.[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800$/,
    )
    expect(set).not.toContain(CONTROL)
    const cookie = set.split(';')[0] ?? ''
    expect((await call(STREAMS, { headers: { cookie } })).status).toBe(200)
    expect((await call('/api/v1/session', { headers: { cookie } })).body).toMatchObject({
      role: 'control',
      may_change: true,
    })
    // A cookie alone changes nothing: whoever forges a request cannot forge its origin.
    const forged = await call(STOP.path, { method: STOP.method, headers: { cookie } })
    expect([forged.status, forged.code]).toEqual([403, 'ORIGIN_REFUSED'])
    expect((await call(STOP.path, { method: STOP.method, headers: { cookie, ...own(api) } })).status).toBe(200)
    await call('/api/v1/session', { method: 'DELETE', headers: { cookie, ...own(api) } })
    expect((await call(STREAMS, { headers: { cookie } })).status).toBe(401)
  })

  it('a session cannot be forged, raised or outlive its time and its token', () => {
    const tokens = new Tokens([
      { token: CONTROL, role: 'control' },
      { token: READ, role: 'read' },
    ])
    const session = tokens.login(READ, 1000)?.session ?? ''
    expect(tokens.sessionRole(session, 1000)).toBe('read')
    expect(tokens.sessionRole(session.replace('read', 'control'), 1000)).toBeUndefined()
    expect(tokens.sessionRole(session.replace(/\.\d+\./, '.9999999999999.'), 1000)).toBeUndefined()
    expect(tokens.sessionRole(session, 1000 + SESSION_MS)).toBeUndefined()
    expect(new Tokens([{ token: 'another', role: 'read' }]).sessionRole(session, 1000)).toBeUndefined()
    // A restart of the daemon ends no login.
    expect(new Tokens([{ token: READ, role: 'read' }]).sessionRole(session, 1000)).toBe('read')
  })

  it('is marked Secure behind a proxy that speaks TLS', async () => {
    const { api, call } = await serve({ ui_trusted_proxy: true })
    const headers = { ...own(api), 'x-forwarded-proto': 'https' }
    const login = await call('/api/v1/session', { method: 'POST', body: { token: READ }, headers })
    expect(String(login.headers['set-cookie'])).toContain('; Secure')
  })
})

describe('where a request comes from', () => {
  it('pages of an allowed origin may ask with a token, and are told so', async () => {
    const origin = 'https://charts.example'
    const { call } = await serve({ ui_allow_origins: [origin] })
    const preflight = await call(STREAMS, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET' },
    })
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, origin])
    expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials')
    const answer = await call(STREAMS, { headers: { origin, ...bearer(READ) } })
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, origin])
    const other = await call(STREAMS, { headers: { origin: 'https://charts.example.evil', ...bearer(READ) } })
    expect([other.status, other.code]).toEqual([403, 'ORIGIN_REFUSED'])
    expect(other.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('names count where they cannot be made to point here', () => {
    const local = { host: '127.0.0.1', port: 8080, origins: ['https://dccd.example'] }
    const wide = { ...local, host: '0.0.0.0' }
    expect(isOwnHost('192.168.1.9:8080', local)).toBe(false)
    expect(isOwnHost('192.168.1.9:8080', wide)).toBe(true)
    expect(isOwnHost('[fe80::1]:8080', wide)).toBe(true)
    expect(isOwnHost('evil.example:8080', wide)).toBe(false)
    expect(isOwnHost('dccd.example', local)).toBe(true)
    expect(isOwnHost('localhost:9000', wide)).toBe(true)
    expect(isOwnHost('localhost:9000', local)).toBe(false)
    expect(originKind('http://192.168.1.9:8080', '192.168.1.9:8080', wide)).toBe('own')
    expect(originKind('https://dccd.example', 'dccd.example', local)).toBe('own')
    expect(originKind('null', '192.168.1.9:8080', wide)).toBeUndefined()
  })

  it('ui_rate_limit holds for each client, as the proxy names it when it is trusted', async () => {
    const { call } = await serve({ ui_rate_limit: 1, ui_trusted_proxy: true })
    const from = (client: string) => call('/health', { headers: { 'x-forwarded-for': `${client}, 10.0.0.1` } })
    const first = [await from('1.1.1.1'), await from('1.1.1.1'), await from('1.1.1.1')]
    expect(first.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(first[2]?.headers['retry-after']).toBe('1')
    expect((await from('2.2.2.2')).status).toBe(200)
    const { call: untrusting } = await serve({ ui_rate_limit: 1 })
    const statuses: number[] = []
    for (const client of ['1', '2', '3'])
      statuses.push((await untrusting('/health', { headers: { 'x-forwarded-for': client } })).status)
    expect(statuses).toEqual([200, 200, 429])
  })
})

describe('what is sent', () => {
  it('too much, not JSON, or JSON that reaches for prototypes is refused', async () => {
    const { call } = await serve({}, false)
    const post = (body: string, headers = {}) => call('/api/v1/sql', { method: 'POST', body, headers })
    expect((await post(`{"sql":"${'x'.repeat(1_100_000)}"}`)).code).toBe('BODY_TOO_LARGE')
    expect((await post('sql=1', { 'content-type': 'application/x-www-form-urlencoded' })).code).toBe(
      'MEDIA_TYPE_REFUSED',
    )
    expect((await post('{"sql":"1"}', { 'content-type': 'text/plain' })).code).toBe('MEDIA_TYPE_REFUSED')
    expect((await post('{"__proto__":{"x":1},"sql":"1"}')).status).toBe(400)
    expect((await post('{"sql":')).code).toBe('USAGE')
    expect((await post('[1]')).body).toMatchObject({ code: 'USAGE', field: 'body' })
    expect((await post('{"sql":"select 1","path":"/etc"}')).body).toMatchObject({ code: 'USAGE', field: 'path' })
  })

  it('an answer is kept by nobody, read as nothing else, and shown in no frame', async () => {
    const { call } = await serve({}, false)
    expect((await call(STREAMS)).headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    })
    expect((await call('/api/docs')).headers['content-security-policy']).not.toMatch(/unsafe|script/)
  })
})
