import { expect, it } from 'vitest'
import { LaneScript, ListSink } from '../../testkit/lane-script.js'
import { toyChecksum, toyExchange } from '../../testkit/toy-exchange.js'
import { gaps } from '../model/gaps.js'
import { Deriver } from './deriver.js'

const TRADES = 'toy trades A/B'
const BOOK = 'toy book_deltas A/B'
const T = 'trades AB'
const B = 'book:10 AB'
const C = 'ohlc:1m AB'

const trade = (script: LaneScript, seconds: number, id?: number) => ({
  sub: T,
  ...(id === undefined ? {} : { id }),
  t: script.ms(seconds),
  p: '10.50',
  q: '1',
})

/** The held stretches of a dataset in seconds of the script. */
function held(script: LaneScript, dataset: string) {
  // Whole microseconds: what begins just after an event reads as beginning with it.
  const seconds = (time: bigint) => Number((time - script.at(0)) / 1000n) / 1e6
  return script.sink
    .held(dataset)
    .map(({ from, until, before, last }) => ({ from: seconds(from), until: seconds(until), before, last }))
}

it('trades with a counter: a cut that cost nothing leaves two stretches that join by their counters', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0.1, 1, { ack: [T] })
  script.frame(0.2, 1, trade(script, 0.2, 249))
  script.frame(0.5, 1, trade(script, 0.5, 250))
  script.close(2, 1)
  script.open(7, 2, ['trades'])
  script.frame(7.1, 2, { ack: [T] })
  script.frame(9, 2, trade(script, 9, 251))
  script.deriver.flush()
  expect(held(script, TRADES)).toEqual([
    { from: 0.2, until: 0.5, before: 248n, last: 250n },
    { from: 9, until: 9, before: 250n, last: 251n },
  ])
  expect(script.sink.rows.trades).toHaveLength(3)
})

it('trades with a counter: a jump ends the stretch at the last trade before it and names what is missing', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0.5, 1, trade(script, 0.5, 250))
  script.frame(9, 1, trade(script, 9, 254))
  script.deriver.flush()
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([
    [0.5, 0.5],
    [9, 9],
  ])
  expect(script.sink.breaks(TRADES)).toMatchObject([
    { code: 'SEQUENCE_GAP', at: script.at(0.5) + 1n, detail: '3 missing after 250' },
  ])
})

it('trades without a counter: held to the last sign of life minus a second, and from the confirmation plus a second', () => {
  const script = new LaneScript(toyExchange({ proof: 'none' }))
  script.open(-1, 1, ['trades'])
  script.frame(-0.9, 1, { ack: [T] })
  script.frame(0, 1, trade(script, 0))
  script.frame(1.5, 1, { beat: 1 })
  script.close(2, 1)
  script.open(6.9, 2, ['trades'])
  script.frame(7, 2, { ack: [T] })
  script.frame(9, 2, trade(script, 9))
  script.deriver.flush()
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([
    [0, 0.5],
    [8, 9],
  ])
})

it('a trade of the same millisecond as the first one that came may be missing: what is held begins just after it', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0.1, 1, { ack: [T] })
  // The venue numbers two trades of this instant, and the first of them was before we listened.
  script.frame(0.5, 1, trade(script, 0.5, 250))
  script.frame(0.9, 1, trade(script, 0.9, 251))
  script.deriver.flush()
  expect(script.sink.held(TRADES)).toMatchObject([{ from: script.at(0.5) + 1n, until: script.at(0.9), before: 249n }])
})

it('what waited in the socket while the process was stopped claims no more than it did when the pause began', () => {
  const script = new LaneScript(toyExchange({ proof: 'none' }))
  script.open(0, 1, ['trades'])
  script.frame(0.1, 1, { ack: [T] })
  for (const second of [1, 2]) script.tick(second)
  // Stopped from 2.1 to 6: the heartbeat and the trade of second 5 are read afterwards. Nobody knows when they came.
  script.frame(2.1, 1, { beat: 1 })
  script.frame(6, 1, { beat: 1 })
  script.frame(6.01, 1, trade(script, 5))
  script.tick(6.02)
  script.deriver.flush()
  // Not from 0.1 + 1 − (6.01 − 5): it took a second to come, and may have waited for all of the pause.
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([[5, 5]])
  script.frame(6.5, 1, { beat: 1 })
  script.deriver.flush()
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([[5, 5]])
  // A second later the backlog is read.
  script.tick(7.03)
  script.frame(8, 1, { beat: 1 })
  script.deriver.flush()
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([[5, 5.99]])
})

it('a quiet stream grows with heartbeats, and loses that growth when the counter shows that something was missed', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(1, 1, trade(script, 1, 1))
  script.frame(60, 1, { beat: 1 })
  script.deriver.flush()
  expect(held(script, TRADES)).toEqual([{ from: 1, until: 59, before: 0n, last: 1n }])
  script.frame(61, 1, trade(script, 61, 3))
  script.deriver.flush()
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([
    [1, 1],
    [61, 61],
  ])
})

it('where the venue counts, a cut takes the growth back: what the next number shows to be missing may have happened any time since the last trade', () => {
  const script = new LaneScript(toyExchange())
  script.want(0, TRADES)
  script.open(0, 1, ['trades'])
  script.frame(1, 1, trade(script, 1, 1))
  // The exchange is busy: trade 2 happened at 3 and was never sent, while heartbeats were.
  script.frame(10, 1, { beat: 1 })
  script.deriver.flush()
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([[1, 9]])
  script.close(10.5, 1)
  expect(held(script, TRADES)).toEqual([{ from: 1, until: 1, before: 0n, last: 1n }])
  script.open(12, 2, ['trades'])
  script.frame(13, 2, trade(script, 13, 3))
  script.deriver.flush()
  const { sink } = script
  const ledger = { held: sink.held(TRADES), wanted: sink.wanted(TRADES), breaks: sink.breaks(TRADES) }
  expect(gaps(ledger)).toMatchObject([{ from: script.at(1) + 1n, until: script.at(13) + 1n, missing: 1n }])
})

it('a frame that nobody can read may have been a trade: nothing after the last one is held until the counter shows that it was none', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(1, 1, trade(script, 1, 1))
  script.frame(60, 1, { beat: 1 })
  script.deriver.flush()
  script.frame(61, 1, 'half a fra')
  script.frame(90, 1, { beat: 1 })
  script.deriver.flush()
  expect(held(script, TRADES)).toEqual([{ from: 1, until: 1, before: 0n, last: 1n }])
  script.frame(91, 1, trade(script, 91, 2))
  script.deriver.flush()
  expect(held(script, TRADES)).toEqual([{ from: 1, until: 91, before: 0n, last: 2n }])
})

it('frames that were discarded take the growth of a quiet stream with them', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(1, 1, trade(script, 1, 1))
  script.frame(60, 1, { beat: 1 })
  script.deriver.flush()
  script.decide(61, 1, { what: 'discarded', frames: 1, bytes: 10 })
  script.frame(62, 1, trade(script, 62, 3))
  script.deriver.flush()
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([
    [1, 1],
    [62, 62],
  ])
})

it('a frame that nobody can read breaks a book that only a checksum proves: it covers the best levels alone', () => {
  const script = new LaneScript(toyExchange({ checksums: true }))
  script.open(0, 1, ['book'])
  script.frame(0.1, 1, { ack: [B] })
  const whole = { sub: B, whole: null, t: script.ms(0.2), b: [['10', '1']], a: [['11', '1']] }
  script.frame(0.2, 1, { ...whole, sum: toyChecksum({ bids: [['10', '1']], asks: [['11', '1']] }) })
  script.frame(1, 1, 'half a fra')
  script.deriver.flush()
  expect(script.sink.breaks(BOOK)).toMatchObject([{ code: 'BAD_MESSAGE' }])
})

it('the start is nobody’s loss when the first connection delivers, and a loss since the request when it fails', () => {
  const good = new LaneScript(toyExchange())
  good.want(0, TRADES)
  good.open(0, 1, ['trades'])
  good.frame(3, 1, trade(good, 3, 1))
  good.deriver.flush()
  expect(good.sink.wanted(TRADES)).toMatchObject([{ from: good.at(3) + 1n, until: null }])

  const failing = new LaneScript(toyExchange())
  failing.want(0, TRADES)
  failing.open(0, 1, ['trades'])
  failing.close(1, 1, 'CONNECT_FAILED')
  failing.open(2, 2, ['trades'])
  failing.frame(3, 2, trade(failing, 3, 1))
  failing.deriver.flush()
  expect(failing.sink.wanted(TRADES)).toMatchObject([{ from: failing.at(0), until: null }])
  expect(failing.sink.breaks(TRADES)).toMatchObject([{ code: 'CONNECT_FAILED', at: failing.at(0) }])
})

it('a refused subscription is a loss since it was wanted, and the others go on', () => {
  const script = new LaneScript(toyExchange())
  script.want(0, TRADES, BOOK)
  script.open(0, 1, ['trades', 'book'])
  script.frame(1, 1, { no: [B], why: 'no such book' })
  script.frame(2, 1, trade(script, 2, 1))
  script.deriver.flush()
  expect(script.sink.wanted(BOOK)).toMatchObject([{ from: script.at(0), until: null }])
  expect(script.sink.breaks(BOOK)).toMatchObject([{ code: 'SUBSCRIBE_REJECTED', detail: 'no such book' }])
  expect(script.sink.rows.trades).toHaveLength(1)
})

it('a stream that is stopped is wanted up to its last proof: the silence after it is no gap', () => {
  const script = new LaneScript(toyExchange())
  script.want(0, TRADES)
  script.open(0, 1, ['trades'])
  script.frame(1, 1, trade(script, 1, 1))
  script.frame(2, 1, trade(script, 2, 2))
  script.decide(5, 1, { what: 'unsubscribe', ids: [T] })
  script.unwant(5, TRADES)
  expect(script.sink.wanted(TRADES)).toMatchObject([{ from: script.at(1) + 1n, until: script.at(2) }])
})

it('a stopped stream writes nothing more although frames still arrive', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(1, 1, trade(script, 1, 1))
  script.decide(2, 1, { what: 'unsubscribe', ids: [T] })
  script.frame(2.1, 1, trade(script, 2.1, 2))
  expect(script.wishes.at(-1)).toMatchObject({ wish: 'send', messages: ['{"unsubscribe":["trades AB"]}'] })
  expect(script.sink.rows.trades).toHaveLength(1)
})

const whole = (script: LaneScript, seconds: number, sequence: number) => ({
  sub: B,
  whole: sequence,
  t: script.ms(seconds),
  b: [['10', '1']],
  a: [['11', '1']],
})
const change = (script: LaneScript, seconds: number, from: number, to = from) => ({
  sub: B,
  from,
  to,
  t: script.ms(seconds),
  b: [['10', String(to)]],
  a: [],
})

it('an exchange that has fallen behind says so by what it sends late: nothing is held for longer than that reaches', () => {
  const script = new LaneScript(toyExchange({ proof: 'none' }))
  script.open(0, 1, ['trades', 'book'])
  script.frame(0.1, 1, { ack: [T, B] })
  script.frame(0.2, 1, whole(script, 0.2, 1))
  script.frame(1, 1, trade(script, 1))
  // It stood still from 1 to 6, then sent what had happened, in order. The connection was cut before the trade of second 3.
  script.frame(6, 1, change(script, 2.5, 2))
  script.close(6.1, 1)
  // Not to 5, as the life of the connection alone would have it.
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([[1, 1.5]])
})

it('a clock that is set moves no edge of what is held by our own clock: a loss after it stays a gap', () => {
  const script = new LaneScript(toyExchange({ proof: 'none', axis: 'receive' }))
  script.want(0, TRADES)
  script.open(0, 1, ['trades'])
  script.frame(0.1, 1, { ack: [T] })
  script.frame(1, 1, trade(script, 1))
  script.off = 3600
  script.frame(2, 1, trade(script, 2))
  script.off = -3600
  script.frame(3, 1, trade(script, 3))
  script.off = 0
  script.frame(4, 1, trade(script, 4))
  script.close(5, 1)
  script.open(20, 2, ['trades'])
  script.frame(20.1, 2, { ack: [T] })
  script.frame(30, 2, trade(script, 30))
  script.deriver.flush()
  const edges = held(script, TRADES).map(({ from, until }) => [Math.round(from), Math.round(until)])
  // Not to an hour after: what was lost between 4 and 20 would lie inside.
  expect(edges).toEqual([
    [1, 4],
    [21, 30],
  ])
})

it('a book whose sequence breaks is not published, is asked for anew, and is held up to the last change in order', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['book'])
  script.frame(0.1, 1, { ack: [B] })
  script.frame(0.2, 1, whole(script, 0.2, 890))
  script.frame(1.9, 1, change(script, 1.9, 891, 900))
  script.frame(3, 1, change(script, 3, 902))
  script.frame(3.1, 1, change(script, 3.1, 903))
  expect(script.wishes.filter(({ wish }) => wish === 'send').at(-1)).toMatchObject({
    messages: ['{"resync":"book:10 AB"}'],
  })
  script.frame(8, 1, whole(script, 8, 940))
  script.deriver.flush()
  expect(held(script, BOOK)).toEqual([
    { from: 0.2, until: 1.9, before: 890n, last: 900n },
    { from: 8, until: 8, before: 940n, last: 940n },
  ])
  expect(script.sink.rows.book_deltas.map(({ row }) => row.last_sequence)).toEqual([890n, 890n, 900n, 940n, 940n])
})

it('a book that comes whole each time is listened to, not proven: nothing would show that one is missing', () => {
  for (const [way, proof] of [
    [true, 'unverifiable'],
    [false, 'observed'],
  ] as const) {
    const script = new LaneScript(toyExchange({ whole: way }))
    script.open(0, 1, ['book'])
    script.frame(0.1, 1, { ack: [B] })
    script.frame(0.2, 1, { ...whole(script, 0.2, 1), whole: null })
    script.frame(4, 1, { sub: B, t: script.ms(4), b: [['10', '2']], a: [] })
    script.deriver.flush()
    expect(script.sink.held(BOOK).map((each) => each.proof)).toEqual([proof])
  }
})

it('after a cut, a snapshot at the same sequence proves that the book did not change', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['book'])
  script.frame(0.1, 1, { ack: [B] })
  script.frame(1.9, 1, whole(script, 1.9, 900))
  script.close(2, 1)
  script.open(7, 2, ['book'])
  script.frame(7.1, 2, { ack: [B] })
  script.frame(8, 2, whole(script, 8, 900))
  script.deriver.flush()
  expect(held(script, BOOK).map(({ before, last }) => [before, last])).toEqual([
    [900n, 900n],
    [900n, 900n],
  ])
})

it('a wrong checksum takes back what no checksum had vouched for', () => {
  const script = new LaneScript(toyExchange({ checksums: true }))
  const book = (seconds: number, amount: string, sum?: number) => ({
    sub: B,
    t: script.ms(seconds),
    b: [['10', amount]],
    a: [],
    ...(sum === undefined ? {} : { sum }),
  })
  script.open(0, 1, ['book'])
  script.frame(0.1, 1, { ack: [B] })
  const first = { bids: [['10', '1']] as const, asks: [['11', '1']] as const }
  script.frame(0.2, 1, {
    sub: B,
    whole: null,
    t: script.ms(0.2),
    b: first.bids,
    a: first.asks,
    sum: toyChecksum(first),
  })
  script.frame(59.8, 1, book(59.8, '2', 31))
  script.frame(59.9, 1, book(59.9, '3'))
  script.frame(60, 1, book(60, '4', 1))
  script.frame(60.6, 1, {
    sub: B,
    whole: null,
    t: script.ms(60.6),
    b: first.bids,
    a: first.asks,
    sum: toyChecksum(first),
  })
  script.deriver.flush()
  expect(held(script, BOOK).map(({ from, until }) => [from, until])).toEqual([
    [0.2, 59.8],
    [60.6, 60.6],
  ])
  expect(script.sink.breaks(BOOK)).toMatchObject([{ code: 'CHECKSUM_MISMATCH' }])
})

it('a REST snapshot is joined with the changes that came meanwhile; one that is too old is asked for again', () => {
  const script = new LaneScript(toyExchange({ snapshot: 'rest' }))
  script.open(0, 1, ['book'])
  script.frame(0.1, 1, { ack: [B] })
  expect(script.wishes.at(-1)).toEqual({ wish: 'snapshot', connection: 1, id: B })
  script.frame(0.2, 1, change(script, 0.2, 101, 105))
  script.frame(0.3, 1, change(script, 0.3, 106, 110))
  script.rest(0.4, 1, B, { whole: 90, b: [['10', '1']], a: [['11', '1']] })
  expect(script.sink.rows.book_deltas).toHaveLength(0)
  script.tick(2)
  expect(script.wishes.filter(({ wish }) => wish === 'snapshot')).toHaveLength(2)
  script.rest(2.1, 1, B, { whole: 103, b: [['10', '1']], a: [['11', '1']] })
  expect(
    script.sink.rows.book_deltas.map(({ row }) => [row.side, row.amount, row.last_sequence, row.is_snapshot]),
  ).toEqual([
    ['bid', '110', 110n, true],
    ['ask', '1', 110n, true],
  ])
  script.frame(2.2, 1, change(script, 2.2, 111))
  script.deriver.flush()
  expect(held(script, BOOK)).toEqual([{ from: 0.3, until: 2.2, before: 110n, last: 111n }])
})

it('books are stored at each time_step boundary as all frames before it left them; nothing while there is no book', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['book'], 5)
  script.frame(0.1, 1, { ack: [B] })
  script.tick(5.5)
  script.frame(6, 1, whole(script, 6, 1))
  script.frame(9.99, 1, change(script, 9.99, 2))
  script.frame(10.01, 1, change(script, 10.01, 3))
  script.tick(21)
  const stored = script.sink.rows.book_snapshots.map(({ row }) => [
    Number(row.receive_time - script.at(0)) / 1e9,
    row.side,
    row.amount,
    row.last_sequence,
    row.proof,
  ])
  expect(stored).toEqual([
    [10, 'bid', '2', 2n, 'verified'],
    [10, 'ask', '1', 2n, 'verified'],
    [20, 'bid', '3', 3n, 'verified'],
    [20, 'ask', '1', 3n, 'verified'],
  ])
})

it('a rule that fails on every message asks for a snapshot with growing pauses, not each time', () => {
  const script = new LaneScript(toyExchange({ checksums: true }))
  script.open(0, 1, ['book'])
  script.frame(0, 1, { ack: [B] })
  for (let second = 0; second < 30; second++) {
    script.tick(second)
    script.frame(second + 0.5, 1, { sub: B, whole: null, t: script.ms(second), b: [['10', '1']], a: [], sum: 1 })
  }
  expect(script.wishes.filter(({ wish }) => wish === 'send').length).toBeLessThan(10)
})

/** Rows of the book after a time, and how the ledger names the proof of the newest stretch. */
function bookAfter(script: LaneScript, seconds: number) {
  const rows = (script.sink.rows.book_deltas ?? []).filter(({ row }) => row.receive_time >= script.at(seconds))
  return { rows: rows.length, proof: script.sink.held(BOOK).at(-1)?.proof }
}

it('a checksum that never matches any more is one change of the protocol, not a gap a message: the book goes on, unverifiable', () => {
  const script = new LaneScript(toyExchange({ checksums: true }))
  script.open(0, 1, ['book'])
  script.frame(0.1, 1, { ack: [B] })
  const levels = { b: [['10', '1']], a: [['11', '1']] }
  for (let n = 1; n <= 30; n++) script.frame(n, 1, { sub: B, whole: null, t: script.ms(n), ...levels, sum: -1 })
  for (let n = 31; n <= 40; n++) script.frame(n, 1, { sub: B, t: script.ms(n), ...levels, sum: -1 })
  script.deriver.flush()
  const codes = script.sink.breaks(BOOK).map(({ code }) => code)
  expect(codes.filter((code) => code === 'SCHEMA_DRIFT')).toHaveLength(1)
  expect(codes.length).toBeLessThan(7)
  expect(bookAfter(script, 31)).toEqual({ rows: 20, proof: 'unverifiable' })
})

it('numbers that never follow one another any more are one change of the protocol; a venue that stumbles now and then is no such case', () => {
  const run = (stumbles: (n: number) => boolean) => {
    const script = new LaneScript(toyExchange())
    script.open(0, 1, ['book'])
    script.frame(0.1, 1, { ack: [B] })
    let sequence = 100
    for (let n = 1; n <= 400; n++) {
      const at = n / 4
      const book = { sub: B, t: script.ms(at), b: [['10', String(n)]], a: [['11', '1']] }
      if (n % 20 === 1) script.frame(at, 1, { ...book, whole: sequence })
      else {
        const from = sequence + (stumbles(n) ? 3 : 1)
        sequence = from
        script.frame(at, 1, { ...book, from, to: from })
      }
    }
    script.deriver.flush()
    return { script, codes: script.sink.breaks(BOOK).map(({ code }) => code) }
  }
  const changed = run(() => true)
  expect(changed.codes.filter((code) => code === 'SCHEMA_DRIFT')).toHaveLength(1)
  expect(changed.codes.length).toBeLessThan(7)
  expect(bookAfter(changed.script, 90)).toMatchObject({ proof: 'unverifiable' })
  expect(bookAfter(changed.script, 90).rows).toBeGreaterThan(60)
  const stumbling = run((n) => n % 20 === 15)
  expect(stumbling.codes.filter((code) => code === 'SEQUENCE_GAP')).toHaveLength(20)
  expect(stumbling.codes).not.toContain('SCHEMA_DRIFT')
})

it('trades that are not counted one by one any more are said once, and held as far as listening goes', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0.1, 1, { ack: [T] })
  for (let n = 1; n <= 200; n++) script.frame(n / 4, 1, trade(script, n / 4, 1000 + 7 * n))
  script.deriver.flush()
  const codes = script.sink.breaks(TRADES).map(({ code }) => code)
  expect(codes.filter((code) => code === 'SCHEMA_DRIFT')).toHaveLength(1)
  expect(codes.length).toBeLessThan(25)
  expect(script.sink.rows.trades).toHaveLength(200)
  expect(script.sink.held(TRADES).at(-1)).toMatchObject({ until: script.at(50), proof: 'unverifiable' })
})

it('what the venue wants to hear because of a frame is sent', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0.1, 1, { say: ['one', 'two'] })
  expect(script.wishes.at(-1)).toEqual({ wish: 'send', connection: 1, messages: ['one', 'two'] })
})

it('a crossed book is taken anew after a second, not for the moment between two messages of a batch', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['book'])
  script.frame(0, 1, { ack: [B] })
  script.frame(0.1, 1, whole(script, 0.1, 1))
  script.frame(0.9, 1, { sub: B, from: 2, to: 2, t: script.ms(0.9), b: [['11', '5']], a: [] })
  script.tick(1)
  script.frame(1.1, 1, {
    sub: B,
    from: 3,
    to: 3,
    t: script.ms(1.1),
    b: [],
    a: [
      ['11', '0'],
      ['12', '1'],
    ],
  })
  script.tick(2)
  script.tick(3)
  expect(script.sink.breaks(BOOK)).toEqual([])
  script.frame(3.1, 1, { sub: B, from: 4, to: 4, t: script.ms(3.1), b: [['12', '5']], a: [] })
  script.tick(4)
  script.tick(5)
  expect(script.sink.breaks(BOOK)).toMatchObject([{ code: 'BOOK_CROSSED' }])
})

it('a book moves to a new date as a whole, opened by a full snapshot, and a late change does not take it back', () => {
  const midnight = Date.parse('2026-11-24T00:00:00Z')
  const script = new LaneScript(toyExchange(), midnight)
  script.open(-5, 1, ['book'])
  script.frame(-5, 1, { ack: [B] })
  script.frame(-4, 1, whole(script, -4, 1))
  script.frame(1, 1, change(script, 1, 2))
  script.frame(2, 1, change(script, -1, 3))
  const day = Math.floor(midnight / 86_400_000)
  expect(script.sink.rows.book_deltas.map(({ row }) => [row.day - day, row.is_snapshot, row.last_sequence])).toEqual([
    [-1, true, 1n],
    [-1, true, 1n],
    [0, true, 1n],
    [0, true, 1n],
    [0, false, 2n],
    [0, false, 3n],
  ])
})

it('candles: closed by the flag, by a later one, or by quiet after their end; open ones are never stored', () => {
  const script = new LaneScript(toyExchange())
  const candle = (seconds: number, open: number, done?: boolean) => ({
    sub: C,
    open: script.ms(open),
    t: script.ms(seconds),
    ...(done === undefined ? {} : { done }),
  })
  script.open(0, 1, ['ohlc'])
  script.frame(1, 1, candle(1, 0))
  script.frame(61, 1, candle(61, 60))
  script.tick(125)
  const opens = () => script.sink.rows.ohlc.map(({ row }) => Number(row.open_time - script.at(0)) / 1e9)
  expect(opens()).toEqual([0])
  script.tick(131)
  expect(opens()).toEqual([0, 60])
  script.frame(140, 1, candle(140, 120, false))
  script.frame(180, 1, candle(180, 120, true))
  script.tick(300)
  expect(opens()).toEqual([0, 60, 120])
  script.deriver.flush()
  expect(held(script, 'toy ohlc A/B 1m').map(({ from, until }) => [from, until])).toEqual([[0, 180]])
})

// The row of the ledger's table for candles: the unit is the candle.
it('a cut inside a minute costs nothing when its closed candle comes, and that candle alone when it does not', () => {
  const missing = (again: number, ...opens: number[]) => {
    const script = new LaneScript(toyExchange())
    const key = 'toy ohlc A/B 1m'
    const closed = (connection: number, open: number) =>
      script.frame(open + 60, connection, { sub: C, open: script.ms(open), t: script.ms(open + 60), done: true })
    script.want(-1, key)
    script.open(0, 1, ['ohlc'])
    script.frame(0.1, 1, { ack: [C] })
    closed(1, 0)
    script.close(62, 1)
    script.open(again, 2, ['ohlc'])
    script.frame(again + 0.1, 2, { ack: [C] })
    for (const open of opens) closed(2, open)
    script.deriver.flush()
    const ledger = { held: script.sink.held(key), wanted: script.sink.wanted(key), breaks: script.sink.breaks(key) }
    const seconds = (time: bigint) => Number(time - script.at(0)) / 1e9
    return gaps(ledger)
      .filter(({ from }) => from >= script.at(60))
      .map(({ from, until }) => [seconds(from), seconds(until)])
  }
  expect(missing(67, 60, 120)).toEqual([])
  expect(missing(127, 120)).toEqual([[60, 120]])
})

it('a frame that cannot be read breaks what has no proof of its own and leaves the rest alone', () => {
  const script = new LaneScript(toyExchange({ proof: 'none' }))
  script.open(0, 1, ['trades', 'book'])
  script.frame(0, 1, { ack: [T, B] })
  script.frame(0.1, 1, whole(script, 0.1, 1))
  script.frame(0.2, 1, trade(script, 0.2))
  script.frame(0.3, 1, '{"sub":"tra')
  expect(script.sink.breaks(TRADES)).toMatchObject([{ code: 'BAD_MESSAGE' }])
  expect(script.sink.breaks(BOOK)).toEqual([])
})

it('state saved and restored between any two records gives the same rows and facts', () => {
  const build = (restarting: boolean) => {
    const script = new LaneScript(toyExchange({ snapshot: 'rest' }))
    const step = (act: () => void) => {
      act()
      if (restarting) script.restart()
    }
    step(() => script.want(0, TRADES, BOOK))
    step(() => script.open(0, 1, ['trades', 'book', 'ohlc'], 5))
    step(() => script.frame(0.1, 1, { ack: [T, B, C] }))
    step(() => script.frame(0.2, 1, change(script, 0.2, 101, 105)))
    step(() => script.rest(0.4, 1, B, { whole: 103, b: [['10', '1']], a: [['11', '1']] }))
    step(() => script.frame(0.5, 1, trade(script, 0.5, 7)))
    step(() => script.frame(1, 1, { sub: C, open: script.ms(-60), t: script.ms(1) }))
    step(() => script.frame(2, 1, { sub: C, open: script.ms(0), t: script.ms(2) }))
    step(() => script.frame(3, 1, change(script, 3, 106)))
    step(() => script.tick(11))
    step(() => script.frame(12, 1, change(script, 12, 108)))
    step(() => script.frame(12.5, 1, trade(script, 12.5, 9)))
    step(() => script.close(13, 1))
    script.deriver.flush()
    return script.sink
  }
  const once = build(false)
  const restarted = build(true)
  expect(restarted.rows).toEqual(once.rows)
  expect(restarted.held(TRADES)).toEqual(once.held(TRADES))
  expect(restarted.held(BOOK)).toEqual(once.held(BOOK))
  expect(restarted.wanted(BOOK)).toEqual(once.wanted(BOOK))
})

it('a state of another decoder is refused, not misread', () => {
  const deriver = new Deriver(() => toyExchange(), new ListSink())
  expect(deriver.restore('{"decoder":0}')).toBe(false)
})

it('a frame that serves several subscriptions gives each its own events, confirms and proves them all', () => {
  const script = new LaneScript(toyExchange())
  const [mark, funding] = ['mark_price AB', 'funding AB']
  script.open(0, 1, ['mark_price', 'funding'])
  const frame = (seconds: number, more: object) =>
    script.frame(seconds, 1, { sub: mark, shared: [mark, funding], t: script.ms(seconds), ...more })
  frame(1, { mark: '10.50', rate: '0.0001' })
  frame(2, { mark: '10.50', rate: '0.0001' })
  script.restart()
  frame(3, { mark: '10.50', rate: '0.0001' })
  frame(4, { rate: '0.0002' })
  frame(9, { mark: '10.51' })
  script.deriver.flush()
  expect(script.sink.rows.mark_price.map(({ dataset, row }) => [dataset, row.price])).toEqual([
    ['toy mark_price A/B', '10.50'],
    ['toy mark_price A/B', '10.50'],
    ['toy mark_price A/B', '10.50'],
    ['toy mark_price A/B', '10.51'],
  ])
  // What stands until it changes is stored when it changes, and held all the same.
  expect(script.sink.rows.funding.map(({ row }) => [row.rate, row.exchange_time])).toEqual([
    ['0.0001', script.at(1)],
    ['0.0002', script.at(4)],
  ])
  expect(held(script, 'toy funding A/B').map(({ from, until }) => [from, until])).toEqual([[1, 8]])
})

it('two equal liquidations are two', () => {
  const script = new LaneScript(toyExchange())
  const id = 'liquidations AB'
  script.open(0, 1, ['liquidations'])
  for (const _ of [1, 2]) script.frame(1, 1, { sub: id, shared: [id], t: script.ms(1), forced: '9' })
  expect(script.sink.rows.liquidations).toHaveLength(2)
})

it('what comes each second is missed by its own times, when the stream goes on after a moment', () => {
  const script = new LaneScript(toyExchange({ markEveryMs: 1000 }))
  const mark = 'mark_price AB'
  script.open(0, 1, ['mark_price'])
  script.frame(0.5, 1, { ack: [mark] })
  // Seconds 4 and 5 never come; the exchange is a little late with 8.
  for (const [second, time] of [
    [1, 1],
    [2, 2],
    [3, 3],
    [6, 6],
    [7, 7],
    [8, 8.2],
    [9, 9],
  ] as const)
    script.frame(second, 1, { sub: mark, shared: [mark], t: script.ms(time), mark: String(second) })
  script.deriver.flush()
  expect(held(script, 'toy mark_price A/B').map(({ from, until }) => [from, until])).toEqual([
    [1, 3],
    [6, 9],
  ])
  expect(script.sink.breaks('toy mark_price A/B')).toMatchObject([
    { code: 'SEQUENCE_GAP', detail: '2 missing; the exchange sends it every 1 s' },
  ])
})

it('what comes at a steady pace is a gap when it stays away, though the connection lives and all else comes', () => {
  const script = new LaneScript(toyExchange({ markEveryMs: 1000 }))
  const mark = 'mark_price AB'
  script.open(0, 1, ['mark_price', 'trades'])
  script.frame(0.5, 1, { ack: [mark, T] })
  for (let second = 1; second <= 40; second++) {
    if (second <= 3 || second >= 30)
      script.frame(second, 1, { sub: mark, shared: [mark], t: script.ms(second), mark: String(second) })
    script.frame(second + 0.1, 1, trade(script, second + 0.1, 100 + second))
    script.tick(second + 0.2)
    if (second === 20) script.restart()
    if (second === 10 || second === 20)
      expect(script.deriver.connections.get(1)?.subscriptions.get(mark)?.isSilent).toBe(second === 20)
  }
  script.deriver.flush()
  expect(held(script, 'toy mark_price A/B').map(({ from, until }) => [from, until])).toEqual([
    [1, 3],
    [30, 40],
  ])
  expect(script.sink.breaks('toy mark_price A/B')).toMatchObject([{ code: 'CONNECTION_SILENT', at: script.at(3) }])
  expect(held(script, TRADES).map(({ from, until }) => [from, until])).toEqual([[1.1, 40.1]])
  expect(script.wishes.filter(({ wish }) => wish === 'reconnect')).toEqual([])
})

it('a stream that was confirmed and never sends what it sends at a steady pace is told, once', () => {
  const script = new LaneScript(toyExchange({ markEveryMs: 1000 }))
  const mark = 'mark_price AB'
  script.want(0, 'toy mark_price A/B')
  script.open(0, 1, ['mark_price'])
  script.frame(0.5, 1, { ack: [mark] })
  for (let second = 1; second <= 30; second++) script.tick(second)
  const listening = script.deriver.connections.get(1)?.subscriptions.get(mark)
  expect(listening?.live).toBe(false)
  expect(listening?.stats).toMatchObject({ code: 'CONNECTION_SILENT', gaps: 1 })
  expect(script.sink.wanted('toy mark_price A/B')).toMatchObject([{ from: script.at(0), until: null }])
  expect(script.sink.breaks('toy mark_price A/B')).toMatchObject([{ code: 'CONNECTION_SILENT' }])
})
