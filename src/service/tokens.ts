import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Role } from './operation.js'

/** A token that the API knows, before it is hashed. `sha256:<hex>` is taken as the hash of one. */
export interface KnownToken {
  readonly token: string
  readonly role: Role
}

interface Entry {
  readonly hash: Buffer
  readonly role: Role
}

const HASHED = /^sha256:([0-9a-f]{64})$/

/** How long a login lasts. */
export const SESSION_MS = 7 * 24 * 3_600_000
const REVOKED_MOST = 10_000

/**
 * The tokens of the API. Only their hashes are kept, and compared in constant time. A session is a signed text: it outlives a restart of the daemon and
 * ends when its token is changed.
 */
export class Tokens {
  readonly #entries: readonly Entry[]
  readonly #revoked = new Set<string>()

  constructor(known: readonly KnownToken[]) {
    this.#entries = known.map(({ token, role }) => ({ hash: hashOf(token), role }))
  }

  /** Whether the API asks for a token at all. */
  get any(): boolean {
    return this.#entries.length > 0
  }

  /** What a token may; undefined when it is none of ours. */
  roleOf(token: string): Role | undefined {
    return this.#entryOf(token)?.role
  }

  /** A session for the bearer of a token, to be kept in a cookie; undefined when the token is none of ours. */
  login(token: string, nowMs: number): { readonly role: Role; readonly session: string } | undefined {
    const entry = this.#entryOf(token)
    if (!entry) return undefined
    const text = `${entry.role}.${nowMs + SESSION_MS}.${randomBytes(12).toString('base64url')}`
    return { role: entry.role, session: `${text}.${sign(entry, text)}` }
  }

  /** What a session may; undefined when it is forged, over or ended. */
  sessionRole(session: string, nowMs: number): Role | undefined {
    const match = /^((read|control)\.(\d{1,16})\.[\w-]{16})\.([\w-]{43})$/.exec(session)
    if (!match) return undefined
    const [, text = '', role, until, signature = ''] = match
    if (Number(until) <= nowMs || this.#revoked.has(text)) return undefined
    const good = this.#entries.filter((entry) => entry.role === role && same(sign(entry, text), signature))
    return good[0]?.role
  }

  /** Ends a session before its time. */
  logout(session: string): void {
    const text = session.split('.').slice(0, 3).join('.')
    this.#revoked.delete(text)
    this.#revoked.add(text)
    const [oldest] = this.#revoked
    if (this.#revoked.size > REVOKED_MOST && oldest !== undefined) this.#revoked.delete(oldest)
  }

  #entryOf(token: string): Entry | undefined {
    const hash = createHash('sha256').update(token).digest()
    let found: Entry | undefined
    // All of them: how long it takes says nothing.
    for (const entry of this.#entries) {
      const matches = timingSafeEqual(entry.hash, hash)
      if (matches && found?.role !== 'control') found = entry
    }
    return found
  }
}

function hashOf(token: string): Buffer {
  const hex = HASHED.exec(token)?.[1]
  return hex === undefined ? createHash('sha256').update(token).digest() : Buffer.from(hex, 'hex')
}

function sign({ hash }: Entry, text: string): string {
  return createHmac('sha256', hash).update(`dccd session ${text}`).digest('base64url')
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
