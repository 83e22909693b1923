import { CollectorError, type ErrorCode } from '../../model/error.js'
import { isFields } from '../kit/wire.js'

/** Codes of the venue that say more than "refused". https://github.com/binance/binance-spot-api-docs/blob/master/errors.md */
const MEANINGS: ReadonlyMap<number, ErrorCode> = new Map([
  [-1003, 'RATE_LIMITED'],
  [-1015, 'RATE_LIMITED'],
  [-1121, 'UNKNOWN_INSTRUMENT'],
])

export function errorCode(code: unknown): ErrorCode | undefined {
  return typeof code === 'number' ? MEANINGS.get(code) : undefined
}

/** What a refused REST call means, where its body tells more than its status. */
export function refusal(_status: number, body: string): ErrorCode | undefined {
  try {
    const answer: unknown = JSON.parse(body)
    // The status tells bans (418) from limits (429), the code does not.
    const code = isFields(answer) ? errorCode(answer.code) : undefined
    return code === 'RATE_LIMITED' ? undefined : code
  } catch {
    return undefined
  }
}

/** Throws where a 2xx body is an error all the same. */
export function refuseErrors(answer: unknown): void {
  if (!isFields(answer) || !('code' in answer && 'msg' in answer)) return
  throw new CollectorError(errorCode(answer.code) ?? 'BAD_MESSAGE', `Binance answered: ${String(answer.msg)}`)
}
