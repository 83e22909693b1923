import { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'

/** Header names in lower case; repeated headers joined by `, `. */
export type Headers = Readonly<Record<string, string>>

/**
 * What a refusal by HTTP status means, by the usual rules: 429 RATE_LIMITED and 418 BANNED with the `Retry-After` of the answer
 * (seconds or date, RFC 9110 §10.2.3), 403 and 451 BANNED (firewalls of venues and region blocks), 5xx CONNECT_FAILED.
 * `undefined` for every other status: what it means is the venue's business. `wall` is the fallback for dates without a `Date` header.
 */
export function refusalOf(status: number, headers: Headers, wall?: Nanos): CollectorError | undefined {
  const afterMs = retryAfterMs(headers, wall)
  const retry = afterMs === undefined ? {} : { retry: { afterMs } }
  const wait = afterMs === undefined ? '' : `, retry after ${Math.ceil(afterMs / 1000)} s`
  if (status === 429) return new CollectorError('RATE_LIMITED', `the exchange answered 429${wait}`, retry)
  if (status === 418 || status === 403 || status === 451)
    return new CollectorError('BANNED', `the exchange answered ${status}${wait}`, retry)
  if (status >= 500) return new CollectorError('CONNECT_FAILED', `the exchange answered ${status}${wait}`, retry)
  return undefined
}

/** `Retry-After` in milliseconds from now; `undefined` when absent or unreadable. */
function retryAfterMs(headers: Headers, wall: Nanos | undefined): number | undefined {
  const text = headers['retry-after']?.trim()
  if (!text) return undefined
  // At most a week: a larger number is a mistake, and would overflow timers.
  const clip = (ms: number) => Math.min(Math.max(ms, 0), 7 * 86_400_000)
  if (/^\d+(\.\d+)?$/.test(text)) return clip(Number(text) * 1000)
  const until = Date.parse(text)
  if (Number.isNaN(until)) return undefined
  // Both ends on the server's clock where it tells its own.
  const sent = headers.date === undefined ? Number.NaN : Date.parse(headers.date)
  const here = wall === undefined ? undefined : Number(wall / 1_000_000n)
  const now = Number.isNaN(sent) ? here : sent
  return now === undefined ? undefined : clip(until - now)
}
