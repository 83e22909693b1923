import { CollectorError } from '../model/error.js'

/** One event of `/api/v1/events`. */
export interface ServerEvent {
  /** Undefined for what is of the moment. */
  readonly id: string | undefined
  /** Its topic, or `reset`: what was missed is not kept any more. */
  readonly event: string
  readonly data: unknown
}

const AGAIN_MS = [500, 1000, 2000, 5000]

/** Server-sent events as they come; connects again after a cut, from the last id on. Throws when it is refused. */
export async function* serverEvents(
  url: URL,
  headers: Readonly<Record<string, string>>,
  lastEventId: string | undefined,
  signal?: AbortSignal,
): AsyncGenerator<ServerEvent> {
  let last = lastEventId
  let failures = 0
  while (!signal?.aborted) {
    try {
      const answer = await fetch(url, {
        headers: { ...headers, accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
        ...(signal && { signal }),
      })
      if (!answer.ok || !answer.body)
        throw new CollectorError(
          answer.status === 401 ? 'UNAUTHORIZED' : 'CONNECT_FAILED',
          `the daemon refuses to tell events (status ${answer.status})`,
        )
      for await (const event of events(answer.body)) {
        failures = 0
        if (event.id !== undefined) last = event.id
        yield event
      }
    } catch (error) {
      if (signal?.aborted) return
      if (error instanceof CollectorError && error.code === 'UNAUTHORIZED') throw error
    }
    await pause(AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)] ?? 5000, signal)
  }
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of body) {
    text += decoder.decode(part, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end))
      text = text.slice(end + 2)
      if (event) yield event
    }
  }
}

function parse(block: string): ServerEvent | undefined {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2))
  }
  const data = fields.get('data')
  return data === undefined
    ? undefined
    : { id: fields.get('id'), event: fields.get('event') ?? 'message', data: JSON.parse(data) }
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
