import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Subscription } from '../exchange.js'
import { coinbaseAdvanced } from './coinbase-advanced.js'

const BTC = { symbol: 'BTC-USD', pair: 'BTC/USD' } as const
const BOOK: Subscription = { id: 'book', channel: 'book', ...BTC }
const TRADES: Subscription = { id: 'trades', channel: 'trades', ...BTC }
const converse = (...subscriptions: Subscription[]) => coinbaseAdvanced.live.converse({ path: '/', subscriptions })

/** What came in the documented session. */
const SESSION = readFileSync(join(import.meta.dirname, 'frames', 'session.ndjson'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter(({ direction }) => direction === 'in')
  .map(({ message }): string => message)

const breaks = (frames: readonly string[]) => {
  const conversation = converse(BOOK, TRADES)
  return frames.flatMap((frame) => conversation.read(frame).events).filter(({ kind }) => kind === 'break')
}

describe('the sequence of a connection to Coinbase Advanced', () => {
  it('shows every message that is lost or out of order, whatever it was of', () => {
    expect(breaks(SESSION)).toEqual([])
    const counted = SESSION.flatMap((frame, index) => (frame.includes('sequence_num') ? [index] : []))
    for (const lost of counted.slice(1, -1)) {
      const rest = SESSION.filter((_, index) => index !== lost)
      expect(breaks(rest), `losing ${lost}`).toMatchObject([{ code: 'SEQUENCE_GAP', symbol: undefined }])
      const [before, after] = [SESSION.slice(0, lost), SESSION.slice(lost + 1)]
      const next = after.findIndex((frame) => frame.includes('sequence_num'))
      const swapped = [...before, ...after.slice(next, next + 1), SESSION[lost] ?? '', ...after.slice(next + 1)]
      expect(breaks(swapped).length, `swapping ${lost}`).toBeGreaterThan(0)
    }
  })

  it('tells a message that comes twice from one that is missing', () => {
    expect(breaks(SESSION.flatMap((frame) => [frame, frame]))).toEqual([])
  })

  it('goes on after a restart', () => {
    const first = converse(BOOK)
    first.read(SESSION[0] ?? '')
    const saved = JSON.parse(JSON.stringify(first.state))
    const second = coinbaseAdvanced.live.converse({ path: '/', subscriptions: [BOOK] }, saved)
    expect(second.read(SESSION[2] ?? '').events).toMatchObject([{ kind: 'break' }])
  })
})

it('brings the trades of a batch in the order of their ids', () => {
  const trade = (id: number) => ({
    trade_id: String(id),
    product_id: 'BTC-USD',
    price: '1',
    size: '2',
    side: 'BUY',
    time: '2026-08-01T00:00:00Z',
  })
  const message = { channel: 'market_trades', events: [{ type: 'update', trades: [trade(9), trade(8), trade(10)] }] }
  const { events } = converse(TRADES).read(JSON.stringify(message))
  expect(events.map((event) => event.kind === 'trade' && event.counter)).toEqual([8n, 9n, 10n])
})

it('tells what was traded of each product in its base, and nothing of those that never traded', () => {
  const products = [
    { product_id: 'BTC-USD', volume_24h: '7000.5', price: '67010.01' },
    { product_id: 'NEW-USD', volume_24h: '', price: '' },
  ]
  expect(coinbaseAdvanced.volumes?.[0]?.read(JSON.stringify({ products }))).toEqual([
    { symbol: 'BTC-USD', amount: { base: 7000.5 }, last: 67010.01 },
  ])
})
