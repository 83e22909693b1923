import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type ExchangeAdapter, type Reading, type Subscription, subscriptionId } from '../src/exchanges/exchange.js'
import { CHANNELS, type Channel, isInterval } from '../src/model/dataset.js'
import { isDecimal } from '../src/model/decimal.js'
import { type BookDelta, type BookSnapshot, CHANNEL_OF, type MarketData } from '../src/model/event.js'
import { isPair } from '../src/model/instrument.js'
import { type Shape, strangeIn } from '../src/model/shape.js'
import { isoFromNanos, nanosFromIso, SECOND } from '../src/model/time.js'
import { expectBodiesRefused, expectNumbersKept, expectUndeclaredRefused, type RefusedBody } from './bad-input.js'
import { bookTapes, disturb, replayBook } from './book-replay.js'
import {
  eventLine,
  eventsIn,
  fingerprints,
  isMarketData,
  loadMaterial,
  type MaterialOptions,
  type Read,
} from './exchange-material.js'
import { brokenFrames, hugeFrames, withMoreOfAll, withUnknownFields, wordsOf } from './frame-mutation.js'
import type { Recorded } from './recordings.js'

export interface ExchangeSuiteOptions extends MaterialOptions {
  /** What it answers with status 200 although it refuses. */
  readonly refused: readonly RefusedBody[]
  /** Changes of a book name rows by an id: the price stands in the frame that told the row. */
  readonly rowsById?: boolean
  /** Whether a recorded frame is of a topic that we would ask for ourselves (all, when not given); others are data in recordings only. */
  readonly asks?: (record: Recorded) => boolean
  /** Whether a recorded frame bears the time that we ask for (all, when not given). */
  readonly timed?: (record: Recorded) => boolean
  readonly skip?: readonly { readonly case: string; readonly reason: string }[]
}

/** Cases that other suites hold, or that wait for a part that is not built. */
const ELSEWHERE: readonly { readonly case: string; readonly reason: string }[] = [
  { case: 'L5', reason: 'heartbeats alone: the silence watchdog is the engine’s, tested in src/capture' },
  { case: 'B3', reason: 'needs two REST snapshots of one book in a recording' },
  { case: 'B6', reason: 'resync of one book: engine, tested in src/capture' },
  { case: 'C1', reason: 'needs recorded trades over whole candles' },
  { case: 'H1', reason: 'the past: test/history-on-emulator.test.ts and src/exchanges/kit' },
  { case: 'H2', reason: 'the past: test/history-on-emulator.test.ts and src/exchanges/kit' },
  { case: 'H3', reason: 'the past: test/history-on-emulator.test.ts and src/exchanges/kit' },
  { case: 'H4', reason: 'live and past are the same: test/adapters-under-faults.test.ts, for every adapter' },
  { case: 'F2', reason: 'cuts: needs the engine, tested in src/capture and test/' },
  { case: 'F4', reason: 'one rejected of many: test/adapters-under-faults.test.ts, for every adapter' },
  { case: 'R1', reason: 'derivation repeats itself: src/capture' },
]

/** The market data that a channel gives. */
function givenBy(channel: Channel): MarketData['kind'][] {
  return EVENT_KINDS.filter((kind) => CHANNEL_OF[kind] === channel)
}
const EVENT_KINDS = Object.keys(CHANNEL_OF) as MarketData['kind'][]
/** Channels whose messages may tell only what has changed, so that a value may stand in an earlier one. */
const PIECEMEAL = /^(quotes|funding|mark_price|index_price|open_interest) /

/** How far the venue's clock may be from the recorder's. */
const SANE = 60n * SECOND
/** Exchange times outside of these are mistakes of unit. */
const EARLIEST = nanosFromIso('2009-01-01') ?? 0n
const LATEST = nanosFromIso('2100-01-01') ?? 0n
const NUMBER_IN_FRAME = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
/** Frames, states and deltas that the costlier cases look at, per capture or book. */
const SAMPLE = 60
/** Numbers of earlier messages that a value may stand in. */
const EARLIER = 300
/** Letters of a saved conversation that is costly to restore. */
const BIG_STATE = 20_000

/** Conformance of one exchange: `conformance` cases by id, on documented frames always and on recordings where they are. */
export function describeExchange(adapter: ExchangeAdapter, options: ExchangeSuiteOptions): void {
  const { captures, examples, polled, instruments, sent, recorded } = loadMaterial(adapter, options)
  const skipped = new Map([...ELSEWHERE, ...(options.skip ?? [])].map((each) => [each.case, each.reason]))
  const everything: readonly Read[] = [...captures.flatMap(({ reads }) => reads), ...examples, ...polled]
  const recordings = captures.filter(({ documented }) => !documented)
  const session = captures.find(({ name, documented }) => documented && name === 'session')
  const golden = goldenFile(join(options.frames, 'recordings.sha256'))

  const silent = ELSEWHERE.map(({ case: id, reason }) => `${id}: ${reason}`)
  /** A case; skipped with its reason where the adapter or the machine cannot run it. */
  const check = (id: string, title: string, run: () => void | Promise<void>, missing?: string) => {
    const reason = skipped.get(id) ?? missing
    if (reason === undefined) it(`${id} ${title}`, run)
    else {
      it.skip(`${id} ${title} (skipped: ${reason})`, run)
      silent.push(`${id}: ${reason}`)
    }
  }
  const noRecordings = recorded ? undefined : 'no recordings on this machine'

  describe(`exchange ${adapter.id}`, () => {
    check('D1', 'capabilities are well-formed, and each has frames that show it', () => {
      const channels = adapter.capabilities.map(({ channel }) => channel)
      expect(new Set(channels).size).toBe(channels.length)
      const shown = new Set([...eventsIn(everything)].map(({ event }) => event.kind))
      for (const { channel, depths, intervals, proof, axis, poll } of adapter.capabilities) {
        const kinds = givenBy(channel)
        expect(
          kinds.some((kind) => shown.has(kind)),
          `${channel} is declared, no frame shows it`,
        ).toBe(true)
        if (depths) expect([...depths]).toEqual([...depths].sort((a, b) => a - b))
        expect(adapter.polls?.some((each) => each.channel === channel) ?? false, channel).toBe(poll !== undefined)
        if (channel === 'ohlc') expect(intervals?.length).toBeGreaterThan(0)
        if (proof === 'checksum') expect(adapter.book.checksum).toBeTypeOf('function')
        for (const { event, read } of eventsIn([...captures.flatMap(({ reads }) => reads), ...polled])) {
          if (!kinds.includes(event.kind)) continue
          const counted = event.kind !== 'trade' || proof !== 'counter' || event.counter !== undefined
          // Snapshots of REST need none, and a candle has its open time.
          const timed = event.exchangeTime !== undefined || event.kind === 'book_snapshot' || event.kind === 'candle'
          const mustBeTimed = axis === 'exchange' && options.timed?.(read.record) !== false
          if (!counted || (mustBeTimed && !timed))
            expect.fail(`${read.record.place}: the proof or the time that ${channel} declares is missing`)
        }
      }
      const asksByRest = adapter.book.firstSnapshot === 'rest' || adapter.book.refreshEveryMs !== undefined
      expect(asksByRest).toBe(adapter.book.snapshot !== undefined)
      expect(adapter.limits.subscriptionsPerConnection).toBeGreaterThan(0)
      const host = 'an endpoint is a host: paths stand in plans and calls'
      expect(adapter.endpoints.websocket, host).toMatch(/^wss:\/\/[^/]+$/)
      expect(adapter.endpoints.rest, host).toMatch(/^https:\/\/[^/]+$/)
    })

    check('D2', 'emits nothing that it does not declare', () => {
      const declared = adapter.capabilities.flatMap(({ channel }) => givenBy(channel))
      const intervals: readonly string[] = adapter.capabilities.flatMap(({ intervals: each }) => each ?? [])
      for (const { event, read } of eventsIn(everything)) {
        const fine = declared.includes(event.kind) && (event.kind !== 'candle' || intervals.includes(event.interval))
        if (!fine) expect.fail(`${read.record.place}: ${event.kind} is not declared`)
      }
    })

    check('D2', 'refuses a channel, a depth or an interval that it does not have before it asks the exchange', () => {
      expectUndeclaredRefused(adapter)
    })

    check('D3', 'keeps nothing outside a conversation: two interleaved read as each alone', () => {
      for (const capture of captures) {
        const records = capture.reads.slice(0, 500).map(({ record }) => record)
        const alone = readAlone(adapter, records)
        const [one, two] = [stranger(adapter), stranger(adapter)]
        const both = records.map((record) => [one.read(record.message), two.read(record.message)])
        expect(both.map(([first]) => line(first))).toEqual(alone)
        expect(both.map(([, second]) => line(second))).toEqual(alone)
      }
    })

    check('I1', 'instrument lists parse, and no name is twice', () => {
      expect(instruments.length).toBeGreaterThan(0)
      for (const record of instruments) {
        const list = listOf(adapter, record)?.read(record.message) ?? []
        expect(list.length, record.place).toBeGreaterThan(0)
        for (const each of list) {
          expect(isPair(each.pair), each.pair).toBe(true)
          expect(each.pair.startsWith(`${each.base}/${each.quote}`), each.pair).toBe(true)
          expect(each).toMatchObject({ exchange: adapter.id, symbol: expect.stringMatching(/\S/) })
        }
        expect(new Set(list.map(({ pair }) => pair)).size, record.place).toBe(list.length)
        expect(new Set(list.map(({ symbol }) => symbol)).size, record.place).toBe(list.length)
      }
      for (const list of adapter.instruments)
        for (const body of ['', '{', '[]', '{}', 'null', '<html>'])
          for (const read of [list.read, list.next])
            if (read) expect(() => read(body), body).toThrow(expect.objectContaining({ name: 'CollectorError' }))
    })

    check('I2', 'what a subscription of a symbol brings is read as that subscription', () => {
      for (const capture of captures.filter(({ name }) => name !== 'session')) {
        const subscriptions = subscriptionsOf(capture.reads)
        if (!subscriptions.length) continue
        const plan = { path: '', subscriptions }
        const conversations = new Map<string | null, ReturnType<typeof stranger>>()
        for (const { record, reading } of capture.reads) {
          if (options.asks?.(record) === false) continue
          const own = conversations.get(record.conn) ?? adapter.live.converse(plan)
          conversations.set(record.conn, own)
          const again = own.read(record.message)
          if (reading.kind === 'data' && again.kind === 'data') expect(again.subscription).toBe(reading.subscription)
          expect(again.kind, record.place).toBe(reading.kind)
        }
        for (const { symbol } of subscriptions)
          expect(capture.reads.some(({ record }) => record.symbol === symbol || record.symbol === null)).toBe(true)
      }
    })

    check('L1', 'asks for subscriptions as the documentation does', () => {
      const conversation = adapter.live.converse({ path: '', subscriptions: options.session })
      expect(conversation.open(), 'every sent message in the capture `session` is one that `open` gives').toEqual(
        sent.map(({ message }) => message),
      )
    })

    check('L2', 'recognises every frame', () => {
      const strange = everything.flatMap(({ record, reading }) =>
        reading.kind === 'bad' || reading.kind === 'unknown' ? [`${record.place}: ${reading.reason}`] : [],
      )
      expect(strange).toEqual([])
      expect(everything.length).toBeGreaterThan(0)
    })

    check('L3', 'every subscription ends confirmed or rejected', () => {
      const answered = new Set(
        session?.reads.flatMap(({ reading }) =>
          reading.kind === 'ack' ? reading.confirmed : reading.kind === 'reject' ? reading.rejected : [],
        ),
      )
      expect([...answered].sort()).toEqual(options.session.map(({ id }) => id).sort())
    })

    check('L4', 'plans keep the limit, lose nothing and invent nothing', () => {
      fc.assert(
        fc.property(
          fc.array(anySubscription(adapter), { maxLength: 60 }),
          fc.integer({ min: 1, max: 40 }),
          (few, times) => {
            const many = Array.from({ length: times }, (_, n) =>
              few.map((each) => ({ ...each, id: `${each.id}#${n}` })),
            ).flat()
            const plans = adapter.live.plan(many)
            const ids = plans.flatMap(({ subscriptions }) => subscriptions.map(({ id }) => id))
            expect(ids.sort()).toEqual(many.map(({ id }) => id).sort())
            for (const { subscriptions } of plans) {
              expect(subscriptions.length).toBeGreaterThan(0)
              expect(subscriptions.length).toBeLessThanOrEqual(adapter.limits.subscriptionsPerConnection)
            }
          },
        ),
        { numRuns: 50 },
      )
    })

    check('N1', 'documented frames give the approved events', async () => {
      const documented = captures.filter((each) => each.documented).flatMap(({ reads }) => reads)
      const lines = [...documented, ...examples, ...polled]
        .filter(({ record }) => record.kind !== 'recorded')
        .map(({ record, reading }) => `${record.place} ${line(reading)}\n`)
      await expect(lines.join('')).toMatchFileSnapshot(join(options.frames, 'approved.txt'))
    })

    check(
      'N1',
      'recordings give the approved events (count and hash)',
      () => {
        for (const capture of recordings) for (const [key, print] of fingerprints(capture)) golden.expect(key, print)
      },
      noRecordings,
    )
    afterAll(() => {
      golden.close()
      console.info(`exchange ${adapter.id}, cases not run:\n  ${silent.join('\n  ')}`)
    })

    check('N2', 'every field is there, and makes sense', () => {
      for (const { event, read } of eventsIn(everything)) {
        const problem = nonsenseIn(event)
        if (problem !== undefined) expect.fail(`${read.record.place}: ${problem}`)
      }
    })

    check('N3', 'numbers and ids are those of the frame, digit by digit', () => {
      // A value that has not changed may have come in an earlier frame of its subscription.
      const earlier = new Map<string, readonly string[]>()
      const told = new Map<string, Set<string>>()
      for (const { record, reading } of everything) {
        if (reading.kind !== 'data') continue
        const { message, place } = record
        const numbers = message.match(NUMBER_IN_FRAME) ?? []
        const before = earlier.get(reading.subscription) ?? []
        if (PIECEMEAL.test(reading.subscription))
          earlier.set(reading.subscription, [...before.slice(-EARLIER), ...numbers])
        const rows = told.get(reading.subscription) ?? new Set()
        if (options.rowsById && reading.subscription.startsWith('book')) {
          for (const number of numbers) rows.add(number)
          // A level that is gone has no amount on the wire.
          told.set(reading.subscription, rows.add('0'))
        }
        for (const event of reading.events.filter(isMarketData)) {
          const there = rows.size ? rows : new Set([...before, ...numbers])
          // The sign may be the venue's way to tell a side.
          const absent = [...numbersOf(event)].filter((number) => !there.has(number.replace(/^-/, '')))
          if (event.kind === 'trade' && !message.includes(event.tradeId ?? '')) absent.push(event.tradeId ?? '')
          if (absent.length) expect.fail(`${place}: ${absent.join(', ')} do not stand in the frame`)
        }
      }
    })

    check('N3', 'ids above 2^53 and prices in exponent form are what they are', () => {
      expect(expectNumbersKept(adapter, captures)).toBeGreaterThan(0)
    })

    check('N4', 'exchange times are near the receive time', () => {
      const traded = new Set<string>()
      for (const { event, read } of eventsIn(captures.flatMap(({ reads }) => reads))) {
        const received = nanosFromIso(read.record.recv)
        // Some venues begin with the last trade there was, under its own id.
        const of = `${read.record.capture} ${event.symbol}`
        const last = event.kind === 'trade' && !traded.has(of)
        if (last) traded.add(of)
        if (last && event.counter !== undefined) continue
        if (received === undefined || event.exchangeTime === undefined || read.record.detail === 'snapshot') continue
        const distance = received - event.exchangeTime
        if (distance <= SANE && distance >= -SANE) continue
        const told = isoFromNanos(event.exchangeTime)
        expect.fail(
          `${read.record.place}: the event is of ${told}, recv is ${read.record.recv}: a mistaken unit, or recv`,
        )
      }
    })

    check('N5', 'fields that are new change nothing', () => {
      for (const { reads } of [...captures, { reads: examples }]) {
        const sample = sampleOf(reads)
        const before = readAlone(adapter, sample)
        const changed = sample.map((record) => ({ ...record, message: withUnknownFields(record.message) }))
        expect(readAlone(adapter, changed)).toEqual(before)
      }
    })

    check('N5', 'what the documentation does not name is told, and nothing else', () => {
      const undocumented = adapter.capabilities.filter(({ channel }) => adapter.shapes[channel] === undefined)
      expect(undocumented.map(({ channel }) => channel)).toEqual([])
      const known = new Map<string, readonly string[]>()
      const sample = new Set(sampleOf(everything))
      for (const { record, reading } of everything) {
        const shape = shapeOf(adapter, reading)
        if (!shape) continue
        const strange = strangeIn(JSON.parse(record.message), shape).map(({ what, name }) => `${what} ${name}`)
        if (strange.join() !== (record.expected.strange ?? '')) expect.fail(`${record.place}: ${strange}`)
        if (!sample.has(record)) continue
        const more = JSON.parse(withMoreOfAll(record.message))
        expect(strangeIn(more, shape), record.place).not.toEqual([])
        const channel = channelOf(reading) ?? ''
        const words = known.get(channel) ?? wordsOf(shape)
        known.set(channel, words)
        const word = words.find((each) => record.message.includes(`"${each}"`))
        if (word === undefined) continue
        const other = JSON.parse(record.message.replaceAll(`"${word}"`, '"zz_unknown"'))
        expect(strangeIn(other, shape), record.place).not.toEqual([])
      }
    })

    check('T1', 'the taker side is the documented one, and both are seen', () => {
      const sides = new Set<string>()
      for (const { record, reading } of everything) {
        const wanted = record.expected.taker_side
        if (wanted === undefined) continue
        for (const event of reading.events)
          if (event.kind === 'trade') expect(event.takerSide, record.place).toBe(wanted)
        expect(
          reading.events.some(({ kind }) => kind === 'trade'),
          record.place,
        ).toBe(true)
        sides.add(wanted)
      }
      expect([...sides].sort()).toEqual(['buy', 'sell'])
    })

    check('T2', 'where trades are numbered, none is missing and none comes twice', () => {
      for (const capture of captures) {
        const last = new Map<string, bigint>()
        for (const { event, read } of eventsIn(capture.reads)) {
          if (event.kind !== 'trade' || event.counter === undefined) continue
          const before = last.get(event.symbol)
          if (before !== undefined) expect(event.counter, read.record.place).toBe(before + 1n)
          last.set(event.symbol, event.counter)
        }
      }
    })

    check('T3', 'recent trades that a venue sends on subscribing are no new trades', () => {
      for (const { record, reading } of everything) {
        if (record.channel === 'trades' && record.detail === 'snapshot')
          expect(
            reading.events.filter(({ kind }) => kind === 'trade'),
            record.place,
          ).toEqual([])
      }
    })

    const tapes = captures.flatMap((capture) => bookTapes(adapter, capture))
    const depth = options.session.find(({ channel }) => channel === 'book')?.depth
    const cut = adapter.book.cutsToDepth ? depth : undefined
    // Where the proof is a chain, a book without numbers is of an older generation of the protocol: what that could not show is not asked of it.
    const chained = adapter.capabilities.find(({ channel }) => channel === 'book')?.proof === 'chain'
    const provable = () => whole().filter(({ tape }) => !chained || tape.events.some(isNumbered))
    const whole = () => tapes.map((tape) => ({ tape, replay: replayBook(adapter.book, tape, cut, SAMPLE) }))

    check('B1', 'a book begins with a snapshot, both sides filled, not crossed', () => {
      const replays = whole()
      expect(replays.some(({ replay }) => replay.snapshots > 0)).toBe(true)
      for (const { tape, replay } of replays) {
        if (adapter.book.firstSnapshot === 'stream') expect(tape.events[0]?.kind, tape.name).toBe('book_snapshot')
        expect(
          replay.problems.filter((problem) => problem.includes('empty side')),
          tape.name,
        ).toEqual([])
      }
    })

    check('B2', 'replay: no gap, no wrong checksum, never crossed', () => {
      let applied = 0
      for (const { tape, replay } of whole()) {
        expect(replay.problems, tape.name).toEqual([])
        applied += replay.applied
      }
      expect(applied).toBeGreaterThan(0)
    })

    check('B4', 'a lost change is noticed, or makes no difference', () => {
      let noticed = 0
      for (const { tape, replay } of provable()) {
        for (const state of replay.states) {
          // The last change of a tape has nobody after it who could tell.
          if (state.at === tape.events.length - 1) continue
          const outcome = disturb(adapter.book, tape, state, cut, ([, ...rest]) => rest)
          // Where nothing in the stream could tell, the comparison with a snapshot does.
          const compared = outcome === 'different' && adapter.book.refreshEveryMs !== undefined
          if (outcome === 'different' && !compared) expect.fail(`${tape.name}: losing ${state.at} goes unseen`)
          if (outcome === 'broken' || compared) noticed++
        }
      }
      expect(noticed).toBeGreaterThan(0)
    })

    check('B5', 'a change that is repeated, swapped or late gives the same book or a resync', () => {
      for (const { tape, replay } of provable()) {
        for (const state of replay.states.slice(0, SAMPLE / 3)) {
          const disturbances: Parameters<typeof disturb>[4][] = [
            ([one, ...rest]) => (one ? [one, one, ...rest] : rest),
            ([one, two, ...rest]) => (one && two ? [two, one, ...rest] : rest),
            ([one, two, three, ...rest]) => (one && two && three ? [two, three, one, ...rest] : rest),
            ([one, two, three, ...rest]) => (one && two && three ? [one, two, three, one, ...rest] : rest),
          ]
          for (const change of disturbances) {
            if (tape.events.length - state.at < 4) continue
            const outcome = disturb(adapter.book, tape, state, cut, change)
            if (outcome === 'different' && adapter.book.refreshEveryMs === undefined)
              expect.fail(`${tape.name}: a disturbance at ${state.at} goes unseen`)
          }
        }
      }
    })

    check('F1', 'a broken frame is bad, and life goes on', () => {
      for (const { reads } of [...captures, { reads: examples }]) {
        for (const [at, record] of sampleOf(reads, 3).entries()) {
          // The huge ones have nothing of the record: once for each capture.
          for (const frame of [...brokenFrames(record.message), ...(at === 0 ? hugeFrames() : [])]) {
            const conversation = stranger(adapter)
            const before = line(stranger(adapter).read(record.message))
            const reading = conversation.read(frame)
            expect(['bad', 'unknown'], frame.slice(0, 80)).toContain(reading.kind)
            expect(reading.events, frame.slice(0, 80)).toEqual([])
            expect(line(conversation.read(record.message))).toBe(before)
          }
        }
      }
    })

    check('F3', 'HTML, nothing, or an error inside a 200 is no data, whatever was asked', () => {
      expectBodiesRefused(adapter, options.session[0]?.symbol ?? '', options.refused)
    })

    check('S1', 'a conversation restored from its state at every frame reads the same', () => {
      for (const capture of captures) {
        const records = capture.reads.slice(0, 1500).map(({ record }) => record)
        const plan = { path: '', subscriptions: options.session, accept: 'all' as const }
        const [straight, first] = [adapter.live.converse(plan), adapter.live.converse(plan)]
        expect(first.open()).toEqual(straight.open())
        let restored = first
        let big = false
        for (const [index, record] of records.entries()) {
          if (!big || index % 25 === 0) {
            const saved = JSON.stringify(restored.state)
            // A state of many thousand rows is restored now and then.
            big = saved.length > BIG_STATE
            restored = adapter.live.converse(plan, JSON.parse(saved))
          }
          expect(line(restored.read(record.message)), record.place).toBe(line(straight.read(record.message)))
        }
        expect(restored.state).toEqual(straight.state)
      }
    })

    for (const { case: id, reason } of ELSEWHERE) it.skip(`${id} (skipped: ${reason})`, () => {})
  })
}

/** Our channel of a frame of data. */
function channelOf(reading: Reading): Channel | undefined {
  const name = reading.kind === 'data' ? /^\w+/.exec(reading.subscription)?.[0] : undefined
  return CHANNELS.find((each) => each === name)
}

function shapeOf(adapter: ExchangeAdapter, reading: Reading): Shape | undefined {
  const channel = channelOf(reading)
  return channel && adapter.shapes[channel]
}

function isNumbered(event: BookSnapshot | BookDelta): boolean {
  return (event.kind === 'book_snapshot' ? event.sequence : event.lastSequence) !== undefined
}

function stranger(adapter: ExchangeAdapter) {
  return adapter.live.converse({ path: '', subscriptions: [], accept: 'all' })
}

/** The list that a recorded answer is of; the first where its URL tells none of them. */
function listOf({ instruments }: ExchangeAdapter, { url }: Recorded) {
  return instruments.find(({ path }) => url?.includes(path)) ?? instruments[0]
}

function line(reading: Reading | undefined): string {
  if (!reading) return ''
  const { events, ...rest } = reading
  // `at` says where in the plan, nothing about the frame.
  return [JSON.stringify({ ...rest, at: undefined }), ...events.map(eventLine)].join(' ')
}

/** What one conversation makes of records, as lines. */
function readAlone(adapter: ExchangeAdapter, records: readonly Recorded[]): string[] {
  const conversation = stranger(adapter)
  return records.map(({ message }) => line(conversation.read(message)))
}

/** Some records of each kind of reading and event, in order. */
function sampleOf(reads: readonly Read[], each = 20): Recorded[] {
  const seen = new Map<string, number>()
  return reads.flatMap(({ record, reading }) => {
    const name = reading.kind === 'notice' ? reading.name : (reading.events[0]?.kind ?? '')
    const key = `${reading.kind} ${name}`
    const count = (seen.get(key) ?? 0) + 1
    seen.set(key, count)
    return count <= each ? [record] : []
  })
}

/** The subscriptions that would have brought these frames, by the ids that they were read under (`book:100 BTC/USD`). */
function subscriptionsOf(reads: readonly Read[]): Subscription[] {
  const ids = reads.flatMap(({ reading }) =>
    reading.kind === 'data'
      ? (reading.shared ?? [reading.subscription])
      : reading.kind === 'ack'
        ? reading.confirmed
        : [],
  )
  return [...new Set(ids)].flatMap((id): Subscription[] => {
    const [, name, detail, symbol] = /^(\w+)(?::(\S+))? (.+)$/.exec(id) ?? []
    const channel = CHANNELS.find((each) => each === name)
    if (!channel || !symbol) return []
    const interval = detail !== undefined && isInterval(detail) ? { interval: detail } : {}
    const depth = channel === 'book' && detail !== undefined ? { depth: Number(detail) } : {}
    return [{ id, channel, symbol, pair: 'A/B', ...interval, ...depth }]
  })
}

/** What is wrong with an event taken by itself; `undefined` when nothing is. */
function nonsenseIn(event: MarketData): string | undefined {
  if (event.symbol === '') return 'no symbol'
  for (const number of numbersOf(event)) if (!isDecimal(number)) return `${number} is no number`
  if (event.kind === 'trade' && event.tradeId === '') return 'an empty trade id'
  const { exchangeTime } = event
  if (exchangeTime !== undefined && (exchangeTime < EARLIEST || exchangeTime > LATEST))
    return `the exchange time ${isoFromNanos(exchangeTime)} makes no sense`
  if (event.kind !== 'candle') return undefined
  if (Number(event.high) < Number(event.low)) return 'the high is below the low'
  return event.openTime % SECOND === 0n ? undefined : 'the candle opens within a second'
}

/** Prices and amounts of an event. */
function* numbersOf(event: MarketData): Generator<string> {
  switch (event.kind) {
    case 'trade':
      yield event.price
      yield event.amount
      break
    case 'quote':
      yield* [event.bidPrice, event.bidAmount, event.askPrice, event.askAmount]
      break
    case 'candle':
      yield* [event.open, event.high, event.low, event.close, event.volume]
      for (const each of [event.quoteVolume, event.takerBuyVolume, event.vwap]) if (each !== undefined) yield each
      break
    case 'funding':
      yield event.rate
      if (event.predictedRate !== undefined) yield event.predictedRate
      break
    case 'mark_price':
    case 'index_price':
      yield event.price
      break
    case 'open_interest':
      yield event.amount
      if (event.value !== undefined) yield event.value
      break
    case 'liquidation':
      yield* [event.price, event.amount]
      if (event.averagePrice !== undefined) yield event.averagePrice
      break
    default:
      for (const level of [...event.bids, ...event.asks]) yield* level
  }
}

/** Anything that the adapter declares. */
function anySubscription(adapter: ExchangeAdapter): fc.Arbitrary<Subscription> {
  const symbol = fc.string({ minLength: 1, maxLength: 8 })
  const offered = adapter.capabilities.flatMap(({ channel, depths, intervals }) => [
    ...(depths ?? []).map((depth) => ({ channel, depth })),
    ...(intervals ?? []).map((interval) => ({ channel, interval })),
    ...(depths || intervals ? [] : [{ channel }]),
  ])
  return fc
    .tuple(symbol, fc.constantFrom(...offered))
    .map(([name, what]) => ({ id: subscriptionId({ symbol: name, ...what }), symbol: name, pair: 'A/B', ...what }))
}

/** Approved hashes, one a line; `DCCD_APPROVE=1` writes those that are new. Lines of recordings that are not here stay. */
function goldenFile(path: string) {
  const approving = process.env.DCCD_APPROVE === '1'
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const approved = new Map(
    text
      .split('\n')
      .filter(Boolean)
      .map((entry): [string, string] => {
        const [key = '', print = ''] = entry.split('\t')
        return [key, print]
      }),
  )
  return {
    expect(key: string, print: string) {
      if (approving) approved.set(key, print)
      else if (approved.has(key)) expect(`${key} ${print}`).toBe(`${key} ${approved.get(key)}`)
    },
    close() {
      if (!approving || !approved.size) return
      const lines = [...approved].map(([key, print]) => `${key}\t${print}\n`)
      writeFileSync(path, lines.sort().join(''))
    },
  }
}
