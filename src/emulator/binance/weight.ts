import type { Nanos } from '../../model/time.js'
import type { HttpAnswer } from '../venue.js'

const MINUTE: Nanos = 60_000_000_000n
/** Requests after the first 429 of a minute until the address is banned. */
const PATIENCE = 20
const BAN: Nanos = 120_000_000_000n

/** Binance's budget of request weight per minute (one address: everybody here comes from loopback). */
export class WeightBudget {
  private readonly perMinute: number
  private minute = -1n
  private used = 0
  private refused = 0
  /** Since the start. */
  readonly total = { used: 0, refused: 0 }
  private bannedUntil: Nanos = 0n

  constructor(perMinute: number) {
    this.perMinute = perMinute
  }

  /** Charges a request; an answer when it is refused. */
  charge(weight: number, now: Nanos): HttpAnswer | undefined {
    if (now < this.bannedUntil) return this.refusal(418, Math.ceil(Number(this.bannedUntil - now) / 1e9))
    const minute = now / MINUTE
    if (minute !== this.minute) {
      this.minute = minute
      this.used = 0
      this.refused = 0
    }
    this.used += weight
    this.total.used += weight
    if (this.used <= this.perMinute) return undefined
    this.total.refused++
    if (++this.refused > PATIENCE) {
      this.bannedUntil = now + BAN
      return this.refusal(418, 120)
    }
    return this.refusal(429, Math.ceil(Number(MINUTE - (now % MINUTE)) / 1e9))
  }

  get headers(): Record<string, string> {
    return { 'x-mbx-used-weight': String(this.used), 'x-mbx-used-weight-1m': String(this.used) }
  }

  /** 429, 418 or 5xx as Binance words it. */
  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    const headers: Record<string, string> = { 'content-type': 'application/json;charset=UTF-8', ...this.headers }
    if (retryAfterS !== undefined) headers['retry-after'] = String(retryAfterS)
    const error =
      status === 418
        ? {
            code: -1003,
            msg: 'Way too much request weight used; IP banned. Please use WebSocket Streams for live updates.',
          }
        : status === 429
          ? {
              code: -1003,
              msg: `Too much request weight used; current limit is ${this.perMinute} request weight per 1 MINUTE.`,
            }
          : { code: -1000, msg: 'An unknown error occurred while processing the request.' }
    return { status, headers, body: JSON.stringify(error) }
  }
}
