import { describe, expect, it } from 'vitest'
import type { Subscription } from '../exchange.js'
import { coinbase } from './coinbase.js'

const BTC = { symbol: 'BTC-USD', pair: 'BTC/USD' } as const
const TRADES: Subscription = { id: 'trades', channel: 'trades', ...BTC }
const BOOK: Subscription = { id: 'book', channel: 'book', ...BTC }
const OTHER: Subscription = { id: 'other', channel: 'book', symbol: 'ETH-USD', pair: 'ETH/USD' }

const converse = (...subscriptions: Subscription[]) => coinbase.live.converse({ path: '/', subscriptions })
const lists = (channels: Record<string, string[]>) =>
  JSON.stringify({
    type: 'subscriptions',
    channels: Object.entries(channels).map(([name, product_ids]) => ({ name, product_ids })),
  })
const refused = (reason: string) => JSON.stringify({ type: 'error', message: 'Failed to subscribe', reason })

describe('answers of Coinbase, which list all that is subscribed', () => {
  it('confirm each subscription once, when it is in the list', () => {
    const conversation = converse(TRADES, BOOK)
    expect(conversation.read(lists({ matches: ['BTC-USD'] }))).toMatchObject({ confirmed: ['trades'], released: [] })
    const both = lists({ matches: ['BTC-USD'], level2_batch: ['BTC-USD'] })
    expect(conversation.read(both)).toMatchObject({ confirmed: ['book'] })
    expect(conversation.read(both)).toMatchObject({ confirmed: [], released: [] })
  })

  it('end a subscription only when it is no longer listed, and a resync is no end', () => {
    const conversation = converse(TRADES, BOOK)
    const both = lists({ matches: ['BTC-USD'], level2_batch: ['BTC-USD'] })
    conversation.read(both)
    expect(conversation.resync('book')).toHaveLength(2)
    expect(conversation.read(lists({ matches: ['BTC-USD'] }))).toMatchObject({ confirmed: [], released: [] })
    conversation.read(both)
    conversation.unsubscribe(['trades'])
    expect(conversation.read(both)).toMatchObject({ released: [] })
    expect(conversation.read(lists({ level2_batch: ['BTC-USD'] }))).toMatchObject({ released: ['trades'] })
  })

  it('refuse the product that they name and no other', () => {
    const conversation = converse(BOOK, OTHER)
    expect(conversation.read(refused('ETH-USD is not a valid product'))).toMatchObject({
      kind: 'reject',
      rejected: ['other'],
      code: 'UNKNOWN_INSTRUMENT',
    })
    expect(conversation.read(refused('level2_batch is not available'))).toMatchObject({ code: 'SUBSCRIBE_REJECTED' })
    expect(conversation.read(refused('rate limit exceeded'))).toMatchObject({ kind: 'failure', code: 'RATE_LIMITED' })
  })
})

describe('REST of Coinbase', () => {
  it('tells an error that comes with status 200 from data', () => {
    const call = coinbase.book.snapshot?.(BOOK)
    expect(() => call?.read('{"message":"NotFound"}')).toThrow(expect.objectContaining({ code: 'UNKNOWN_INSTRUMENT' }))
    expect(() => call?.read('<html>maintenance</html>')).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }))
    expect(call?.read('{"bids":[["1.0","2",3]],"asks":[],"sequence":5,"time":"2026-08-01T00:00:00Z"}')).toMatchObject({
      bids: [['1.0', '2']],
      sequence: undefined,
    })
  })
})
