import { CollectorError } from '../../model/error.js'
import { type Fields, fields, list } from '../kit/wire.js'

/** The result of an answer; an HTTP 200 may carry errors instead. `what` was asked for. */
export function resultOf(answer: unknown, what: string): Fields {
  const { error, result } = fields(answer, what)
  const errors = list(error, 'error')
  if (errors.length) {
    const message = errors.join(', ')
    const limited = /rate limit|too many/i.test(message)
    const unknown = /unknown asset pair/i.test(message)
    const code = limited ? 'RATE_LIMITED' : unknown ? 'UNKNOWN_INSTRUMENT' : 'EXCHANGE_DOWN'
    throw new CollectorError(code, `Kraken refused ${what}: ${message}`)
  }
  return fields(result, 'result')
}
