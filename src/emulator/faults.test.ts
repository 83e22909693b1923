import { afterEach, describe, expect, it } from 'vitest'
import { Cleanup, connectClient, orderFaults, request, waitFor } from '../../testkit/emulator-client.js'
import { systemClock } from '../lib/clock.js'
import { parseFaultScript } from './fault.js'
import { FaultEngine } from './fault-engine.js'
import { EmulatorServer } from './server.js'
import type { FrameLabel, Link, SocketManners, Venue } from './venue.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

/** A venue that says what the test wants and answers every message with `heard …`. */
class Puppet implements Venue {
  readonly exchange = 'puppet'
  readonly manners: SocketManners
  readonly links: Link[] = []

  constructor(manners: SocketManners) {
    this.manners = manners
  }

  connect(link: Link) {
    this.links.push(link)
    link.send('welcome')
    return {
      receive: (text: string) => link.send(`heard ${text}`),
      closed: () => void this.links.splice(this.links.indexOf(link), 1),
    }
  }
  http() {
    return { status: 200, body: '{}' }
  }
  refusal(status: number, retryAfterS: number | undefined) {
    const headers: Record<string, string> = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
    return { status, headers, body: '{"refused":true}' }
  }
  tick() {}
  happened() {}
  say(text: string, label?: FrameLabel) {
    for (const link of this.links) link.send(text, label)
  }
}

async function start(manners: SocketManners = {}) {
  const clock = systemClock()
  const log: string[] = []
  const faults = new FaultEngine(clock, (line) => log.push(line))
  const venue = new Puppet(manners)
  const server = new EmulatorServer({ venues: [venue], faults, clock, state: () => ({ seed: 'x' }) })
  const port = await server.listen(0)
  const close = async () => {
    faults.close()
    await server.close()
  }
  cleanup.add(close)
  const emulator = { port, close }
  const order = async (fault: object) => {
    const { status } = await orderFaults(emulator, { exchange: 'puppet', ...fault })
    expect(status).toBe(202)
  }
  const over = async () =>
    (await request(emulator, '/_emulator/faults')).body.every((one: { until: unknown }) => one.until !== null)
  const connect = async () => {
    const client = await connectClient(cleanup, emulator, '/puppet/ws')
    await waitFor(() => client.heard.length > 0)
    client.heard.length = 0
    return client
  }
  return { venue, server, faults, log, emulator, order, over, connect }
}

const book: FrameLabel = { channel: 'book', symbol: 'X', spoiled: () => 'spoiled' }
const trades: FrameLabel = { channel: 'trades', symbol: 'Y' }

describe('a fault on connections', () => {
  it('cut ends them without a close frame, one or all, or those that carried a symbol', async () => {
    const { venue, order, connect } = await start()
    const [first, second, third] = [await connect(), await connect(), await connect()]
    await order({ fault: 'cut', connections: 'one' })
    await waitFor(() => first.closed() === 1006)
    expect(second.closed()).toBeUndefined()
    await waitFor(() => venue.links.length === 2)
    venue.links[0]?.send('data', book)
    await order({ fault: 'cut', symbol: 'X' })
    await waitFor(() => second.closed() === 1006)
    expect(third.closed()).toBeUndefined()
    await order({ fault: 'cut', symbol: 'never seen' })
    await order({ fault: 'cut' })
    await waitFor(() => third.closed() === 1006)
  })

  it('close ends them with the code of the venue', async () => {
    const { order, connect } = await start()
    const client = await connect()
    await order({ fault: 'close', code: 1000, reason: 'a day is over' })
    await waitFor(() => client.closed() === 1000)
    const next = await connect()
    await order({ fault: 'close' })
    await waitFor(() => next.closed() === 1001)
  })

  it('hang keeps them open, but nothing is sent or answered, and what was said meanwhile is lost', async () => {
    const { venue, order, over, connect } = await start()
    const client = await connect()
    let pongs = 0
    client.socket.on('pong', () => pongs++)
    await order({ fault: 'hang', ms: 300 })
    venue.say('lost', book)
    client.socket.ping()
    const fresh = await connect()
    venue.say('lost by one', book)
    await waitFor(() => fresh.heard.includes('lost by one'))
    expect(client.heard).toEqual([])
    expect(pongs).toBe(0)
    await waitFor(over)
    venue.say('after', book)
    await waitFor(() => client.heard.includes('after'))
    expect(client.heard).toEqual(['after'])
    expect(client.closed()).toBeUndefined()
  })

  it('refuse lets nobody in while it lasts, neither WebSocket nor HTTP', async () => {
    const { emulator, order, over, connect } = await start()
    await order({ fault: 'refuse', ms: 300 })
    await expect(connect()).rejects.toThrow()
    await expect(request(emulator, '/puppet/x')).rejects.toThrow()
    await waitFor(over)
    await connect()
    expect((await request(emulator, '/puppet/x')).status).toBe(200)
  })

  it('delay brings every frame late and in order', async () => {
    const { venue, order, over, connect } = await start()
    const client = await connect()
    await order({ fault: 'delay', ms: 200, by_ms: 250 })
    const began = performance.now()
    for (let i = 0; i < 5; i++) venue.say(String(i), i % 2 ? book : undefined)
    await waitFor(over)
    venue.say('5')
    await waitFor(() => client.heard.length === 6)
    expect(client.heard).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(performance.now() - began).toBeGreaterThanOrEqual(245)
  })
})

describe('a fault on frames', () => {
  it('lose takes as many as it was told, of the channel and symbol it was told', async () => {
    const { emulator, venue, order, connect } = await start()
    const client = await connect()
    await order({ fault: 'lose', count: 2, channel: 'book', symbol: 'X' })
    venue.say('ack')
    for (let i = 0; i < 3; i++) {
      venue.say(`trade ${i}`, trades)
      venue.say(`book ${i}`, book)
      venue.say(`other ${i}`, { channel: 'book', symbol: 'Z' })
    }
    await waitFor(() => client.heard.includes('other 2'))
    expect(client.heard).toEqual(['ack', 'trade 0', 'other 0', 'trade 1', 'other 1', 'trade 2', 'book 2', 'other 2'])
    const [done] = (await request(emulator, '/_emulator/faults')).body
    expect(done).toMatchObject({ kind: 'fault', fault: 'lose', touched: 2, connection_numbers: [1] })
    expect(done.frames).toEqual(
      [1, 2].map(() => ({ connection: 1, channel: 'book', symbol: 'X', time: expect.stringMatching(/^\d{19}$/) })),
    )
    expect(BigInt(done.until) >= BigInt(done.from)).toBe(true)
  })

  it('repeat sends one twice, reorder sends it after its successor, checksum falsifies it', async () => {
    const { venue, order, connect } = await start()
    const client = await connect()
    await order({ fault: 'repeat' })
    venue.say('1', trades)
    venue.say('2', trades)
    await order({ fault: 'reorder' })
    venue.say('3', trades)
    venue.say('4', trades)
    venue.say('5', trades)
    await order({ fault: 'checksum' })
    venue.say('6', trades)
    venue.say('7', book)
    venue.say('8', book)
    await waitFor(() => client.heard.includes('8'))
    expect(client.heard).toEqual(['1', '1', '2', '4', '3', '5', '6', 'spoiled', '8'])
  })

  it('corrupt breaks one in the form that was asked for', async () => {
    const { venue, order, connect } = await start()
    const client = await connect()
    let binary = 0
    client.socket.on('message', (_, isBinary) => {
      if (isBinary) binary++
    })
    const text = '{"a":[1,2,3]}'
    for (const form of ['truncated', 'text', 'binary', 'huge']) {
      await order({ fault: 'corrupt', form })
      venue.say(text, trades)
    }
    venue.say(text, trades)
    await waitFor(() => client.heard.length === 5)
    expect(client.heard[0]).toBe('{"a":[1')
    for (const broken of client.heard.slice(0, 4)) expect(() => JSON.parse(broken)).toThrow()
    expect(binary).toBe(1)
    expect(client.heard[3]?.length).toBeGreaterThan(8_000_000)
    expect(client.heard[4]).toBe(text)
  })
})

it('status refuses requests, on a path if one is named, in the words of the venue', async () => {
  const { emulator, order, over } = await start()
  await order({ fault: 'status', status: 429, retry_after_s: 7, ms: 300, path: '/depth' })
  const refused = await request(emulator, '/puppet/depth?x=1')
  expect(refused).toMatchObject({ status: 429, body: { refused: true } })
  expect(refused.headers.get('retry-after')).toBe('7')
  expect((await request(emulator, '/puppet/other')).status).toBe(200)
  await waitFor(over)
  expect((await request(emulator, '/puppet/depth')).status).toBe(200)
  await order({ fault: 'status', status: 503, ms: 10_000 })
  expect((await request(emulator, '/puppet/other')).status).toBe(503)
})

it('reject refuses subscriptions of what it names while it lasts', async () => {
  const { faults, order, over } = await start()
  await order({ fault: 'reject', ms: 100, channel: 'book' })
  expect(faults.rejects('puppet', 'book', 'X')).toBe(true)
  expect(faults.rejects('puppet', 'trades', 'X')).toBe(false)
  expect(faults.rejects('other', 'book', 'X')).toBe(false)
  await waitFor(over)
  expect(faults.rejects('puppet', 'book', 'X')).toBe(false)
})

it('a script happens at its times and is told in the log', async () => {
  const { faults, log, connect } = await start()
  const client = await connect()
  faults.schedule(
    parseFaultScript(
      '{"at_ms":60000,"exchange":"all","fault":"cut"}\n\n{"at_ms":150,"exchange":"all","fault":"cut"}\n',
      ['puppet'],
    ),
  )
  expect(client.closed()).toBeUndefined()
  await waitFor(() => client.closed() === 1006)
  expect(log.map((line) => JSON.parse(line))).toMatchObject([
    { kind: 'fault', fault: 'cut', at_ms: 150, connection_numbers: [1] },
  ])
})

describe('malformed faults', () => {
  const cases: [string, string, RegExp][] = [
    ['nothing', '', /expected JSON/],
    ['no object', '[3]', /expected an object/],
    [
      'an unknown fault',
      '{"exchange":"puppet","fault":"explode"}',
      /fault: found "explode", expected one of cut, close/,
    ],
    [
      'an unknown exchange',
      '{"exchange":"mtgox","fault":"cut"}',
      /exchange: found "mtgox", expected one of puppet, all/,
    ],
    ['a missing field', '{"exchange":"puppet","fault":"hang"}', /ms of hang: found nothing, expected a whole number/],
    [
      'a strange field',
      '{"exchange":"puppet","fault":"cut","ms":3}',
      /ms of cut: found 3, expected only at_ms, connections, symbol/,
    ],
    ['a wrong value', '{"exchange":"puppet","fault":"lose","count":-1}', /count of lose: found -1/],
    ['a wrong channel', '{"exchange":"puppet","fault":"lose","channel":"news"}', /channel of lose: found "news"/],
    ['a wrong status', '{"exchange":"puppet","fault":"status","ms":5,"status":200}', /status of status: found 200/],
  ]
  it.each(cases)('%s is refused with the field and a remedy, and nothing happens', async (_, body, message) => {
    const { emulator } = await start()
    const answer = await request(emulator, '/_emulator/faults', { method: 'POST', body })
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'USAGE', message: expect.stringMatching(message) } },
    })
    expect(answer.body.error.remedy).toMatch(/^Give /)
    expect((await request(emulator, '/_emulator/faults')).body).toEqual([])
  })

  it('a script names the line', () => {
    expect(() => parseFaultScript('\n{"fault":"cut","exchange":"puppet"}\n{"fault"', ['puppet'])).toThrow(
      /^Line 3 of the fault script/,
    )
  })

  it('a page in a browser cannot order any', async () => {
    const { emulator } = await start()
    const answer = await request(emulator, '/_emulator/faults', {
      method: 'POST',
      headers: { origin: 'http://example.org' },
      body: '{"exchange":"puppet","fault":"cut"}',
    })
    expect(answer.status).toBe(403)
  })
})

describe('the manners of a venue', () => {
  it('pings, and drops a client that does not answer', async () => {
    const { connect } = await start({ pingEveryMs: 50, pongWithinMs: 200 })
    const polite = await connect()
    const mute = await connect()
    mute.socket.pong = () => {}
    await waitFor(() => mute.closed() === 1006)
    expect(polite.closed()).toBeUndefined()
  })

  it('answers pings with their payload', async () => {
    const { connect } = await start()
    const client = await connect()
    const answer = new Promise((resolve) => client.socket.once('pong', (data) => resolve(String(data))))
    client.socket.ping('abc')
    expect(await answer).toBe('abc')
  })

  it('ends a connection after its lifetime, and refuses too many new ones', async () => {
    const { connect } = await start({ lifetimeMs: 100, connects: { count: 2, perMs: 60_000 } })
    const client = await connect()
    await waitFor(() => client.closed() === 1001)
    await connect()
    await expect(connect()).rejects.toThrow('429')
  })

  it('survives binary and huge messages from a client', async () => {
    const { connect } = await start()
    const client = await connect()
    client.socket.send(Buffer.from([1, 2, 3]))
    await waitFor(() => client.heard.length === 1)
    client.socket.send('x'.repeat(2_000_000))
    await waitFor(() => client.closed() !== undefined)
    await connect()
  })
})

it('state tells who is there', async () => {
  const { emulator, connect } = await start()
  await connect()
  expect((await request(emulator, '/_emulator/state')).body).toMatchObject({
    seed: 'x',
    exchanges: { puppet: { connections: 1, connections_opened: 1, frames_sent: 1 } },
  })
})
