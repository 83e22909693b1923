import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../testkit/fake-clock.js'
import { ListSink } from '../../testkit/lane-script.js'
import { toyExchange } from '../../testkit/toy-exchange.js'
import { Backoff } from '../lib/backoff.js'
import { CollectorError } from '../model/error.js'
import type { JournalRecord } from '../model/record.js'
import type { PlannedSubscription } from './bodies.js'
import { Deriver } from './deriver.js'
import { Lane } from './lane.js'
import { PollSlot } from './poll-slot.js'

const DATASET = 'toy open_interest A/B'

function interest(symbol: string): PlannedSubscription {
  return { id: `open_interest ${symbol}`, channel: 'open_interest', symbol, pair: 'A/B', time_step: 60, keep: 10 }
}

/** A poll slot whose questions `answer` answers; it may throw. */
function start(answer: (path: string, nth: number) => unknown, symbols = ['AB']) {
  const clock = new FakeClock()
  const begin = clock.mono()
  const adapter = toyExchange()
  const sink = new ListSink()
  const records: JournalRecord[] = []
  const writer = {
    lane: 1,
    durable: -1,
    pendingBytes: 0,
    append: (record: JournalRecord) => records.push(record) - 1,
    whenDurable: () => Promise.resolve(),
  }
  const lane = new Lane(clock, writer, new Deriver(() => adapter, sink), () => {})
  const asked: { path: string; second: number }[] = []
  const ports = {
    adapter,
    lane,
    websocket: '',
    nextConnection: () => 7,
    openSocket: () => {
      throw new Error('polls have no socket')
    },
    mayConnect: () => Promise.resolve(),
    async request(path: string) {
      asked.push({ path, second: Number(clock.mono() - begin) / 1e9 })
      const body = new TextEncoder().encode(JSON.stringify(await answer(path, asked.length - 1)))
      const times = { asked: clock.wall(), wall: clock.wall(), mono: clock.mono() }
      return { url: path, answer: { status: 200, headers: {}, body, ...times } }
    },
    backoff: new Backoff({ random: () => 0 }),
    changed: () => {},
    tell: () => {},
  }
  const slot = new PollSlot(ports, symbols.map(interest))
  slot.start()
  const now = () => Number(clock.wall() / 1_000_000n)
  const second = (time: bigint) => Math.round(Number(time - (clock.wall() - (clock.mono() - begin))) / 1e9)
  const held = () => {
    lane.deriver.flush()
    return sink.held(DATASET).map(({ from, until, proof }) => [second(from), second(until), proof])
  }
  return { clock, slot, sink, records, asked, now, held, adapter, lane }
}

describe('polls', () => {
  it('are asked at a steady pace, journalled, derived and held from answer to answer', async () => {
    const run = start(() => ({ t: run.now(), oi: '5.50' }))
    await run.clock.run(185_000)
    expect(run.asked.map(({ second }) => second)).toEqual([0, 60, 120, 180])
    expect(run.records.map(({ type }) => type)).toEqual(['open', 'rest', 'rest', 'rest', 'rest'])
    expect(run.held()).toEqual([[0, 180, 'observed']])
    expect(run.sink.rows.open_interest.map(({ row }) => row.amount)).toEqual(['5.50'])
    expect(run.slot.derived?.subscriptions.get('open_interest AB')?.live).toBe(true)
  })

  it('that fail are tried again before the next is due, which costs nothing', async () => {
    const run = start((_, nth) => {
      if (nth === 1 || nth === 2) throw new CollectorError('CONNECT_FAILED', 'no route')
      return { t: run.now(), oi: String(nth) }
    })
    await run.clock.run(125_000)
    expect(run.asked.map(({ second }) => second)).toEqual([0, 60, 61, 63, 120])
    expect(run.held()).toEqual([[0, 120, 'observed']])
    expect(run.sink.breaks(DATASET)).toEqual([])
  })

  it('that stay without an answer are a gap with its cause, from the last answer to the next', async () => {
    const run = start((_, nth) => {
      if (nth > 0 && run.clock.mono() < 241_000_000_000n) throw new CollectorError('RATE_LIMITED', 'slow down')
      return { t: run.now(), oi: '1' }
    })
    await run.clock.run(310_000)
    const [first, second, ...more] = run.held()
    expect(more).toEqual([])
    expect(first).toEqual([0, 0, 'observed'])
    expect(second?.[0]).toBeGreaterThanOrEqual(240)
    expect(run.sink.breaks(DATASET)[0]).toMatchObject({ code: 'RATE_LIMITED', detail: 'slow down' })
  })

  it('whose answer makes no sense end what is held', async () => {
    const run = start((_, nth) => (nth === 1 ? { error: 'x' } : { t: run.now(), oi: '1' }))
    await run.clock.run(125_000)
    expect(run.held()).toEqual([
      [0, 0, 'observed'],
      [120, 120, 'observed'],
    ])
    expect(run.sink.breaks(DATASET)).toMatchObject([{ code: 'BAD_MESSAGE' }])
  })

  it('of many symbols are spread, so that no burst spends the budget', async () => {
    const symbols = Array.from({ length: 600 }, (_, n) => `S${n}`)
    const run = start(() => ({ t: run.now(), oi: '1' }), symbols)
    await run.clock.run(59_900)
    expect(new Set(run.asked.map(({ path }) => path)).size).toBe(600)
    const perSecond = new Map<number, number>()
    for (const { second } of run.asked) perSecond.set(Math.floor(second), (perSecond.get(Math.floor(second)) ?? 0) + 1)
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(11)
  })

  it('end one by one, and with the last of them the slot', async () => {
    const run = start(() => ({ t: run.now(), oi: '1' }), ['AB', 'CD'])
    await run.clock.run(1000)
    await run.slot.remove(['open_interest AB'])
    await run.clock.run(120_000)
    expect(run.asked.filter(({ path }) => path === '/interest/AB')).toHaveLength(1)
    expect(run.asked.filter(({ path }) => path === '/interest/CD').length).toBeGreaterThan(2)
    await run.slot.remove(['open_interest CD'])
    const { length } = run.asked
    await run.clock.run(120_000)
    expect(run.asked).toHaveLength(length)
    expect(run.slot.state).toBe('closed')
    expect(run.records.at(-1)).toMatchObject({ type: 'close', code: 'UNSUBSCRIBED' })
    expect(run.clock.pending).toBe(0)
  })

  it('derived again from the journal, with the state saved between, give the same', async () => {
    const run = start((_, nth) => ({ t: run.now(), oi: String(nth >> 1) }))
    await run.clock.run(245_000)
    const live = run.held()
    const sink = new ListSink()
    let deriver = new Deriver(() => run.adapter, sink)
    for (const record of run.records) {
      deriver.process(record)
      const saved = deriver.save()
      deriver = new Deriver(() => run.adapter, sink)
      expect(deriver.restore(saved)).toBe(true)
    }
    deriver.flush()
    expect(sink.rows).toEqual(run.sink.rows)
    expect(sink.held(DATASET).map(({ until }) => until)).toEqual(run.sink.held(DATASET).map(({ until }) => until))
    expect(live).toHaveLength(1)
  })
})
