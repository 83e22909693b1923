import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { ask } from '../../testkit/api-client.js'
import { FakeClock } from '../../testkit/fake-clock.js'
import { fakePorts, streamRow } from '../../testkit/fake-ports.js'
import { EventHub } from '../service/event-hub.js'
import { watchForEvents } from '../service/event-sources.js'
import type { LogLine } from '../service/log-lines.js'
import type { Ports } from '../service/ports.js'
import { type Api, serveApi } from './server.js'

const open: Api[] = []
const connections: IncomingMessage[] = []

afterEach(async () => {
  for (const each of connections.splice(0)) each.destroy()
  for (const api of open.splice(0)) await api.close()
})

async function serve(hub = new EventHub('run'), parts: Partial<Ports> = {}) {
  const ports = fakePorts({ events: hub, ...parts })
  const api = await serveApi(ports, { host: '127.0.0.1', port: 0 })
  open.push(api)
  return { hub, ports, port: api.port }
}

interface Received {
  readonly id: string | undefined
  readonly event: string
  readonly data: unknown
}

/** Listens as a browser would; `until(n)` resolves with the first n events. */
async function listen(port: number, query = '', headers: Record<string, string> = {}) {
  const sent = request({ host: '127.0.0.1', port, path: `/api/v1/events${query}`, headers, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  connections.push(response)
  const events: Received[] = []
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (part: string) => {
    text += part
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
      )
      text = text.slice(end + 2)
      const data = fields.get('data')
      if (data !== undefined)
        events.push({ id: fields.get('id'), event: fields.get('event') ?? '', data: JSON.parse(data) })
      response.emit('sse')
    }
  })
  return {
    response,
    events,
    async until(count: number) {
      while (events.length < count) await once(response, 'sse')
      return events
    },
  }
}

describe('GET /api/v1/events', () => {
  it('begins with every stream, then tells what changes, with ids', async () => {
    const { hub, port } = await serve()
    const client = await listen(port)
    expect(client.response.headers['content-type']).toContain('text/event-stream')
    await client.until(1)
    hub.publish('log', { message: 'two\nlines' })
    const [first, second] = await client.until(2)
    expect(first).toMatchObject({ event: 'status', data: { partial: false, streams: [{ key: streamRow.key }] } })
    expect(second).toEqual({ id: 'run-1', event: 'log', data: { message: 'two\nlines' } })
  })

  it('who begins to listen to rates sees where they came from, and then every second what they are', async () => {
    const { hub, ports, port } = await serve()
    const clock = new FakeClock()
    const stop = watchForEvents(hub, ports, clock)
    clock.advance(2000)
    const client = await listen(port, '?topics=rates')
    const [first] = await client.until(1)
    expect(first).toMatchObject({ id: undefined, event: 'rates', data: [{ key: streamRow.key, rate: streamRow.rate }] })
    expect(first?.data).toMatchObject([{ trend: [streamRow.rate, streamRow.rate, streamRow.rate] }])
    clock.advance(1000)
    const [, second] = await client.until(2)
    expect(second?.data).toMatchObject([{ key: streamRow.key, rate: streamRow.rate }])
    expect(JSON.stringify(second?.data)).not.toContain('trend')
    stop()
  })

  it('who comes back gets exactly what was missed', async () => {
    const { hub, port } = await serve()
    for (let n = 1; n <= 5; n++) hub.publish(n % 2 ? 'log' : 'gap', { n })
    const client = await listen(port, '?topics=log,config', { 'last-event-id': 'run-1' })
    expect((await client.until(2)).map(({ data }) => data)).toEqual([{ n: 3 }, { n: 5 }])
    hub.publish('config', { etag: 'x' })
    expect((await client.until(3)).at(-1)?.id).toBe('run-6')
    const byQuery = await listen(port, '?topics=log&last_event_id=run-4')
    expect(await byQuery.until(1)).toEqual([{ id: 'run-5', event: 'log', data: { n: 5 } }])
  })

  it('who was away for too long, or since another run, is told to read everything anew', async () => {
    const hub = new EventHub('run')
    const { port } = await serve(hub)
    for (let n = 1; n <= 6000; n++) hub.publish('log', { n })
    for (const last of ['run-1', 'earlier-5999', 'run-7000', 'run-x', 'nonsense"\\']) {
      const client = await listen(port, '', { 'last-event-id': last })
      expect(
        (await client.until(2)).map(({ event }) => event),
        last,
      ).toEqual(['reset', 'status'])
      expect(client.events[1]?.id).toBe('run-6000')
    }
    expect(hub.since('run-1000', new Set(['log']))?.length).toBe(5000)
    expect(hub.since('run-999', new Set(['log']))).toBeUndefined()
  })

  it('keeps a bounded number of bytes', () => {
    const hub = new EventHub('run')
    for (let n = 0; n < 40; n++) hub.publish('log', { text: 'x'.repeat(1_000_000) })
    expect(hub.since('run-39', new Set(['log']))?.length).toBe(1)
    expect(hub.since('run-30', new Set(['log']))).toBeUndefined()
  })

  it('a client that does not read is cut off, and others do not notice', async () => {
    const { hub, port } = await serve()
    const slow = await listen(port)
    slow.response.pause()
    const closed = once(slow.response, 'close').catch(() => {})
    const good = await listen(port)
    await good.until(1)
    const text = 'x'.repeat(500_000)
    for (let n = 0; n < 60; n++) {
      hub.publish('log', { n, text })
      await good.until(n + 2)
    }
    slow.response.resume()
    await closed
    expect(slow.events.length).toBeLessThan(60)
  })

  it('who needs time for the first words of a daemon with many streams is not cut off for it', async () => {
    // About eight megabytes: more than the system takes on the way.
    const rows = Array.from({ length: 20_000 }, (_, n) => ({ ...streamRow, key: `${streamRow.key}_${n}` }))
    const { hub, port } = await serve(undefined, { streams: { ...fakePorts().streams, status: () => rows } })
    const slow = await listen(port, '?topics=status,log')
    slow.response.pause()
    hub.publish('log', { n: 1 })
    slow.response.resume()
    const [status, log] = await slow.until(2)
    expect(status).toMatchObject({ event: 'status', data: { streams: { length: 20_000 } } })
    expect(log).toMatchObject({ event: 'log' })
  })

  it('what all who come at once hear first is made once, and anew after a change', async () => {
    let made = 0
    const status = () => {
      made++
      return [streamRow]
    }
    const { hub, port } = await serve(undefined, { streams: { ...fakePorts().streams, status } })
    for (let n = 0; n < 20; n++) await (await listen(port, '?topics=status')).until(1)
    expect(made).toBe(1)
    hub.publish('status', { partial: true, streams: [], removed: [] })
    const after = await listen(port, '?topics=status')
    expect((await after.until(1))[0]?.id).toBe('run-1')
    expect(made).toBe(2)
  })

  it('a thousand listen at once, and one more than allowed is refused', { timeout: 60_000 }, async () => {
    const { hub, port } = await serve()
    const clients = []
    for (let n = 0; n < 1200; n++) clients.push(await listen(port, '?topics=log'))
    const refused = await ask(port, '/api/v1/events')
    expect([refused.status, refused.body]).toMatchObject([429, { code: 'TOO_MANY_REQUESTS' }])
    const before = performance.now()
    hub.publish('log', { hello: true })
    for (const client of clients) await client.until(1)
    expect(performance.now() - before).toBeLessThan(5000)
    for (const client of clients) client.response.destroy()
  })

  it('refuses what it does not know', async () => {
    const { port } = await serve()
    expect((await ask(port, '/api/v1/events?topics=all')).body).toMatchObject({ code: 'USAGE', field: 'topics.0' })
    expect((await ask(port, '/api/v1/events?x=1')).body).toMatchObject({ code: 'USAGE', field: 'x' })
  })
})

describe('what becomes an event', () => {
  it('a stream that changed, one that is gone, and a new gap; rates only for who wants them', () => {
    const clock = new FakeClock()
    const hub = new EventHub('run')
    let rows = [streamRow, { ...streamRow, key: 'other' }]
    const base = fakePorts()
    watchForEvents(hub, { ...base, streams: { ...base.streams, status: () => rows } }, clock)
    const heard: [string, unknown][] = []
    const all = new Set(['status', 'gap'] as const)
    hub.listen(all, ({ topic, json }) => heard.push([topic, JSON.parse(json)]))
    heard.length = 0
    rows = [{ ...streamRow, rate: 9, rows: 13 }]
    clock.advance(1000)
    expect(heard).toEqual([['status', { partial: true, streams: [], removed: ['other'] }]])
    rows = [{ ...streamRow, gaps: 2, state: 'degraded' }]
    clock.advance(1000)
    expect(heard.slice(1)).toMatchObject([
      ['gap', { key: streamRow.key, new: 2, gaps: 2 }],
      ['status', { partial: true, streams: [{ key: streamRow.key, state: 'degraded' }], removed: [] }],
    ])
    clock.advance(5000)
    expect(heard.length).toBe(3)
    const rates: unknown[] = []
    hub.listen(new Set(['rates']), ({ id, json }) => rates.push([id, JSON.parse(json)]))
    clock.advance(1000)
    expect(rates).toMatchObject([[undefined, [{ key: streamRow.key, rate: 2.5 }]]])
  })

  // Who was cut off and comes back reads no line twice, and misses none: also those that came while nobody listened.
  it('lines of the log, also for who comes back later', () => {
    const hub = new EventHub('run')
    const followers = new Set<(line: LogLine) => void>()
    const follow = (listener: (line: LogLine) => void) => {
      followers.add(listener)
      return () => followers.delete(listener)
    }
    const stop = watchForEvents(hub, { ...fakePorts(), logs: { tail: async () => [], follow } }, new FakeClock())
    const say = (message: string) => {
      for (const follower of followers) follower({ time: 't', level: 'info', message, fields: {} })
    }
    const heard: string[] = []
    const leave = hub.listen(new Set(['log']), ({ json }) => heard.push(JSON.parse(json).message))
    say('one')
    leave()
    const left = hub.idText(hub.last)
    say('two')
    expect(heard).toEqual(['one'])
    expect(hub.since(left, new Set(['log']))).toMatchObject([{ json: expect.stringContaining('"two"') }])
    stop()
    expect(followers.size).toBe(0)
  })
})
