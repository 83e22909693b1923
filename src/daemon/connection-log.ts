import { z } from 'zod'
import type { Clock } from '../lib/clock.js'
import { CONNECTION_EVENTS, type ConnectionEvent } from '../model/connection-event.js'
import { type CollectorError, ERRORS, type ErrorCode } from '../model/error.js'
import { SavedFile } from './saved-file.js'

/** Lines kept of one stream, and streams of which any are kept; the oldest go first. */
const LINES_MOST = 100
const STREAMS_MOST = 5000
/** Lines of a stream, and letters of a line, that a restart is survived by. */
const SAVED_LINES = 20
const SAVED_DETAIL = 300
const SAVE_AFTER_MS = 5000

const isCode = (value: unknown) => typeof value === 'string' && Object.hasOwn(ERRORS, value)

const eventSchema = z.object({
  what: z.enum(CONNECTION_EVENTS),
  time: z.string().regex(/^\d{1,19}$/),
  connection: z.number().optional(),
  channel: z.string().optional(),
  code: z.custom<ErrorCode>(isCode).optional(),
  detail: z.string().optional(),
})
/** A connection carries many streams: each event stands there once, and streams name theirs by number. */
const fileSchema = z.object({
  version: z.literal(1),
  events: z.array(eventSchema),
  streams: z.array(z.tuple([z.string(), z.array(z.int().min(0))])),
})
type Saved = z.infer<typeof fileSchema>

export interface ConnectionLogOptions {
  /** `.dccd/connections.json` of the data folder. */
  readonly path: string
  readonly clock: Clock
  /** What nobody waits for: a file that could not be read or written. */
  readonly onError: (error: CollectorError) => void
}

/** What happened to the connections of each stream, the newest of it; the newest lines outlive a restart. The journal and the ledger have all of it. */
export class ConnectionLog {
  readonly #lines = new Map<string, ConnectionEvent[]>()
  readonly #file: SavedFile<Saved>

  constructor({ path, clock, onError }: ConnectionLogOptions) {
    const content = () => this.#content()
    this.#file = new SavedFile({ path, schema: fileSchema, content, afterMs: SAVE_AFTER_MS, clock, onError })
  }

  /** Reads what earlier runs left; before anything is told. A file that cannot be read is set aside as `connections.json.bad`. */
  async open(): Promise<void> {
    const file = await this.#file.read()
    const events = file?.events.map(
      ({ what, time, connection, channel, code, detail }): ConnectionEvent => ({
        what,
        time: BigInt(time),
        connection,
        channel,
        code,
        detail,
      }),
    )
    for (const [key, places] of file?.streams ?? [])
      this.#lines.set(
        key,
        places.flatMap((place) => events?.[place] ?? []),
      )
  }

  take(keys: readonly string[], event: ConnectionEvent): void {
    for (const key of keys) {
      const lines = this.#lines.get(key) ?? []
      // The one that was told of last is the last to go.
      this.#lines.delete(key)
      this.#lines.set(key, lines)
      lines.push(event)
      if (lines.length > LINES_MOST) lines.shift()
    }
    for (const key of this.#lines.keys()) {
      if (this.#lines.size <= STREAMS_MOST) break
      this.#lines.delete(key)
    }
    this.#file.changed()
  }

  /** Oldest first. */
  of(key: string): readonly ConnectionEvent[] {
    return this.#lines.get(key) ?? []
  }

  /** Writes what is not yet in the file. */
  flush(): Promise<void> {
    return this.#file.flush()
  }

  #content(): Saved {
    const places = new Map<ConnectionEvent, number>()
    const placeOf = (event: ConnectionEvent) => {
      const place = places.get(event) ?? places.size
      places.set(event, place)
      return place
    }
    const streams = [...this.#lines].map(([key, lines]): [string, number[]] => [
      key,
      lines.slice(-SAVED_LINES).map(placeOf),
    ])
    const events = [...places.keys()].map(({ time, detail, ...rest }) => ({
      ...rest,
      time: time.toString(),
      detail: detail?.slice(0, SAVED_DETAIL),
    }))
    return { version: 1, events, streams }
  }
}
