import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
          fc.jsonValue().map(String),
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
})
