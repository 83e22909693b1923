import type { Clock } from '../lib/clock.js'
import { CollectorError, type ErrorCode } from '../model/error.js'
import type { HttpAnswer, HttpOptions } from './http.js'
import type { Priority, RequestBudget } from './rate-limit.js'
import { refusalOf } from './refusal.js'
import { spentWeight } from './spent-weight.js'

export interface AskPorts {
  readonly clock: Clock
  readonly budget: RequestBudget
  readonly request: (url: string, options: HttpOptions, signal?: AbortSignal) => Promise<HttpAnswer>
  /** The REST budget as the venue counts it. */
  readonly limit: { readonly weight: number }
  /** What a refusal of this exchange means, where its body tells more than its status. */
  readonly refusal?: (status: number, body: string) => ErrorCode | CollectorError | undefined
}

/** How long nothing is asked after a refusal that names no time. */
const BLOCK_MS = 10_000

/**
 * One GET of an exchange within its budget. Throws a CollectorError for anything but a 2xx answer; a limit or a ban blocks the budget, for all
 * that spend from it.
 */
export async function ask(
  url: string,
  weight: number,
  priority: Priority,
  ports: AskPorts,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { budget, clock, limit } = ports
  await budget.take(weight, priority, signal)
  const answer = await ports.request(url, { clock, timeoutMs: 30_000 }, signal)
  const spent = spentWeight(answer.headers, limit.weight)
  if (spent !== undefined) budget.used(spent)
  if (answer.status >= 200 && answer.status < 300) return answer
  const error = refused(url, answer, ports.refusal)
  blocked(error, budget)
  throw error
}

function refused(
  url: string,
  { status, body, headers, wall }: HttpAnswer,
  refusal: AskPorts['refusal'],
): CollectorError {
  const text = new TextDecoder().decode(body.subarray(0, 2000))
  const said = `${url} answered ${status}: ${text.slice(0, 200)}`
  const special = refusal?.(status, text)
  if (special instanceof CollectorError) return special
  const usual = refusalOf(status, headers, wall)
  if (special) return new CollectorError(special, said, usual ? { retry: usual.retry } : {})
  return usual ?? new CollectorError('CONNECT_FAILED', said)
}

/** Blocks the budget where an error is about it. */
export function blocked(error: CollectorError, budget: RequestBudget): void {
  if (error.code !== 'RATE_LIMITED' && error.code !== 'BANNED') return
  budget.blockUntil(typeof error.retry === 'object' ? error.retry.afterMs : BLOCK_MS)
}
