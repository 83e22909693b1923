import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const zip = promisify(gzip)

/** Scripts, styles and connections of its own origin only; nothing inline, no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const NOT_BUILT =
  '<!doctype html><html lang="en"><title>dccd</title><h1>The web UI is not built</h1><p>Build it with <code>npm run build</code> and start the daemon again. The API is there: <a href="/api/docs">/api/docs</a>.</p></html>'

interface UiFile {
  readonly type: string
  readonly bytes: Buffer
  readonly zipped: Buffer
  /** Its name changes with its content. */
  readonly lasting: boolean
}

/**
 * The built web UI, read once into memory: what is asked for is looked up, never opened, so no path leads out of it. The page itself needs no login; it
 * asks for one when the API does.
 */
export async function addUiFiles(app: FastifyInstance, folder: string): Promise<void> {
  const files = await uiFiles(folder)
  const send = (request: FastifyRequest, reply: FastifyReply) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    const file = files.get(pathname === '/' ? '/index.html' : pathname)
    if (!file) return reply.callNotFound()
    const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
    if (zipped) reply.header('content-encoding', 'gzip')
    return reply
      .headers({
        'content-type': file.type,
        'content-security-policy': POLICY,
        'cache-control': file.lasting ? 'public, max-age=31536000, immutable' : 'no-cache',
        vary: 'accept-encoding',
      })
      .send(zipped ? file.zipped : file.bytes)
  }
  for (const path of ['/', '/favicon.svg', '/assets/*']) app.get(path, { config: { role: 'open' } }, send)
}

async function uiFiles(folder: string): Promise<ReadonlyMap<string, UiFile>> {
  const assets = await readdir(join(folder, 'assets')).catch(() => [])
  if (assets.length === 0) return new Map([['/index.html', await uiFile('.html', Buffer.from(NOT_BUILT), false)]])
  const names = ['index.html', 'favicon.svg', ...assets.map((name) => `assets/${name}`)]
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, UiFile]> => {
        const bytes = await readFile(join(folder, name))
        return [`/${name}`, await uiFile(extname(name), bytes, name.startsWith('assets/'))]
      }),
    ),
  )
}

async function uiFile(extension: string, bytes: Buffer, lasting: boolean): Promise<UiFile> {
  return { type: TYPES[extension] ?? 'application/octet-stream', bytes, zipped: await zip(bytes), lasting }
}
