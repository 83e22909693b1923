import { describe, expect, it } from 'vitest'
import { bybit } from '../bybit/bybit.js'
import { type ExchangeAdapter, type Subscription, subscriptionId } from '../exchange.js'
import { okx } from '../okx/okx.js'
import { WholeBooks } from './whole-books.js'

const of = { symbol: 'AB', exchangeTime: 1n }

it('the first book is a snapshot, later ones are what changed; a forgotten one begins anew', () => {
  const books = new WholeBooks()
  const first = {
    bids: [
      ['9', '1'],
      ['8', '2'],
    ],
    asks: [['10', '1']],
  } as const
  expect(books.event('k', first, of)).toMatchObject({ kind: 'book_snapshot', ...first })
  const restored = new WholeBooks(JSON.parse(JSON.stringify(books.state)))
  const second = {
    bids: [
      ['9', '1'],
      ['8.5', '3'],
    ],
    asks: [],
  } as const
  for (const each of [books, restored])
    expect(each.event('k', second, of)).toMatchObject({
      kind: 'book_delta',
      bids: [
        ['8', '0'],
        ['8.5', '3'],
      ],
      asks: [['10', '0']],
      lastSequence: undefined,
    })
  books.forget('k')
  expect(books.event('k', second, of)).toMatchObject({ kind: 'book_snapshot' })
})

/** A best level of each venue, numbered. */
const BEST: readonly { adapter: ExchangeAdapter; symbol: string; path: string; frame(n: number): string }[] = [
  {
    adapter: bybit,
    symbol: 'linear/BTCUSDT',
    path: '/v5/public/linear',
    frame: (n) =>
      `{"topic":"orderbook.1.BTCUSDT","type":"snapshot","ts":1672304484978,"data":{"s":"BTCUSDT","b":[["${n}","1"]],"a":[["100","2"]],"u":${n},"seq":1},"cts":1672304484976}`,
  },
  {
    adapter: okx,
    symbol: 'BTC-USDT',
    path: '/ws/v5/public',
    frame: (n) =>
      `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["100","2","0","1"]],"bids":[["${n}","1","0","1"]],"ts":"1780000000050","seqId":${n}}]}`,
  },
]

describe.each(BEST)('a book of one level of $adapter.id', ({ adapter, symbol, path, frame }) => {
  const named = (channel: Subscription['channel'], depth?: number): Subscription => {
    const asked = { channel, symbol, ...(depth ? { depth } : {}) }
    return { id: subscriptionId(asked), pair: 'BTC/USDT', ...asked }
  }
  const [quotes, book] = [named('quotes'), named('book', 1)]
  const plan = { path, subscriptions: [quotes, book] }

  it('shares its topic with the quotes, and both come of each message', () => {
    const conversation = adapter.live.converse(plan)
    expect(conversation.open()).toHaveLength(1)
    expect(JSON.parse(conversation.open()[0] ?? '').args).toHaveLength(1)
    const read = (n: number) => conversation.read(frame(n))
    expect(read(5)).toMatchObject({ kind: 'data', shared: [quotes.id, book.id] })
    expect(read(6).events.map(({ kind }) => kind)).toEqual(['quote', 'book_delta'])
    // The quotes go on when the book is not wanted any more.
    expect(conversation.unsubscribe([book.id])).toEqual([])
    expect(conversation.unsubscribe([quotes.id])).toHaveLength(1)
  })

  it('begins anew with its next message, without a word that would interrupt the quotes', () => {
    const conversation = adapter.live.converse(plan)
    for (const n of [5, 6]) conversation.read(frame(n))
    expect(conversation.resync(book.id)).toEqual([])
    const [, again] = conversation.read(frame(7)).events
    expect(again).toMatchObject({ kind: 'book_snapshot', bids: [['7', '1']], asks: [['100', '2']] })
  })
})
