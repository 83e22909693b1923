/** Whether an address names this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/**
 * Whether a `Host` header names this machine and our port. A page of another site that had its own name resolved to 127.0.0.1 (DNS
 * rebinding) sends that name, and is told apart by it.
 */
export function isOwnHost(header: string | undefined, port: number): boolean {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(header ?? '')
  if (!match) return false
  const [, name = '', given] = match
  const host = name.replace(/^\[|\]$/g, '').toLowerCase()
  return isLoopback(host) && Number(given ?? 80) === port
}

/** Whether an `Origin` header is a page that this server gave. */
export function isOwnOrigin(origin: string, port: number): boolean {
  const match = /^http:\/\/(.*)$/.exec(origin)
  return match !== null && isOwnHost(match[1], port)
}
