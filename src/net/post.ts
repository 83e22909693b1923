import type { Clock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import { messageOf } from './message.js'

/** One POST; returns the status and reads no answer. No answer within `timeoutMs` throws CONNECT_FAILED, which names the host only: the path may be a secret. */
export async function postText(
  url: string,
  { body, headers }: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
  { clock, timeoutMs = 10_000 }: { readonly clock: Clock; readonly timeoutMs?: number },
  signal: AbortSignal,
): Promise<number> {
  const { host } = new URL(url)
  const late = new AbortController()
  const cancel = clock.after(timeoutMs, () =>
    late.abort(new CollectorError('CONNECT_FAILED', `${host} did not answer within ${timeoutMs} ms`)),
  )
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'user-agent': 'dccd', ...headers },
      body,
      signal: AbortSignal.any([late.signal, signal]),
    })
    await answer.body?.cancel()
    return answer.status
  } catch (cause) {
    if (signal.aborted) throw signal.reason
    if (late.signal.aborted) throw late.signal.reason
    throw new CollectorError('CONNECT_FAILED', `could not reach ${host}: ${messageOf(cause)}`)
  } finally {
    cancel()
  }
}
