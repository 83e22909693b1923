import { CollectorError, decodeError } from '../model/error.js'
import type { OperationInput, OperationName, OperationOutput } from '../service/operations/table.js'
import { hasBody, pathFields, ROUTES } from '../service/routes.js'
import { type ServerEvent, serverEvents } from './server-events.js'

export interface ClientOptions {
  /** Where the daemon answers; `http://127.0.0.1:8080` when left out. */
  readonly url?: string
  /** `settings.ui_auth_token` or `settings.ui_read_token`. */
  readonly token?: string
  /** How long an answer may take; 2 minutes. */
  readonly timeoutMs?: number
}

/** What `events` may be told. */
export interface EventOptions {
  /** All when left out. */
  readonly topics?: readonly string[]
  /** Id of the last event that was heard: what came after it is sent first. */
  readonly lastEventId?: string
}

/**
 * A daemon's HTTP API, typed. Every operation is `call(name, input)`; names, inputs and answers are those of `/api/docs`.
 *
 * ```ts
 * const client = new Client({ token })
 * for (const stream of await client.call('streams.list', {})) console.log(stream.key, stream.state)
 * ```
 */
export class Client {
  readonly #base: string
  readonly #token: string | undefined
  readonly #timeoutMs: number

  constructor(options: ClientOptions = {}) {
    this.#base = (options.url ?? 'http://127.0.0.1:8080').replace(/\/$/, '')
    this.#token = options.token
    this.#timeoutMs = options.timeoutMs ?? 120_000
  }

  /** Asks for one operation. Throws CollectorError with the code of the daemon's refusal, and CONNECT_FAILED when there is no answer. */
  async call<N extends OperationName>(
    name: N,
    input: OperationInput<N>,
    signal?: AbortSignal,
  ): Promise<OperationOutput<N>> {
    const route = ROUTES[name]
    const fields = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
    const headers: Record<string, string> = { ...this.#headers }
    let path = route.path
    for (const field of pathFields(route)) {
      path = path.replace(`{${field}}`, encodeURIComponent(String(fields.get(field))))
      fields.delete(field)
    }
    for (const [field, header] of Object.entries(route.headers ?? {})) {
      if (fields.has(field)) headers[header] = `"${String(fields.get(field))}"`
      fields.delete(field)
    }
    const url = new URL(`${this.#base}${path}`)
    const init: RequestInit = { method: route.method, headers }
    if (hasBody(route)) {
      headers['content-type'] = 'application/json'
      init.body = JSON.stringify(Object.fromEntries(fields))
    } else for (const [field, value] of fields) url.searchParams.set(field, String(value))
    const answer = await this.#fetch(url, init, signal)
    return (await answer.json()) as OperationOutput<N> // what the route's own schema describes
  }

  /** Stored rows as a file of another format, as it is made: `for await (const chunk of await client.download({...}))`. */
  async download(input: OperationInput<'export'>, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const url = new URL(`${this.#base}${ROUTES.export.path}`)
    for (const [field, value] of Object.entries(input))
      if (value !== undefined) url.searchParams.set(field, String(value))
    const { body } = await this.#fetch(url, { headers: this.#headers }, signal, false)
    if (!body) throw new CollectorError('CONNECT_FAILED', 'the daemon sent nothing')
    return body
  }

  /** Every row of a dataset, page by page, as `read` gives them. */
  async *rows(
    input: Omit<OperationInput<'read'>, 'cursor'>,
    signal?: AbortSignal,
  ): AsyncGenerator<OperationOutput<'read'>['rows'][number]> {
    let cursor: string | undefined
    do {
      const page = await this.call('read', { limit: 10_000, ...input, ...(cursor !== undefined && { cursor }) }, signal)
      yield* page.rows
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
  }

  /** What happens in the daemon, until `signal` is aborted. Comes back after a cut, and then gets what was missed. */
  events(options: EventOptions = {}, signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    const url = new URL(`${this.#base}/api/v1/events`)
    if (options.topics) url.searchParams.set('topics', options.topics.join(','))
    return serverEvents(url, this.#headers, options.lastEventId, signal)
  }

  get #headers(): Record<string, string> {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }
  }

  async #fetch(url: URL, init: RequestInit, signal: AbortSignal | undefined, bounded = true): Promise<Response> {
    const timeout = bounded ? AbortSignal.timeout(this.#timeoutMs) : new AbortController().signal
    let answer: Response
    try {
      answer = await fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new CollectorError('CONNECT_FAILED', `the daemon at ${this.#base} does not answer`, {
        cause,
        remedy: 'Check that it runs (`dccd status`), and its address and port.',
      })
    }
    if (answer.ok) return answer
    throw refusal(await answer.text(), answer.status)
  }
}

function refusal(text: string, status: number): CollectorError {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  const fields = new Map<string, unknown>(typeof body === 'object' && body !== null ? Object.entries(body) : [])
  const [code, message, remedy] = [fields.get('code'), fields.get('message'), fields.get('remedy')]
  if (typeof code !== 'string' || typeof message !== 'string')
    return new CollectorError('CONNECT_FAILED', `what answers there is no dccd (status ${status})`)
  return decodeError({ code, message, remedy: typeof remedy === 'string' ? remedy : undefined })
}
