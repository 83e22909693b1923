import { isIP } from 'node:net'
import { isThisMachine } from '../service/access.js'

/** Where the API listens, and under which other names it is reached. */
export interface Listening {
  /** The address that it is bound to. */
  readonly host: string
  readonly port: number
  /** `settings.ui_allow_origins`. */
  readonly origins: readonly string[]
}

interface Authority {
  readonly name: string
  readonly port: number
}

function parseAuthority(text: string | undefined): Authority | undefined {
  const match = /^(\[[^\]]*\]|[^:]+)(?::(\d+))?$/.exec(text ?? '')
  if (!match) return undefined
  const [, name = '', port] = match
  return { name: name.replace(/^\[|\]$/g, '').toLowerCase(), port: Number(port ?? 80) }
}

/**
 * Whether a `Host` header names this server. A page of another site that had its own name resolved to our address (DNS rebinding) sends that name, and
 * is told apart by it: on the loopback address only its names count, with our port; on others every address in figures, and the hosts of the allowed
 * origins (a proxy in front).
 */
export function isOwnHost(header: string | undefined, listening: Listening): boolean {
  const named = parseAuthority(header)
  if (!named) return false
  if (isThisMachine(named.name)) return named.port === listening.port || !isThisMachine(listening.host)
  if (listening.origins.some((origin) => hostOf(origin) === header?.toLowerCase())) return true
  return !isThisMachine(listening.host) && isIP(named.name) !== 0
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1]
}

/** Whether an `Origin` header is a page that this server gave, or one that may call it: `own`, `allowed`, or undefined. */
export function originKind(
  origin: string,
  host: string | undefined,
  listening: Listening,
): 'own' | 'allowed' | undefined {
  const [, scheme, authority] = /^(https?):\/\/(.+)$/.exec(origin) ?? []
  const named = parseAuthority(authority)
  if (named && isThisMachine(named.name)) {
    // Our own names are one place; the port is what tells another server of this machine.
    if (
      scheme === 'http' &&
      isThisMachine(parseAuthority(host)?.name ?? '') &&
      named.port === parseAuthority(host)?.port
    )
      return 'own'
  } else if (named && authority?.toLowerCase() === host?.toLowerCase()) return 'own' // the scheme may be that of a proxy in front
  return listening.origins.includes(origin) ? 'allowed' : undefined
}
