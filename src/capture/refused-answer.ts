import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { CollectorError } from '../model/error.js'
import type { HttpAnswer } from '../net/http.js'
import type { Headers } from '../net/refusal.js'

/** What an answer that is no 2xx means: by the venue's own words where it has some, else by the usual rules (`refusalOf`). */
export function refusedAnswer(
  adapter: Pick<ExchangeAdapter, 'refusal'>,
  refusalOf: (status: number, headers: Headers, wall?: bigint) => CollectorError | undefined,
  url: string,
  { status, body, headers, wall }: HttpAnswer,
): CollectorError {
  const text = new TextDecoder().decode(body.subarray(0, 2000))
  const said = `${url} answered ${status}: ${text.slice(0, 200)}`
  const special = adapter.refusal?.(status, text)
  if (special instanceof CollectorError) return special
  const usual = refusalOf(status, headers, wall)
  if (special) return new CollectorError(special, said, usual ? { retry: usual.retry } : {})
  return usual ?? new CollectorError('CONNECT_FAILED', said)
}
