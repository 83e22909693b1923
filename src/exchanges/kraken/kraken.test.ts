import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRecordings } from '../../../testkit/recordings.js'
import { type Subscription, subscriptionId } from '../exchange.js'
import { kraken } from './kraken.js'

function sub(of: Omit<Subscription, 'id' | 'pair'>): Subscription {
  return { id: subscriptionId(of), pair: of.symbol, ...of }
}
const trades = sub({ channel: 'trades', symbol: 'BTC/USD' })
const book = sub({ channel: 'book', symbol: 'BTC/USD', depth: 100 })
const quotes = sub({ channel: 'quotes', symbol: 'BTC/USD' })
const ohlc = sub({ channel: 'ohlc', symbol: 'BTC/USD', interval: '1m' })
const all = [trades, sub({ channel: 'trades', symbol: 'ETH/USD' }), book, quotes, ohlc]

const converse = (subscriptions: readonly Subscription[] = all) => {
  const conversation = kraken.live.converse({ path: '/v2', subscriptions })
  return { conversation, sent: conversation.open().map((message): unknown => JSON.parse(message)) }
}

describe('Kraken conversation', () => {
  it('asks for every symbol of a channel in one message, trades without their past', () => {
    expect(converse().sent).toEqual([
      { method: 'subscribe', params: { channel: 'trade', snapshot: false, symbol: ['BTC/USD', 'ETH/USD'] }, req_id: 1 },
      { method: 'subscribe', params: { channel: 'book', depth: 100, snapshot: true, symbol: ['BTC/USD'] }, req_id: 2 },
      {
        method: 'subscribe',
        params: { channel: 'ticker', event_trigger: 'bbo', snapshot: true, symbol: ['BTC/USD'] },
        req_id: 3,
      },
      { method: 'subscribe', params: { channel: 'ohlc', interval: 1, snapshot: true, symbol: ['BTC/USD'] }, req_id: 4 },
    ])
  })

  it('rejects the one symbol that an error names, in a field or in its text', () => {
    const error = { method: 'subscribe', req_id: 1, success: false, error: 'Currency pair not supported ETH/USD' }
    const rejected = { kind: 'reject', code: 'UNKNOWN_INSTRUMENT', rejected: ['trades ETH/USD'] }
    expect(converse().conversation.read(JSON.stringify(error))).toMatchObject(rejected)
    const named = { ...error, error: 'Currency pair not supported', symbol: 'ETH/USD' }
    expect(converse().conversation.read(JSON.stringify(named))).toMatchObject(rejected)
  })

  it('rejects all that a request still waits for where the error names no symbol', () => {
    const { conversation } = converse()
    const ack = { method: 'subscribe', req_id: 1, success: true, result: { channel: 'trade', symbol: 'BTC/USD' } }
    expect(conversation.read(JSON.stringify(ack))).toMatchObject({ kind: 'ack', confirmed: ['trades BTC/USD'] })
    const error = { method: 'subscribe', req_id: 1, success: false, error: 'EService:Unavailable' }
    expect(conversation.read(JSON.stringify(error))).toMatchObject({
      kind: 'reject',
      code: 'SUBSCRIBE_REJECTED',
      rejected: ['trades ETH/USD'],
    })
  })

  it('tells the message rate limit, which silently loses subscriptions, from a refusal', () => {
    const error = { method: 'subscribe', req_id: 1, success: false, error: 'Exceeded msg rate' }
    expect(converse().conversation.read(JSON.stringify(error))).toMatchObject({ kind: 'failure', code: 'RATE_LIMITED' })
  })

  it('takes one book anew with the same depth', () => {
    const { conversation } = converse()
    expect(conversation.resync(book.id).map((message): unknown => JSON.parse(message))).toEqual([
      { method: 'unsubscribe', params: { channel: 'book', depth: 100, symbol: ['BTC/USD'] }, req_id: 5 },
      { method: 'subscribe', params: { channel: 'book', depth: 100, snapshot: true, symbol: ['BTC/USD'] }, req_id: 6 },
    ])
    const done = { method: 'unsubscribe', req_id: 5, success: true, result: { channel: 'book', symbol: 'BTC/USD' } }
    expect(conversation.read(JSON.stringify(done))).toMatchObject({ kind: 'ack', released: [book.id] })
  })

  it('spreads two depths of one book over two connections', () => {
    const deeper = sub({ channel: 'book', symbol: 'BTC/USD', depth: 1000 })
    const plans = kraken.live.plan([book, trades, deeper])
    expect(plans.map((plan) => plan.subscriptions)).toEqual([[book, trades], [deeper]])
  })

  it('never throws, whatever JSON comes', () => {
    const { conversation } = converse()
    const channel = fc.constantFrom('trade', 'book', 'ticker', 'ohlc', 'status', 'heartbeat', 'x')
    const odd = fc.record(
      {
        channel,
        type: fc.constantFrom('snapshot', 'update', 'x'),
        data: fc.array(fc.jsonValue()),
        method: fc.string(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((each) => JSON.stringify(each)),
          odd.map((each) => JSON.stringify(each)),
        ),
        (frame) => {
          expect(conversation.read(frame).kind).not.toBe('data')
        },
      ),
    )
  })
})

describe('Kraken messages', () => {
  it('keep the digits of the wire, ids beyond 2^53 and the taker side', () => {
    const { conversation } = converse()
    const frame =
      '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":67010.10,"qty":0.00150000,"ord_type":"market","trade_id":9007199254740993,"timestamp":"2026-08-01T00:00:00.123456Z","new_field":1}]}'
    expect(conversation.read(frame)).toEqual({
      kind: 'data',
      subscription: 'trades BTC/USD',
      events: [
        {
          kind: 'trade',
          symbol: 'BTC/USD',
          exchangeTime: 1785542400123456000n,
          tradeId: '9007199254740993',
          price: '67010.10',
          amount: '0.00150000',
          takerSide: 'sell',
          counter: 9007199254740993n,
        },
      ],
    })
    expect(conversation.read(frame.replace('update', 'snapshot'))).toMatchObject({ kind: 'data', events: [] })
  })

  it('name the subscription of a message that cannot be read', () => {
    const { conversation } = converse()
    const frame = '{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":1}],"asks":[]}]}'
    expect(conversation.read(frame)).toMatchObject({ kind: 'bad', subscription: 'book:100 BTC/USD' })
    expect(conversation.read(frame.slice(0, 40))).toMatchObject({ kind: 'bad', reason: 'not JSON' })
  })

  it('of candles carry the time they were sent, not the end of the interval', () => {
    const item = `{"symbol":"BTC/USD","open":1.0,"high":2.0,"low":1.0,"close":2.0,"trades":3,"volume":0.10,"vwap":1.5,"interval_begin":"2026-08-01T00:01:00.000000000Z","interval":1,"timestamp":"2026-08-01T00:02:00.000000Z"}`
    const frame = `{"channel":"ohlc","type":"update","timestamp":"2026-08-01T00:01:12.114514810Z","data":[${item}]}`
    expect(converse().conversation.read(frame).events).toMatchObject([
      {
        exchangeTime: 1785542472114514810n,
        openTime: 1785542460000000000n,
        interval: '1m',
        closed: undefined,
        trades: 3,
      },
    ])
    const unnamed = frame.replace('"interval":1,', '"interval":21600,')
    expect(converse().conversation.read(unnamed)).toMatchObject({ kind: 'notice', events: [] })
  })

  it('of symbols and channels that nobody asked for are no data, but for a reader of recordings', () => {
    const frame =
      '{"channel":"trade","type":"update","data":[{"symbol":"SOL/USD","side":"buy","price":1,"qty":2,"trade_id":3,"timestamp":"2026-08-01T00:00:00Z"}]}'
    expect(converse().conversation.read(frame)).toMatchObject({ kind: 'notice', events: [] })
    const reader = kraken.live.converse({ path: '/v2', subscriptions: [], accept: 'all' })
    expect(reader.read(frame)).toMatchObject({ kind: 'data', subscription: 'trades SOL/USD' })
    expect(reader.read('{"channel":"level3","type":"update","data":[]}').kind).toBe('notice')
    expect(reader.read('{"channel":"level4","type":"update","data":[]}').kind).toBe('unknown')
  })
})

describe('Kraken instruments', () => {
  const pair = {
    altname: 'XBTUSD',
    wsname: 'XBT/USD',
    pair_decimals: 1,
    lot_decimals: 8,
    tick_size: '0.5',
    status: 'online',
  }
  const read = (result: object) => kraken.instruments[0]?.read(JSON.stringify({ error: [], result }))

  it('have the names and steps of the live feed, and say whether data is expected', () => {
    const { tick_size: _, status: __, ...older } = { ...pair, altname: 'XDGUSD', wsname: 'XDG/USD' }
    const list = read({
      XXBTZUSD: pair,
      XDGUSD: older,
      AAPLxUSD: { ...pair, wsname: 'AAPLx/USD', status: 'cancel_only' },
    })
    expect(list).toMatchObject([
      {
        symbol: 'BTC/USD',
        restSymbol: 'XBTUSD',
        base: 'BTC',
        priceIncrement: '0.5',
        amountIncrement: '0.00000001',
        status: 'trading',
      },
      { symbol: 'DOGE/USD', restSymbol: 'XDGUSD', base: 'DOGE', priceIncrement: '0.1', status: 'trading' },
      { symbol: 'AAPLx/USD', base: 'AAPLx', status: 'halted' },
    ])
  })

  it('are not read from an answer that is an error, whatever its HTTP status', () => {
    const refused = (error: string) => () => kraken.instruments[0]?.read(JSON.stringify({ error: [error] }))
    expect(refused('EAPI:Rate limit exceeded')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }))
    expect(refused('EService:Unavailable')).toThrow(expect.objectContaining({ code: 'EXCHANGE_DOWN' }))
  })
})

const v2 = readRecordings('kraken')?.filter(
  (record) => record.api === 'kraken-ws-v2' && !record.message.includes('"level3"'),
)

describe.skipIf(!v2)('Kraken examples of other projects (skipped where there are none)', () => {
  it('are all known', () => {
    const reader = kraken.live.converse({ path: '/v2', subscriptions: [], accept: 'all' })
    const strange = v2?.filter(({ message }) => ['bad', 'unknown', 'failure'].includes(reader.read(message).kind))
    expect(strange).toEqual([])
    expect(v2?.length).toBeGreaterThan(5)
  })
})
