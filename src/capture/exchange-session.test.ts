import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { ListSink } from '../../testkit/lane-script.js'
import { toyExchange } from '../../testkit/toy-exchange.js'
import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { gaps } from '../model/gaps.js'
import type { JournalRecord } from '../model/record.js'
import { RateBudget } from '../net/rate-limit.js'
import type { Socket, SocketEvents } from '../net/socket.js'
import type { PlannedSubscription } from './bodies.js'
import { Deriver } from './deriver.js'
import { ExchangeSession, type Outward } from './exchange-session.js'
import { Lane } from './lane.js'
import { placesOf } from './place.js'
import { Slot } from './slot.js'
import { SubscriptionWatch } from './subscription-watch.js'

class FakeSocket implements Socket {
  readonly sent: unknown[] = []
  readonly events: SocketEvents
  ended = false

  constructor(events: SocketEvents) {
    this.events = events
  }

  readonly bufferedAmount = 0

  send(message: string): void {
    this.sent.push(JSON.parse(message))
  }

  ping(): void {}
  close(): void {
    this.ended = true
  }

  terminate(): void {
    this.ended = true
  }
}

const trades = (symbol: string): PlannedSubscription => ({
  id: `trades ${symbol}`,
  channel: 'trades',
  symbol,
  pair: `${symbol}/USD`,
  time_step: 60,
  keep: 10,
})

const noRest: Outward['request'] = () => Promise.reject(new Error('no REST here'))

/** A session on a venue of fake sockets. `request`: what its REST answers. */
function start(
  request: (clock: FakeClock) => Outward['request'] = () => noRest,
  limits: Partial<ExchangeAdapter['limits']> = {},
) {
  const clock = new FakeClock()
  const toy = toyExchange()
  const adapter = { ...toy, limits: { ...toy.limits, ...limits } }
  const sink = new ListSink()
  const records: JournalRecord[] = []
  const sockets: FakeSocket[] = []
  const told: string[] = []
  let connection = 1
  const writer = {
    lane: 1,
    durable: -1,
    pendingBytes: 0,
    append: (record: JournalRecord) => records.push(record) - 1,
    whenDurable: () => Promise.resolve(),
  }
  const lane = new Lane(clock, writer, new Deriver(() => adapter, sink), (wish) => {
    for (const slot of session.slots) slot.obey(wish)
  })
  const session = new ExchangeSession(adapter, { websocket: 'ws://toy', rest: 'http://toy' }, [], {
    lane,
    clock,
    outward: {
      openSocket: (_url, events) => {
        const socket = new FakeSocket(events)
        sockets.push(socket)
        return socket
      },
      request: request(clock),
      refusalOf: () => undefined,
      budget: (limit) => new RateBudget(limit, clock),
      // Half of the longest pause: with none, what fails is tried again at the same moment for ever.
      random: () => 0.5,
    },
    nextConnection: () => connection++,
    saveInstruments: () => {},
    changed: () => {},
    tell: (ids, { what, connection, code }) => told.push([...ids, what, connection, code].join(' ').trim()),
  })
  const hear = (socket: FakeSocket | undefined, message: unknown) =>
    socket?.events.onFrame(Buffer.from(JSON.stringify(message)), false, clock.wall(), clock.mono())
  clock.every(250, () => session.check())
  return { clock, session, sockets, lane, sink, records, hear, told }
}

describe('a refused subscription', () => {
  it('is asked for again by itself, ever more seldom, and the others on its connection do not notice', async () => {
    const { clock, session, sockets, hear } = start()
    session.add([trades('A'), trades('NEW')])
    await clock.run(60)
    expect(sockets).toHaveLength(1)
    sockets[0]?.events.onOpen()
    hear(sockets[0], { ack: ['trades A'] })
    hear(sockets[0], { no: ['trades NEW'], why: 'not listed' })
    const status = (id: string) => session.slotOf(id)?.derived?.subscriptions.get(id)?.status
    expect(status('trades NEW')).toBe('rejected')
    const opened: number[] = []
    for (let seconds = 0; seconds < 400; seconds++) {
      hear(sockets[0], { beat: 1 })
      await clock.run(1000)
      const last = sockets.at(-1)
      if (sockets.length > 1 + opened.length) {
        opened.push(seconds)
        last?.events.onOpen()
        if (opened.length < 3) hear(last, { no: ['trades NEW'], why: 'not listed' })
        else hear(last, { ack: ['trades NEW'] })
      } else if (opened.length) hear(last, { beat: 1 })
    }
    expect(opened.length).toBe(2)
    expect(opened[0]).toBeGreaterThanOrEqual(59)
    expect((opened[1] ?? 0) - (opened[0] ?? 0)).toBeGreaterThanOrEqual(119)
    expect(sockets[0]?.ended).toBe(false)
    expect(status('trades A')).toBe('confirmed')
    for (let seconds = 400; seconds < 440; seconds++) {
      for (const socket of sockets) if (!socket.ended) hear(socket, { beat: 1 })
      await clock.run(1000)
      const last = sockets.at(-1)
      if (sockets.length > 1 + opened.length) {
        opened.push(seconds)
        last?.events.onOpen()
        hear(last, { ack: ['trades NEW'] })
      }
    }
    expect(status('trades NEW')).toBe('confirmed')
    expect(session.slots.size).toBe(2)
  })
})

describe('the log of a stream', () => {
  const book: PlannedSubscription = { ...trades('A'), id: 'book:10 A', channel: 'book', depth: 10 }
  const whole = { sub: 'book:10 A', whole: 5, b: [['10', '1']], a: [['11', '1']] }

  it('has each connection from its making to its end, with the reason, for all that it carries', async () => {
    const { clock, session, sockets, told } = start()
    session.add([trades('A'), trades('B')])
    await clock.run(60)
    sockets[0]?.events.onOpen()
    sockets[0]?.events.onClose({ code: 1006, reason: '' })
    await clock.run(5000)
    sockets[1]?.events.onOpen()
    const ids = 'trades A trades B'
    expect(told).toEqual([
      `${ids} connecting 1`,
      `${ids} opened 1`,
      `${ids} closed 1 CONNECTION_LOST`,
      `${ids} connecting 2`,
      `${ids} opened 2`,
    ])
  })

  it('tells once when a book is whole, what broke it on an open connection, and when it is whole again', async () => {
    const { clock, session, sockets, hear } = start()
    const watch = new SubscriptionWatch()
    const look = () =>
      watch
        .look(placesOf(session, [book]), clock.wall())
        .map(({ what, connection, channel, code }) => [what, connection, channel, code].join(' ').trim())
    session.add([book])
    await clock.run(60)
    sockets[0]?.events.onOpen()
    hear(sockets[0], { ack: ['book:10 A'] })
    expect(look()).toEqual([])
    hear(sockets[0], whole)
    expect([look(), look()]).toEqual([['live 1 book'], []])
    hear(sockets[0], { sub: 'book:10 A', from: 9, to: 9, b: [], a: [['11', '2']] })
    expect([look(), look()]).toEqual([['gap 1 book SEQUENCE_GAP'], []])
    hear(sockets[0], { ...whole, whole: 12 })
    expect(look()).toEqual(['live 1 book'])
    // Broken and whole again between two looks.
    await clock.run(2000)
    hear(sockets[0], { sub: 'book:10 A', from: 19, to: 19, b: [], a: [['11', '2']] })
    hear(sockets[0], { ...whole, whole: 22 })
    expect([look(), look()]).toEqual([['gap 1 book SEQUENCE_GAP', 'live 1 book'], []])
    sockets[0]?.events.onClose({ code: 1006, reason: '' })
    await clock.run(5000)
    sockets[1]?.events.onOpen()
    expect(look()).toEqual([])
    hear(sockets[1], { no: ['book:10 A'], why: 'not listed' })
    expect([look(), look()]).toEqual([['refused 2 book SUBSCRIBE_REJECTED'], []])
  })
})

describe('a clock that is days off', () => {
  const DAYS = 3 * 86_400_000

  /** A venue whose answers bear the true time, however this machine's clock is set. */
  function venue(offMs = 0) {
    const began = start((clock) => {
      const there = clock.wall() - clock.mono()
      if (offMs) clock.step(offMs)
      return async () => ({
        status: 200,
        headers: { date: new Date(Number((clock.mono() + there) / 1_000_000n)).toUTCString() },
        body: Buffer.from('[]'),
        asked: clock.wall(),
        wall: clock.wall(),
        mono: clock.mono(),
      })
    })
    began.lane.want([{ key: 'toy trades A/USD', since: null }], true)
    began.session.start()
    return began
  }

  it('is told, and nothing is received before it is set', async () => {
    const { clock, session, sockets } = venue(DAYS)
    session.add([trades('A')])
    await clock.run(300_000)
    expect(sockets).toEqual([])
    expect(session.error).toMatchObject({ code: 'CLOCK_WRONG', message: expect.stringContaining('72 hours') })
    clock.step(-DAYS)
    await clock.run(120_000)
    expect(session.error).toBeUndefined()
    expect(sockets).toHaveLength(1)
  })

  it('while it records: connections end, the ledger says why, and they come back when it is set', async () => {
    const { clock, session, sockets, lane, sink, hear } = venue()
    session.add([trades('A')])
    await clock.run(60)
    sockets[0]?.events.onOpen()
    hear(sockets[0], { ack: ['trades A'] })
    const trade = (id: number) => ({
      sub: 'trades A',
      id,
      t: Number(clock.mono() / 1_000_000n) + 1_764_000_000_000,
      p: '1',
      q: '1',
    })
    hear(sockets[0], trade(1))
    clock.step(-DAYS)
    // Until the exchange is asked the rows keep their date: the time of the exchange is believed as before.
    hear(sockets[0], trade(2))
    expect(sink.rows.trades.map(({ row }) => row.exchange_time)).not.toContain(null)
    expect(new Set(sink.rows.trades.map(({ row }) => row.day)).size).toBe(1)
    session.askAgain()
    await clock.run(100)
    expect(sockets[0]?.ended).toBe(true)
    expect(sink.breaks('toy trades A/USD')).toMatchObject([{ code: 'CLOCK_WRONG' }])
    await clock.run(30_000)
    expect(sockets).toHaveLength(1)
    clock.step(DAYS)
    session.askAgain()
    await clock.run(2000)
    sockets[1]?.events.onOpen()
    hear(sockets[1], { ack: ['trades A'] })
    hear(sockets[1], trade(9))
    lane.deriver.flush()
    expect(
      gaps({
        held: sink.held('toy trades A/USD'),
        wanted: sink.wanted('toy trades A/USD'),
        breaks: sink.breaks('toy trades A/USD'),
      }),
    ).toMatchObject([{ code: 'CLOCK_WRONG', missing: 6n }])
  })
})

describe('an exchange that limits the messages of an address', () => {
  it('hears no more of them than that, over all connections, and something of each connection first', async () => {
    const { clock, session, sockets } = start(undefined, { addressMessagesPerSecond: 2 })
    for (const symbol of ['A', 'B', 'C', 'D', 'E']) {
      session.add([trades(symbol)])
      await clock.run(60)
    }
    for (const socket of sockets) socket.events.onOpen()
    for (const slot of session.slots) {
      if (!(slot instanceof Slot)) continue
      slot.obey({ wish: 'send', connection: slot.connection, messages: ['{"more":1}', '{"more":2}'] })
    }
    const sent = () => sockets.map(({ sent: all }) => all.length)
    const total = () => sent().reduce((sum, each) => sum + each, 0)
    await clock.run(1)
    expect(total()).toBe(2)
    for (let seconds = 1; seconds < 8; seconds++) {
      for (const socket of sockets) socket.events.onFrame(Buffer.from('{"beat":1}'), false, clock.wall(), clock.mono())
      const before = total()
      await clock.run(1000)
      expect(total() - before).toBeLessThanOrEqual(2)
      if (seconds === 2) expect(Math.min(...sent())).toBe(1)
    }
    expect(sent()).toEqual([3, 3, 3, 3, 3])
  })
})

describe('an end that the exchange announces', () => {
  const book: PlannedSubscription = { ...trades('A'), id: 'book:10 A', channel: 'book', depth: 10 }
  const whole = { sub: 'book:10 A', whole: 5, t: 1_764_000_000_000, b: [['10', '1']], a: [['11', '1']] }

  /** Open, with a whole book, and told that it will end. */
  async function ending() {
    const began = start()
    began.session.add([book])
    await began.clock.run(60)
    began.sockets[0]?.events.onOpen()
    began.hear(began.sockets[0], { ack: ['book:10 A'] })
    began.hear(began.sockets[0], whole)
    began.hear(began.sockets[0], { ending: 1 })
    return began
  }

  it('is met by another connection that takes over first: nothing is missed', async () => {
    const { clock, session, sockets, sink, hear } = await ending()
    await clock.run(300)
    expect(sockets.map(({ ended }) => ended)).toEqual([false, false])
    sockets[1]?.events.onOpen()
    hear(sockets[1], { ack: ['book:10 A'] })
    hear(sockets[1], whole)
    await clock.run(300)
    expect(sockets.map(({ ended }) => ended)).toEqual([true, false])
    // It is of the connection that was told: the next one stays.
    await clock.run(5000)
    expect(sockets).toHaveLength(2)
    expect([...session.slots].map(({ state }) => state)).toEqual(['open'])
    expect(sink.breaks('toy book_deltas A/USD')).toEqual([])
  })

  it('and comes before another has taken over is a loss like any other, and the next connection goes on', async () => {
    const { clock, sockets, sink, hear } = await ending()
    await clock.run(300)
    sockets[1]?.events.onOpen()
    sockets[0]?.events.onClose({ code: 1001, reason: '' })
    hear(sockets[1], { ack: ['book:10 A'] })
    hear(sockets[1], { ...whole, whole: 9 })
    await clock.run(5000)
    expect(sockets.map(({ ended }) => ended)).toEqual([true, false])
    expect(sink.breaks('toy book_deltas A/USD')).toMatchObject([{ code: 'CONNECTION_LOST' }])
  })
})
