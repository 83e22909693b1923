import type { ErrorCode } from '../../model/error.js'
import { isFields } from '../kit/wire.js'

/** What the text of an error says, on the socket and by REST; `undefined` where it says nothing that we act on. */
export function meaningOf(said: string): ErrorCode | undefined {
  if (/rate limit|too many requests/i.test(said)) return 'RATE_LIMITED'
  if (/unknown (or expired )?symbol|invalid symbol|symbol is invalid/i.test(said)) return 'UNKNOWN_INSTRUMENT'
  return /overloaded|maintenance|unavailable|downtime/i.test(said) ? 'EXCHANGE_DOWN' : undefined
}

/** What a refused REST call means. 403 is the block of an address. */
export function refusal(status: number, body: string): ErrorCode | undefined {
  if (status === 403) return 'BANNED'
  try {
    const answer: unknown = JSON.parse(body)
    const error = isFields(answer) && isFields(answer.error) ? answer.error : {}
    return meaningOf(String(error.message))
  } catch {
    return undefined
  }
}
