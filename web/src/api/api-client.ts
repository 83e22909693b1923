/** What the API answers when it refuses: the code of the command line, what is wrong and what to do. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly remedy: string
  /** The whole answer, where a code has more to say. */
  readonly body: unknown

  constructor(status: number, code: string, message: string, remedy: string, body?: unknown) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.remedy = remedy
    this.body = body
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** Calls of `/api/v1`, relative to where the page is served, so that a reverse proxy may put it anywhere. */
export class ApiClient {
  private readonly base: string
  private readonly onRefused: () => void

  /** `onRefused` hears that the session is over or never was. */
  constructor(base: string, onRefused: () => void) {
    this.base = base
    this.onRefused = onRefused
  }

  get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return this.call('GET', path, query, undefined, signal)
  }

  post<T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> {
    return this.call('POST', path, {}, body, signal)
  }

  put<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.call('PUT', path, {}, body, undefined, headers)
  }

  delete<T>(path: string, query: Query): Promise<T> {
    return this.call('DELETE', path, query, undefined, undefined)
  }

  /** The address of a download. */
  address(path: string, query: Query = {}): string {
    const text = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, String(value))
    const search = text.toString()
    return `${this.base}${path}${search ? `?${search}` : ''}`
  }

  private async call<T>(
    method: string,
    path: string,
    query: Query,
    body: unknown,
    signal: AbortSignal | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    let answer: Response
    try {
      answer = await fetch(this.address(path, query), {
        method,
        credentials: 'same-origin',
        headers: {
          accept: 'application/json',
          ...headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      })
    } catch (cause) {
      if (signal?.aborted) throw cause
      throw new ApiError(
        0,
        'UNREACHABLE',
        'the daemon does not answer',
        'Start it with: dccd start. This page goes on by itself.',
      )
    }
    const text = await answer.text()
    const value: unknown = text === '' ? undefined : parse(text)
    if (answer.ok) return value as T // the contract of the API, checked by its own tests
    if (answer.status === 401) this.onRefused()
    throw errorOf(answer.status, value)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function errorOf(status: number, value: unknown): ApiError {
  const outer = isRecord(value) && isRecord(value.error) ? value.error : value
  const part = (name: string, preset: string) =>
    isRecord(outer) && typeof outer[name] === 'string' ? outer[name] : preset
  return new ApiError(
    status,
    part('code', `HTTP_${status}`),
    part('message', `the daemon answered ${status}`),
    part(
      'remedy',
      status === 404 ? 'This daemon may be older than the page: restart it.' : 'Look at the log of the daemon.',
    ),
    value,
  )
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Any thrown thing as one that can be shown. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ApiError(0, 'INTERNAL', message, 'Reload the page. If it stays, look at the console of the browser.')
}
