import { CollectorError, type ErrorCode } from '../../model/error.js'
import { isFields } from './wire.js'

/** What a venue's errors `{"code":-1121,"msg":"Invalid symbol."}` mean, wherever they stand. */
export interface CodedErrors {
  codeOf(code: unknown): ErrorCode | undefined
  /** What a refused REST call means, where its body tells more than its status. */
  refusal(status: number, body: string): ErrorCode | undefined
  /** Throws where a 2xx body is an error all the same. */
  refuse(answer: unknown): void
}

/** `meanings`: codes that say more than "refused". */
export function codedErrors(exchange: string, meanings: ReadonlyMap<number, ErrorCode>): CodedErrors {
  const codeOf = (code: unknown) => (typeof code === 'number' ? meanings.get(code) : undefined)
  return {
    codeOf,
    refusal(_status, body) {
      try {
        const answer: unknown = JSON.parse(body)
        // The status tells bans (418) from limits (429), the code does not.
        const code = isFields(answer) ? codeOf(answer.code) : undefined
        return code === 'RATE_LIMITED' ? undefined : code
      } catch {
        return undefined
      }
    },
    refuse(answer) {
      if (!isFields(answer) || !('code' in answer && 'msg' in answer)) return
      throw new CollectorError(codeOf(answer.code) ?? 'BAD_MESSAGE', `${exchange} answered: ${String(answer.msg)}`)
    },
  }
}
