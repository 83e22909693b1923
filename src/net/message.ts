/** Node gives an empty message when every address of a host failed; the parts then say why. */
export function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return messageOf(cause.errors[0])
  if (!(cause instanceof Error)) return String(cause)
  if (cause.cause instanceof Error) return messageOf(cause.cause)
  return cause.message === '' ? cause.name : cause.message
}

/** An address as it may stand in a message: without user, password and query. */
export function readable(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url)
    return `${protocol}//${host}${pathname}`
  } catch {
    return url
  }
}
