import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CollectorError } from '../model/error.js'
import { type Nanos, nanosFromIso } from '../model/time.js'

/** A message that an exchange once sent on a WebSocket. */
export interface RecordedFrame {
  /** When it was received. */
  readonly time: Nanos
  /** Name of the connection within the capture. */
  readonly connection: string
  readonly text: string
}

/** What an exchange once answered to an HTTP request. */
export interface RecordedAnswer {
  readonly time: Nanos
  readonly capture: string
  readonly url: URL
  readonly body: string
}

/** One capture of a file of recorded traffic. */
export interface Recording {
  readonly capture: string
  /** All connections of the capture, by time of receipt. */
  readonly frames: readonly RecordedFrame[]
  /** Of every capture in the file: instrument lists often stand beside the capture that needs them. */
  readonly answers: readonly RecordedAnswer[]
}

interface Line {
  readonly capture: string
  readonly connection: string
  readonly time: Nanos
  readonly transport: string
  readonly url: string
  readonly text: string
}

/**
 * Reads a recording: ndjson (gzipped where the name ends in `.gz`) with `recv, direction, transport, conn, url, message` and `capture`
 * on each line; lines without a time of receipt and what a client sent are left out. Without `capture`, the first one that has frames.
 * Throws USAGE when the file or the capture is not there, or a line is not a record.
 */
export async function readRecording(path: string, capture?: string): Promise<Recording> {
  const frames = new Map<string, RecordedFrame[]>()
  const answers: RecordedAnswer[] = []
  let name = capture
  for await (const { transport, url, text, time, connection, ...line } of recordedLines(path)) {
    if (transport === 'ws') {
      name ??= line.capture
      // Of captures that are not wanted only the names are kept.
      const list = frames.get(line.capture) ?? []
      if (line.capture === name) list.push({ time, connection, text })
      frames.set(line.capture, list)
    } else if (URL.canParse(url)) answers.push({ time, capture: line.capture, url: new URL(url), body: text })
  }
  const chosen = name === undefined ? undefined : frames.get(name)
  if (name === undefined || !chosen)
    throw new CollectorError('USAGE', `${path} has no frames${capture ? ` of a capture ${capture}` : ''}.`, {
      remedy: `Give --capture one of: ${[...frames.keys()].join(', ') || 'none in this file'}.`,
    })
  // Lines of one connection keep their order; connections are merged by time.
  const merged = chosen.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  return { capture: name, frames: merged, answers }
}

async function* recordedLines(path: string): AsyncGenerator<Line> {
  const raw = createReadStream(path)
  const input: Readable = path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  raw.once('error', (error) => input.destroy(error))
  let number = 0
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (text.trim() === '') continue
      const line = parseLine(text)
      if (line) yield line
    }
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new CollectorError('USAGE', `Line ${number} of ${path} is not a record.`, {
        remedy: 'Give a file with one JSON record a line.',
        cause: error,
      })
    throw new CollectorError('USAGE', `Cannot read the recording ${path}.`, {
      remedy: 'Give --play the path of an ndjson file, gzipped if its name ends in .gz.',
      cause: error,
    })
  } finally {
    raw.destroy()
  }
}

function parseLine(text: string): Line | undefined {
  const record: unknown = JSON.parse(text)
  if (typeof record !== 'object' || record === null) throw new SyntaxError('not an object')
  const { capture, conn, recv, direction, transport, url, message } = { ...record } as Readonly<Record<string, unknown>>
  const time = nanosFromIso(recv)
  if (direction !== 'in' || typeof message !== 'string' || time === undefined) return undefined
  if (typeof transport !== 'string') throw new SyntaxError('no transport')
  return {
    capture: typeof capture === 'string' ? capture : '',
    connection: typeof conn === 'string' ? conn : '',
    time,
    transport,
    url: typeof url === 'string' ? url : '',
    text: message,
  }
}

/**
 * The recorded answer to a request: same path (whatever its version) and same symbol, of the capture if it has one, nearest in time.
 */
export function nearestAnswer(
  { answers, capture }: Recording,
  path: string,
  query: URLSearchParams,
  at: Nanos,
): RecordedAnswer | undefined {
  let found: RecordedAnswer | undefined
  const distance = (answer: RecordedAnswer) => {
    const apart = answer.time > at ? answer.time - at : at - answer.time
    return answer.capture === capture ? apart : apart + (1n << 62n)
  }
  for (const answer of answers) {
    if (unversioned(answer.url.pathname) !== unversioned(path)) continue
    if (symbolOf(answer.url.searchParams) !== symbolOf(query)) continue
    if (!found || distance(answer) < distance(found)) found = answer
  }
  return found
}

function unversioned(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && !/^v?\d+$/.test(part))
    .join('/')
}

function symbolOf(query: URLSearchParams): string | undefined {
  return (query.get('symbol') ?? query.get('pair'))?.toUpperCase()
}
