import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { CollectorError } from '../model/error.js'
import { SECOND } from '../model/time.js'
import { checked } from '../service/check-input.js'
import { type EventHub, type HubEvent, TOPICS, type Topic } from '../service/event-hub.js'
import { fromText } from '../service/json-schema.js'
import type { Ports } from '../service/ports.js'
import { listStreams } from '../service/streams.js'

const CLIENTS_MOST = 1200
/** A client that has so much not yet taken is cut off; it comes back with the id of the last event that it got. */
const BEHIND_MOST = 1024 * 1024
const HEARTBEAT_MS = 15_000
const RESET = JSON.stringify({ reason: 'what was missed is not kept any more: read everything anew' })

const query = z.strictObject({
  topics: z
    .array(z.enum(TOPICS))
    .min(1)
    .default([...TOPICS]),
  last_event_id: z.string().max(100).optional(),
})

/** `GET /api/v1/events`: server-sent events with ids; who comes back with `Last-Event-ID` gets what was missed, or `reset` and everything anew. */
export function addEventRoute(app: FastifyInstance, ports: Ports, hub: EventHub): void {
  let clients = 0
  /** Bytes of what is told, made once for all who listen. */
  const frames = new WeakMap<HubEvent, Buffer>()
  const frameOf = (event: HubEvent): Buffer => {
    const known = frames.get(event)
    if (known) return known
    const id = event.id === undefined ? '' : `id: ${hub.idText(event.id)}\n`
    const frame = Buffer.from(`${id}event: ${event.topic}\ndata: ${event.json}\n\n`)
    frames.set(event, frame)
    return frame
  }
  /** What everybody hears first, made anew when something changed or it is a second old: after a restart all come back at once. */
  const first = new Map<string, { readonly at: bigint; readonly last: number; readonly events: readonly HubEvent[] }>()
  const firstOf = (name: string, make: () => readonly HubEvent[]): readonly HubEvent[] => {
    const known = first.get(name)
    if (known && known.last === hub.last && ports.now() - known.at < SECOND) return known.events
    const events = make()
    first.set(name, { at: ports.now(), last: hub.last, events })
    return events
  }
  const everyStream = (): HubEvent[] => [
    {
      id: hub.last,
      topic: 'status',
      json: JSON.stringify({ partial: false, streams: listStreams(ports.streams), removed: [] }),
    },
  ]
  app.get('/api/v1/events', (request, reply) => {
    const asked = request.query as Record<string, unknown> // text fields, checked below
    const wish = checked(query, {
      ...asked,
      ...('topics' in asked && { topics: fromText(asked.topics, { type: 'array' }) }),
    })
    const topics: ReadonlySet<Topic> = new Set(wish.topics)
    if (clients >= CLIENTS_MOST) {
      reply.header('retry-after', '10')
      throw new CollectorError('TOO_MANY_REQUESTS', `${CLIENTS_MOST} clients listen already`)
    }
    clients++
    const header = request.headers['last-event-id']
    const last = typeof header === 'string' && header !== '' ? header : wish.last_event_id
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    } as Record<string, string>) // our own headers are texts
    const write = (event: HubEvent) => raw.write(frameOf(event))
    raw.write('retry: 1000\n\n')
    const missed = last === undefined || last === '' ? undefined : hub.since(last, topics)
    if (missed) for (const event of missed) write(event)
    else {
      if (last) raw.write(`event: reset\ndata: ${RESET}\n\n`)
      if (topics.has('status')) for (const event of firstOf('status', everyStream)) write(event)
    }
    for (const topic of topics)
      for (const event of firstOf(`greeting ${topic}`, () => hub.greetings(new Set([topic])))) write(event)
    // The first words of a daemon with thousands of streams are large; who has not taken them yet is not behind.
    const most = raw.writableLength + BEHIND_MOST
    const ignore = hub.listen(topics, (event) => {
      write(event)
      if (raw.writableLength > most) raw.destroy()
    })
    const beat = setInterval(() => raw.write(': \n\n'), HEARTBEAT_MS)
    beat.unref()
    raw.once('close', () => {
      clients--
      ignore()
      clearInterval(beat)
    })
  })
}
