import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BookDelta } from '../../model/event.js'
import { type Subscription, subscriptionId } from '../exchange.js'
import { binance } from './binance.js'

const sub = (of: Omit<Subscription, 'id' | 'pair'>): Subscription => ({ id: subscriptionId(of), pair: 'A/B', ...of })
const trades = sub({ channel: 'trades', symbol: 'BNBBTC' })
const book = sub({ channel: 'book', symbol: 'BNBBTC', depth: 100 })
const candles = sub({ channel: 'ohlc', symbol: 'BNBBTC', interval: '5m' })

const TRADE = { e: 'trade', E: 1672515782136, s: 'BNBBTC', t: 12345, p: '0.001', q: '100', T: 1672515782136, m: true }
const DEPTH = { e: 'depthUpdate', E: 1672515782136, s: 'BNBBTC', U: 157, u: 160, b: [['0.0024', '10']], a: [] }
const BAR = { t: 0, T: 299999, s: 'BNBBTC', o: '1', c: '1', h: '1', l: '1', v: '1', n: 1, x: false, q: '1', V: '1' }

function converse(subscriptions: readonly Subscription[], accept?: 'all') {
  const conversation = binance.live.converse({ path: '/stream', subscriptions, ...(accept ? { accept } : {}) })
  const sent = conversation.open().map((each): { id: number; method: string; params: string[] } => JSON.parse(each))
  const read = (message: unknown) => conversation.read(JSON.stringify(message))
  return { conversation, sent, read }
}

describe('Binance requests', () => {
  it('names streams in lower case and puts few into one request, since a request is refused as a whole', () => {
    const many = Array.from({ length: 60 }, (_, n) => sub({ channel: 'trades', symbol: `C${n}USDT` }))
    const { sent } = converse(many)
    expect(sent.map(({ id, method, params }) => [id, method, params.length])).toEqual([
      [1, 'SUBSCRIBE', 25],
      [2, 'SUBSCRIBE', 25],
      [3, 'SUBSCRIBE', 10],
    ])
    expect(sent[0]?.params[0]).toBe('c0usdt@trade')
  })

  it('knows whose the answers are, after a restart too', () => {
    const { conversation, sent } = converse([trades, book])
    const [ended] = conversation.unsubscribe([book.id])
    expect(ended).toBe('{"method":"UNSUBSCRIBE","params":["bnbbtc@depth@100ms"],"id":2}')
    const plan = { path: '/stream', subscriptions: [trades, book] }
    const restored = binance.live.converse(plan, JSON.parse(JSON.stringify(conversation.state)))
    expect(restored.read(`{"result":null,"id":${sent[0]?.id}}`)).toMatchObject({
      kind: 'ack',
      confirmed: [trades.id, book.id],
      released: [],
    })
    expect(restored.read('{"result":null,"id":2}')).toMatchObject({ kind: 'ack', confirmed: [], released: [book.id] })
    expect(restored.read('{"result":null,"id":2}')).toMatchObject({ kind: 'notice', name: 'result' })
    expect(restored.unsubscribe([trades.id])[0]).toContain('"id":3')
  })

  it.each([
    [{ code: 2, msg: 'Invalid request', id: 1 }, 'SUBSCRIBE_REJECTED'],
    [{ error: { code: 2, msg: 'Invalid request' }, id: 1 }, 'SUBSCRIBE_REJECTED'],
    [{ error: 'Invalid request', id: 1 }, 'SUBSCRIBE_REJECTED'],
    [{ code: -1121, msg: 'Invalid symbol.', id: 1 }, 'UNKNOWN_INSTRUMENT'],
  ])('reads the refusal %j as a rejection', (answer, code) => {
    const { read } = converse([trades, book])
    expect(read(answer)).toMatchObject({ kind: 'reject', rejected: [trades.id, book.id], code })
  })

  it('blames no subscription for an error that names none, or for too many messages', () => {
    const { read } = converse([trades])
    expect(read({ code: 3, msg: 'Invalid JSON' })).toMatchObject({ kind: 'failure', code: 'SUBSCRIBE_REJECTED' })
    expect(read({ code: -1003, msg: 'Too many requests', id: 1 })).toMatchObject({
      kind: 'failure',
      code: 'RATE_LIMITED',
    })
  })

  it('never carries one stream twice on a connection, so that books of two depths both get their changes', () => {
    const deep = sub({ channel: 'book', symbol: 'BNBBTC', depth: 5000 })
    expect(binance.live.plan([book, trades, deep]).map(({ subscriptions }) => subscriptions)).toEqual([
      [book, trades],
      [deep],
    ])
  })
})

describe('Binance frames', () => {
  it('reads raw payloads of subscriptions as it reads wrapped ones', () => {
    const { read } = converse([trades, book])
    expect(read(TRADE)).toEqual(read({ stream: 'bnbbtc@trade', data: TRADE }))
    expect(read(DEPTH)).toMatchObject({ kind: 'data', subscription: book.id })
  })

  it('takes data that nobody asked for as a notice, and as data where all is accepted', () => {
    const other = { ...TRADE, s: 'ETHBTC' }
    expect(converse([trades]).read({ stream: 'ethbtc@trade', data: other })).toMatchObject({
      kind: 'notice',
      name: 'trade',
      events: [],
    })
    expect(converse([trades], 'all').read(other)).toMatchObject({ kind: 'data', subscription: 'trades ETHBTC' })
  })

  it('does not take candles of another time zone for those of UTC', () => {
    const data = { e: 'kline', E: 1, s: 'BNBBTC', k: { ...BAR, i: '1d' } }
    expect(converse([], 'all').read({ stream: 'bnbbtc@kline_1d@+08:00', data })).toMatchObject({ kind: 'notice' })
  })

  it.each([
    [{ stream: 'bnbbtc@moon', data: { e: 'moon', s: 'BNBBTC' } }],
    [{ stream: 'bnbbtc@moon', data: TRADE }],
    [{ stream: 'bnbbtc@depth@1ms', data: { ...DEPTH } }],
    [{ stream: 'bnbbtc', data: TRADE }],
    [{ e: 'kline', E: 1, s: 'BNBBTC', k: { ...BAR, i: '7m' } }],
    [{ e: 'toString', s: 'BNBBTC' }],
    [[TRADE, DEPTH]],
    [[]],
    [{}],
  ])('does not guess at %j', (message) => {
    expect(converse([trades]).read(message)).toMatchObject({ kind: 'unknown', events: [] })
    expect(converse([], 'all').read(message)).toMatchObject({ kind: 'unknown', events: [] })
  })

  it.each([
    ['a price as a number', { ...TRADE, p: 0.001 }],
    ['a price that is none', { ...TRADE, p: '' }],
    ['a negative amount', { ...TRADE, q: '-1' }],
    ['no id', { ...TRADE, t: undefined }],
    ['an id that a double cannot hold', { ...TRADE, t: 2 ** 53 }],
    ['no side', { ...TRADE, m: 'true' }],
    ['a time with a fraction', { ...TRADE, T: 1.5 }],
    ['the symbol of another stream', { ...TRADE, s: 'ETHBTC' }],
  ])('calls %s bad, and says whose it was', (_what, data) => {
    expect(converse([trades]).read({ stream: 'bnbbtc@trade', data })).toMatchObject({
      kind: 'bad',
      subscription: trades.id,
      events: [],
    })
  })

  it('calls a book that runs backwards bad', () => {
    expect(converse([book]).read({ ...DEPTH, U: 161 })).toMatchObject({ kind: 'bad', subscription: book.id })
  })

  it('keeps candles of another length apart', () => {
    const { read } = converse([candles])
    const bar = (i: string) => ({ e: 'kline', E: 1, s: 'BNBBTC', k: { ...BAR, i } })
    expect(read(bar('5m'))).toMatchObject({ kind: 'data', subscription: candles.id })
    expect(read(bar('1m'))).toMatchObject({ kind: 'notice' })
    expect(read({ stream: 'bnbbtc@kline_5m', data: bar('1m') })).toMatchObject({ kind: 'bad' })
  })

  it('never throws, whatever text comes', () => {
    const { conversation } = converse([trades, book, candles])
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((text) => `{"stream":"bnbbtc@trade","data":${text}}`),
    )
    fc.assert(
      fc.property(anything, (text) => {
        expect(conversation.read(text).events).toEqual([])
      }),
    )
  })
})

describe('Binance book', () => {
  const delta = (firstSequence: bigint, lastSequence: bigint): BookDelta => ({
    kind: 'book_delta',
    symbol: 'BNBBTC',
    exchangeTime: 0n,
    bids: [],
    asks: [],
    firstSequence,
    lastSequence,
    checksum: undefined,
  })

  it('applies exactly the changes of which the next update is a part', () => {
    const small = fc.bigInt({ min: 0n, max: 12n })
    fc.assert(
      fc.property(small, small, small, fc.boolean(), (sequence, from, length, first) => {
        const change = delta(from, from + length)
        const next = sequence + 1n
        const wanted =
          change.lastSequence !== undefined && change.lastSequence < next ? 'stale' : from <= next ? 'apply' : 'break'
        expect(binance.book.follows(sequence, change, first)).toBe(wanted)
      }),
    )
  })

  it.each([
    [undefined, 1000, 50],
    [5, 1000, 50],
    [1000, 1000, 50],
    [5000, 5000, 250],
  ])('asks for a snapshot of depth %s with the smallest limit of at least 1000', (depth, limit, weight) => {
    const call = binance.book.snapshot?.(sub({ channel: 'book', symbol: 'BNBBTC', ...(depth ? { depth } : {}) }))
    expect(call).toMatchObject({ path: `/api/v3/depth?symbol=BNBBTC&limit=${limit}`, weight })
  })

  it('encodes symbols that are not ASCII, and reads the empty book of a new instrument as older than any change', () => {
    const call = binance.book.snapshot?.(sub({ channel: 'book', symbol: '币安USDT' }))
    expect(call?.path).toContain('symbol=%E5%B8%81%E5%AE%89USDT')
    const snapshot = call?.read('{"lastUpdateId":-1,"bids":[],"asks":[]}')
    expect(snapshot?.sequence).toBe(-1n)
    expect(binance.book.follows(snapshot?.sequence, delta(1n, 1n), true)).toBe('break')
  })

  it.each([
    ['{"code":-1121,"msg":"Invalid symbol."}', 'UNKNOWN_INSTRUMENT'],
    ['{"code":-1003,"msg":"Too many"}', 'RATE_LIMITED'],
    ['{"lastUpdateId":1,"bids":[["1"]],"asks":[]}', 'BAD_MESSAGE'],
    ['<html>', 'BAD_MESSAGE'],
  ])('refuses the answer %s', (body, code) => {
    const read = () => binance.book.snapshot?.(book).read(body)
    expect(read).toThrow(expect.objectContaining({ name: 'CollectorError', code }))
  })

  it('tells by the body of a refusal that a symbol is unknown, and leaves bans and limits to the status', () => {
    expect(binance.refusal?.(400, '{"code":-1121,"msg":"Invalid symbol."}')).toBe('UNKNOWN_INSTRUMENT')
    expect(binance.refusal?.(418, '{"code":-1003,"msg":"banned"}')).toBeUndefined()
    expect(binance.refusal?.(502, '<html>')).toBeUndefined()
  })
})
