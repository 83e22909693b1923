import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CollectorError } from '../../model/error.js'
import { type Conversation, type Subscription, subscriptionId } from '../exchange.js'
import { bitfinex } from './bitfinex.js'
import { bitfinexChecksum, checksumText } from './checksum.js'

function sub(of: Omit<Subscription, 'id' | 'pair'>): Subscription {
  return { id: subscriptionId(of), pair: 'BTC/USD', ...of }
}
const symbol = 'tBTCUSD'
const trades = sub({ channel: 'trades', symbol })
const book = sub({ channel: 'book', symbol, depth: 100 })
const quotes = sub({ channel: 'quotes', symbol })
const ohlc = sub({ channel: 'ohlc', symbol, interval: '1d' })
const all = [trades, book, quotes, ohlc]

const BOOK = { event: 'subscribed', channel: 'book', symbol, prec: 'P0', freq: 'F0', pair: 'BTCUSD' }
const ACKS = [
  { event: 'conf', status: 'OK', flags: 229376 },
  { event: 'subscribed', channel: 'trades', chanId: 1, symbol, pair: 'BTCUSD', subId: 's0' },
  { ...BOOK, chanId: 2, len: '100', subId: 's1' },
  { ...BOOK, chanId: 3, len: '1', subId: 's2' },
  { event: 'subscribed', channel: 'candles', chanId: 4, key: 'trade:1D:tBTCUSD', subId: 's3' },
]

/** A conversation whose subscriptions are all acknowledged; `tell` gives what a message means. */
function converse(plan = all) {
  const conversation = bitfinex.live.converse({ path: '/ws/2', subscriptions: plan })
  conversation.open()
  const tell = (message: unknown) => conversation.read(typeof message === 'string' ? message : JSON.stringify(message))
  return { conversation, tell, acks: ACKS.map(tell) }
}

describe('Bitfinex checksum', () => {
  const bids = [
    ['67010', '1.25'],
    ['67009', '2'],
  ] as const
  const asks = [
    ['67011', '0.5'],
    ['67012', '0.75'],
  ] as const

  it('gives the published numbers, also where one side is shorter', () => {
    expect(bitfinexChecksum({ bids, asks })).toBe(-62925063)
    expect(bitfinexChecksum({ bids, asks: asks.slice(0, 1) })).toBe(-91739925)
  })

  it('prints prices plainly and amounts as JavaScript does', () => {
    expect(checksumText({ bids: [['1.7e-8', '1.50']], asks: [['230850', '1e-7']] })).toBe(
      '0.000000017:1.5:230850:-1e-7',
    )
  })
})

describe('Bitfinex conversation', () => {
  it('sets the flags first, then asks for each channel by itself', () => {
    const { conversation } = converse()
    expect(
      bitfinex.live
        .converse({ path: '/ws/2', subscriptions: all })
        .open()
        .map((text): unknown => JSON.parse(text)),
    ).toEqual([
      { event: 'conf', flags: 229376 },
      { event: 'subscribe', channel: 'trades', symbol, subId: 's0' },
      { event: 'subscribe', channel: 'book', symbol, prec: 'P0', freq: 'F0', len: '100', subId: 's1' },
      { event: 'subscribe', channel: 'book', symbol, prec: 'P0', freq: 'F0', len: '1', subId: 's2' },
      { event: 'subscribe', channel: 'candles', key: 'trade:1D:tBTCUSD', subId: 's3' },
    ])
    expect(conversation.unsubscribe([trades.id])).toEqual(['{"event":"unsubscribe","chanId":1}'])
  })

  it('knows by the acknowledgement which of two books of a symbol a channel is', () => {
    const { acks } = converse()
    expect(acks.slice(1).map((each) => each.kind === 'ack' && each.confirmed)).toEqual(all.map(({ id }) => [id]))
  })

  it('sees a hole in the sequence of the connection, whatever message it is found at', () => {
    const { tell } = converse()
    expect(tell([1, 'hb', 1, 1780000000000])).toEqual({ kind: 'heartbeat', proves: [trades.id], events: [] })
    expect(tell([2, 'hb', 2, 1780000000000]).events).toEqual([])
    expect(tell([2, [67010, 1, 1], 4, 1780000000000]).events).toMatchObject([
      { kind: 'break', code: 'SEQUENCE_GAP', symbol: undefined },
      { kind: 'book_delta' },
    ])
    expect(tell([1, 'hb', 5, 1780000000000]).events).toEqual([])
    expect(tell('[2, [67010, "x"], 7, 1780000000000]')).toMatchObject({
      kind: 'bad',
      subscription: book.id,
      events: [{ kind: 'break', code: 'SEQUENCE_GAP' }],
    })
  })

  it('does not store twice what was sent twice', () => {
    const { tell } = converse()
    const te = [1, 'te', [5, 1780000000456, -0.005, 67009], 1, 1780000000460]
    expect(tell(te).kind).toBe('data')
    expect(tell(te)).toMatchObject({ kind: 'notice', events: [] })
  })

  it('gives up a connection on which a channel was never acknowledged', () => {
    const { tell } = converse()
    expect(tell([77, [67010, 1, 1], 1, 1780000000000])).toMatchObject({
      kind: 'unknown',
      events: [{ kind: 'break', symbol: undefined }],
    })
  })

  it('takes one book anew under a new channel, and does not mix in what the old one still sends', () => {
    const { conversation, tell } = converse()
    expect(conversation.resync(book.id).map((text): unknown => JSON.parse(text))).toMatchObject([
      { event: 'unsubscribe', chanId: 2 },
      { event: 'subscribe', channel: 'book', len: '100', subId: 's1' },
    ])
    expect(conversation.resync(book.id)).toEqual([])
    expect(tell([2, [67010, 1, 1], 1, 1780000000000])).toMatchObject({ kind: 'notice' })
    expect(tell({ event: 'unsubscribed', status: 'OK', chanId: 2 })).toMatchObject({ released: [book.id] })
    expect(tell([2, [67010, 1, 1], 2, 1780000000000])).toMatchObject({ kind: 'notice' })
    expect(tell({ ...BOOK, chanId: 9, len: '100', subId: 's1' })).toMatchObject({ confirmed: [book.id] })
    expect(tell([9, [[67010, 1, 1]], 3, 1780000000000])).toMatchObject({
      kind: 'data',
      events: [{ kind: 'book_snapshot' }],
    })
  })

  it('maps errors to the subscription whose request they repeat', () => {
    const tell = (error: object) => {
      const conversation = bitfinex.live.converse({ path: '/ws/2', subscriptions: all })
      conversation.open()
      return conversation.read(JSON.stringify({ event: 'error', ...error }))
    }
    const request = { channel: 'book', symbol, prec: 'P0', freq: 'F0', len: '1' }
    expect(tell({ msg: 'symbol: invalid', code: 10300, ...request })).toMatchObject({
      kind: 'reject',
      code: 'UNKNOWN_INSTRUMENT',
      rejected: [quotes.id],
    })
    expect(tell({ msg: 'subscribe: limit', code: 10305, subId: 's3' })).toMatchObject({
      code: 'SUBSCRIBE_REJECTED',
      rejected: [ohlc.id],
    })
    expect(tell({ msg: 'not ready', code: 11000 })).toMatchObject({ kind: 'failure' })
  })

  it('obeys word of the platform', () => {
    const { tell } = converse()
    const actions = [20051, 20060, 20061].map((code) => tell({ event: 'info', code, msg: '' }))
    expect(actions).toMatchObject([{ action: 'reconnect' }, { action: 'pause' }, { action: 'resume' }])
  })

  it('never throws, whatever JSON comes', () => {
    const { conversation } = converse()
    const message = fc.tuple(
      fc.integer({ min: 1, max: 5 }),
      fc.oneof(fc.constantFrom('hb', 'cs', 'te', 'tu'), fc.jsonValue()),
    )
    const more = fc.tuple(message, fc.array(fc.jsonValue())).map(([head, tail]) => [...head, ...tail])
    const event = fc
      .record({ event: fc.constantFrom('info', 'conf', 'subscribed', 'error', 'x') })
      .chain((head) =>
        fc
          .dictionary(fc.constantFrom('code', 'chanId', 'channel', 'symbol', 'flags', 'msg'), fc.jsonValue())
          .map((tail) => ({ ...head, ...tail })),
      )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.oneof(more, event).map((each) => JSON.stringify(each)),
        ),
        (frame) => {
          expect(conversation.read(frame).events).toBeDefined()
        },
      ),
    )
  })
})

describe('Bitfinex messages', () => {
  it('count a trade once: `te`, neither the snapshot nor `tu`', () => {
    const { tell } = converse()
    expect(tell('[1,[[1234567890,1780000000123,0.0125,67010]],1,1780000000200]')).toMatchObject({
      kind: 'data',
      events: [],
    })
    expect(tell('[1,"te",[9007199254740993,1780000000456,-0.0050,67009.0],2,1780000000460,"trades"]')).toEqual({
      kind: 'data',
      subscription: trades.id,
      events: [
        {
          kind: 'trade',
          symbol,
          exchangeTime: 1780000000456000000n,
          tradeId: '9007199254740993',
          price: '67009.0',
          amount: '0.0050',
          takerSide: 'sell',
          counter: undefined,
        },
      ],
    })
    expect(tell('[1,"tu",[9007199254740993,1780000000456,-0.0050,67009.0],3,1780000001460]')).toMatchObject({
      kind: 'data',
      events: [],
    })
  })

  it('set, remove and prove levels of a book', () => {
    const { tell } = converse()
    const time = 1780000000000
    expect(tell(`[2,[[67010,3,1.25],[67011,1,-5e-7]],1,${time}]`).events).toMatchObject([
      {
        kind: 'book_snapshot',
        bids: [['67010', '1.25']],
        asks: [['67011', '5e-7']],
        exchangeTime: BigInt(time) * 1_000_000n,
      },
    ])
    expect(tell(`[2,[67010,0,1],2,${time}]`).events).toMatchObject([
      { kind: 'book_delta', bids: [['67010', '0']], asks: [] },
    ])
    expect(tell(`[2,[67011,0,-1],3,${time}]`).events).toMatchObject([
      { kind: 'book_delta', bids: [], asks: [['67011', '0']] },
    ])
    expect(tell(`[2,"cs",-62925063,4,${time}]`).events).toMatchObject([
      { kind: 'book_delta', bids: [], asks: [], checksum: -62925063 },
    ])
  })

  it('give quotes from a book of one level, never a crossed one in between', () => {
    const { tell } = converse()
    let sequence = 0
    const quotesOf = (payload: string) =>
      tell(`[3,${payload},${++sequence},1780000000000]`).events.map(
        (each) => each.kind === 'quote' && [each.bidPrice, each.bidAmount, each.askPrice, each.askAmount],
      )
    expect(quotesOf('[[67010,3,1.25],[67011,1,-0.5]]')).toEqual([['67010', '1.25', '67011', '0.5']])
    expect(quotesOf('[67012,1,2]')).toEqual([])
    expect(quotesOf('[67011,0,-1]')).toEqual([])
    expect(quotesOf('[67010,0,1]')).toEqual([])
    expect(quotesOf('[67013,1,-3]')).toEqual([['67012', '2', '67013', '3']])
  })

  it('read candles with the close before the high, oldest first', () => {
    const { tell } = converse()
    const events = tell('[4,[[1780099200000,2,3,4,1,9],[1780012800000,1,2,2,1,5.50]],1,1780100000000]').events
    expect(events).toMatchObject([
      { kind: 'candle', interval: '1d', openTime: 1780012800000000000n, volume: '5.50' },
      { openTime: 1780099200000000000n, open: '2', close: '3', high: '4', low: '1', closed: undefined },
    ])
  })

  it('are read by the flags that the connection confirmed', () => {
    const conversation: Conversation = bitfinex.live.converse({ path: '/ws/2', subscriptions: [trades] })
    conversation.read('{"event":"conf","status":"OK","flags":65536}')
    conversation.read(JSON.stringify(ACKS[1]))
    expect(conversation.read('[1,"hb",1]').kind).toBe('heartbeat')
    expect(conversation.read('[1,"hb",3]').events).toMatchObject([{ code: 'SEQUENCE_GAP' }])
  })

  it('prove nothing where the flags were never confirmed: such a connection is given up', () => {
    const conversation = bitfinex.live.converse({ path: '/ws/2', subscriptions: [trades] })
    conversation.read(JSON.stringify(ACKS[1]))
    expect(conversation.read('[1,"hb"]').events).toMatchObject([{ kind: 'break', symbol: undefined }])
    const refused = conversation.read('{"event":"conf","status":"FAILED","flags":229376}')
    expect(refused).toMatchObject({ kind: 'failure', events: [{ kind: 'break', symbol: undefined }] })
  })
})

describe('Bitfinex instruments', () => {
  const read = (body: unknown) => bitfinex.instruments[0]?.read(JSON.stringify(body)) ?? []

  it('have the usual names of currencies, and perpetuals their market', () => {
    const list = read([
      ['BTCUST', 'DOGE:USD', 'DSHUSD', 'EUTUSD', 'ABCDEFG'],
      ['BTCF0:USTF0'],
      [
        ['UST', 'USDt'],
        ['DSH', 'DASH'],
        ['EUT', 'EURt'],
      ],
    ])
    expect(list.map(({ symbol, pair, kind }) => `${symbol} ${pair} ${kind}`)).toEqual([
      'tBTCUST BTC/USDT spot',
      'tDOGE:USD DOGE/USD spot',
      'tDSHUSD DASH/USD spot',
      'tEUTUSD EURT/USD spot',
      'tBTCF0:USTF0 BTC/USDT:perp perpetual',
    ])
  })

  it('call USDT by its name where the venue sends no table', () => {
    expect(read([['BTCUST', 'BTCUSD']]).map(({ pair }) => pair)).toEqual(['BTC/USDT', 'BTC/USD'])
  })

  it('tell a rate limit and maintenance from nonsense', () => {
    const code = (body: unknown) => {
      try {
        return read(body).length
      } catch (error) {
        return error instanceof CollectorError ? error.code : error
      }
    }
    expect(code(['error', 11010, 'ratelimit: error'])).toBe('RATE_LIMITED')
    expect(code(['error', 20060, 'maintenance'])).toBe('EXCHANGE_DOWN')
    expect(code({ error: 'x' })).toBe('BAD_MESSAGE')
    expect(bitfinex.refusal?.(429, '["error",11010,"ratelimit: error"]')).toBe('RATE_LIMITED')
    expect(bitfinex.refusal?.(500, '["error",20060,"maintenance"]')).toBe('EXCHANGE_DOWN')
    expect(bitfinex.refusal?.(502, '<html>')).toBeUndefined()
  })
})

describe('what several subscriptions of Bitfinex share', () => {
  const perp = (channel: Subscription['channel'], of: string): Subscription =>
    sub({ channel, symbol: `t${of}F0:USTF0` })
  const funding = perp('funding', 'BTC')
  const mark = perp('mark_price', 'BTC')
  const [btc, eth] = [perp('liquidations', 'BTC'), perp('liquidations', 'ETH')]
  const ack = (chanId: number, key: string, subId: string) => ({
    event: 'subscribed',
    channel: 'status',
    chanId,
    key,
    subId,
  })
  const forced = (of: string) => [
    'pos',
    1,
    1780000000742,
    null,
    `t${of}F0:USTF0`,
    -0.5,
    67100.5,
    null,
    0,
    1,
    null,
    null,
  ]

  it('is one status of a derivative, asked for once and ended by the last that wants it', () => {
    const { conversation, tell } = converse([funding, mark])
    expect(conversation.open().filter((message) => message.includes('deriv:'))).toHaveLength(1)
    expect(tell(ack(9, 'deriv:tBTCF0:USTF0', 's0'))).toMatchObject({ confirmed: [funding.id, mark.id] })
    expect(conversation.unsubscribe([funding.id])).toEqual([])
    expect(conversation.unsubscribe([mark.id])).toEqual([JSON.stringify({ event: 'unsubscribe', chanId: 9 })])
    expect(tell({ event: 'unsubscribed', status: 'OK', chanId: 9 })).toMatchObject({ released: [funding.id, mark.id] })
  })

  it('is one channel of all liquidations, of which each instrument gets its own and nobody gets the rest', () => {
    const { tell } = converse([btc, eth])
    tell(ack(9, 'liq:global', 's0'))
    expect(tell([9, [forced('ETH'), forced('XRP')], 1, 1780000000900])).toMatchObject({
      kind: 'data',
      shared: [btc.id, eth.id],
      events: [{ symbol: 'tETHF0:USTF0', side: 'buy', amount: '0.5', exchangeTime: 1780000000742000000n }],
    })
  })

  it('can be on one connection, and one refusal refuses all of it', () => {
    expect(bitfinex.live.plan([funding, mark, btc, eth])).toHaveLength(1)
    const { tell } = converse([funding, mark])
    const error = {
      event: 'error',
      msg: 'key: invalid',
      code: 10300,
      channel: 'status',
      key: 'deriv:tBTCF0:USTF0',
      subId: 's0',
    }
    expect(tell(error)).toMatchObject({ kind: 'reject', rejected: [funding.id, mark.id] })
  })
})
