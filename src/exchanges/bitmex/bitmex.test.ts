import { describe, expect, it } from 'vitest'
import type { Subscription } from '../exchange.js'
import { bitmex } from './bitmex.js'

const XBT = { symbol: 'XBTUSD', pair: 'BTC/USD:perp' } as const
const BOOK: Subscription = { id: 'book', channel: 'book', ...XBT, depth: 10_000 }
const TOP: Subscription = { id: 'top', channel: 'book', ...XBT, depth: 10 }
const FUNDING: Subscription = { id: 'funding', channel: 'funding', ...XBT }
const MARK: Subscription = { id: 'mark', channel: 'mark_price', ...XBT }

const converse = (...subscriptions: Subscription[]) => bitmex.live.converse({ path: '/realtime', subscriptions })
const message = (table: string, action: string, ...data: object[]) => JSON.stringify({ table, action, data })
const row = (id: number, side: string, size?: number, price?: number) => ({ symbol: 'XBTUSD', id, side, size, price })
const l2 = (action: string, ...rows: object[]) => message('orderBookL2', action, ...rows)
const ask = (op: string, ...topics: string[]) => topics.map((topic) => JSON.stringify({ op, args: [topic] }))

describe('the book of BitMEX', () => {
  it('reads no change before the book was told whole, nor after it was given up, so that none is laid on another book', () => {
    const conversation = converse(BOOK)
    expect(conversation.read(l2('insert', row(1, 'Buy', 5, 100)))).toMatchObject({ kind: 'notice', events: [] })
    expect(conversation.read(l2('partial', row(1, 'Buy', 5, 100)))).toMatchObject({
      kind: 'data',
      subscription: 'book',
    })
    expect(conversation.read(l2('update', row(1, 'Buy', 7)))).toMatchObject({ events: [{ bids: [['100', '7']] }] })
    expect(conversation.resync('book')).toEqual([
      ...ask('unsubscribe', 'orderBookL2:XBTUSD'),
      ...ask('subscribe', 'orderBookL2:XBTUSD'),
    ])
    expect(conversation.read(l2('update', row(1, 'Buy', 9)))).toMatchObject({ kind: 'notice', events: [] })
  })

  it('says that its book is wrong when a row changes that was never told: its insertion was lost', () => {
    const conversation = converse(BOOK)
    conversation.read(l2('partial', row(1, 'Buy', 5, 100)))
    expect(conversation.read(l2('update', row(2, 'Sell', 7)))).toMatchObject({ kind: 'bad', subscription: 'book' })
    // A window moves over rows that nobody told: a removal of such a row changes nothing.
    expect(conversation.read(l2('delete', row(3, 'Sell')))).toMatchObject({
      kind: 'data',
      events: [{ bids: [], asks: [] }],
    })
  })

  it('removes by the action: a row that is deleted with its size does not stay', () => {
    const conversation = converse(BOOK)
    conversation.read(l2('partial', row(1, 'Buy', 5, 100), row(2, 'Sell', 6, 101)))
    const gone = conversation.read(l2('delete', row(2, 'Sell', 6, 101)))
    expect(gone).toMatchObject({ events: [{ bids: [], asks: [['101', '0']] }] })
  })

  it('makes changes of whole top tens, and begins anew after a resync', () => {
    const conversation = converse(TOP)
    const top = (action: string, bids: number[][], asks: number[][]) =>
      conversation.read(message('orderBook10', action, { symbol: 'XBTUSD', bids, asks }))
    expect(top('partial', [[100, 1]], [[101, 2]])).toMatchObject({ events: [{ kind: 'book_snapshot' }] })
    const changed = top(
      'update',
      [[99.5, 4]],
      [
        [101, 2],
        [102, 3],
      ],
    )
    expect(changed).toMatchObject({
      events: [
        {
          kind: 'book_delta',
          bids: [
            ['100', '0'],
            ['99.5', '4'],
          ],
          asks: [['102', '3']],
        },
      ],
    })
    conversation.resync('top')
    expect(top('update', [[99.5, 4]], [[101, 2]])).toMatchObject({ events: [{ kind: 'book_snapshot' }] })
  })
})

describe('a topic that several channels share', () => {
  it('is asked for once, goes on while somebody wants it, and brings nobody what is another’s', () => {
    const both = converse(FUNDING, MARK)
    expect(both.open()).toEqual(ask('subscribe', 'instrument:XBTUSD', 'funding:XBTUSD'))
    expect(both.unsubscribe(['funding'])).toEqual(ask('unsubscribe', 'funding:XBTUSD'))
    const answer = JSON.stringify({ success: true, unsubscribe: 'funding:XBTUSD', request: {} })
    expect(both.read(answer)).toMatchObject({ kind: 'ack', released: ['funding'] })
    expect(both.unsubscribe(['mark'])).toEqual(ask('unsubscribe', 'instrument:XBTUSD'))

    const mark = converse(MARK)
    const instrument = { symbol: 'XBTUSD', fundingRate: 0.0001, markPrice: 100.5, openInterest: 7 }
    const { events } = mark.read(message('instrument', 'partial', instrument))
    expect(events).toMatchObject([{ kind: 'mark_price', price: '100.5' }])
  })

  it('keeps what a change of the rate leaves out, also over a restart', () => {
    const first = converse(FUNDING)
    const next = '2026-08-01T04:00:00.000Z'
    first.read(message('instrument', 'partial', { symbol: 'XBTUSD', fundingRate: 0.0001, fundingTimestamp: next }))
    const saved = JSON.parse(JSON.stringify(first.state))
    const restored = bitmex.live.converse({ path: '/realtime', subscriptions: [FUNDING] }, saved)
    const { events } = restored.read(
      message('instrument', 'update', { symbol: 'XBTUSD', indicativeFundingRate: 0.0002 }),
    )
    expect(events).toMatchObject([
      { rate: '0.0001', predictedRate: '0.0002', nextFundingTime: BigInt(Date.parse(next)) * 1_000_000n },
    ])
  })
})

describe('instruments of BitMEX', () => {
  it('have our names of coins, their end, and what one contract is', () => {
    const common = { state: 'Open', underlying: 'XBT', quoteCurrency: 'USD', tickSize: 0.5, lotSize: 100 }
    const [list] = bitmex.instruments
    const read = list?.read(
      JSON.stringify([
        {
          ...common,
          symbol: 'XBTU26',
          typ: 'FFCCSX',
          expiry: '2026-09-25T12:00:00.000Z',
          settlCurrency: 'XBt',
          multiplier: -100000000,
          underlyingToSettleMultiplier: -100000000,
          isInverse: true,
        },
        {
          ...common,
          symbol: 'XBT_USDT',
          typ: 'IFXXXP',
          quoteCurrency: 'USDT',
          settlCurrency: '',
          underlyingToPositionMultiplier: 100000000,
          tickSize: 1e-9,
        },
        { ...common, symbol: '.BXBT', typ: 'MRCXXX' },
      ]),
    )
    expect(read).toMatchObject([
      {
        pair: 'BTC/USD:20260925',
        kind: 'future',
        contract: 'inverse',
        contractSize: '1',
        contractUnit: 'quote',
        settle: 'BTC',
      },
      {
        pair: 'BTC/USDT',
        kind: 'spot',
        contractSize: '0.00000001',
        contractUnit: 'base',
        priceIncrement: '0.000000001',
      },
    ])
    expect(read).toHaveLength(2)
  })
})

it('tells what was traded of each instrument in its quote, and of indices nothing', () => {
  const rows = [
    { symbol: 'XBTUSD', foreignNotional24h: 1500, homeNotional24h: 0.02, lastPrice: 67010.5 },
    { symbol: '.BXBT', lastPrice: 67010.12, foreignNotional24h: null },
  ]
  expect(bitmex.volumes?.[0]?.read(JSON.stringify(rows))).toEqual([
    { symbol: 'XBTUSD', amount: { quote: 1500 }, last: 67010.5 },
  ])
})
