import { describe, expect, it } from 'vitest'
import { listInstruments } from '../../capture/list-instruments.js'
import { type Subscription, subscriptionId } from '../exchange.js'
import { okx } from './okx.js'

function of(channel: Subscription['channel'], symbol: string, more: Partial<Subscription> = {}): Subscription {
  return { id: subscriptionId({ channel, symbol, ...more }), channel, symbol, pair: 'A/B', ...more }
}

function talk(...subscriptions: Subscription[]) {
  const conversation = okx.live.converse({ path: '/ws/v5/public', subscriptions })
  const asked = conversation.open().map((text) => JSON.parse(text))
  return { conversation, asked, hear: (message: object) => conversation.read(JSON.stringify(message)) }
}

const read = (messages: readonly string[] = []) => messages.map((text) => JSON.parse(text))

describe('OKX', () => {
  it('asks for fills and candles on one socket, for all else on the other, and for few books on each connection', () => {
    const symbols = Array.from({ length: 60 }, (_, n) => `COIN${n}-USDT`)
    const plans = okx.live.plan(
      symbols.flatMap((symbol) => [
        of('trades', symbol),
        of('book', symbol, { depth: 400 }),
        of('quotes', symbol),
        of('ohlc', symbol, { interval: '1m' }),
      ]),
    )
    const counts = plans.map(({ path, subscriptions }) => [
      path.slice(7),
      subscriptions.filter(({ channel }) => channel === 'book').length,
      subscriptions.length,
    ])
    expect(counts).toEqual([
      ['business', 0, 120],
      ['public', 25, 85],
      ['public', 25, 25],
      ['public', 10, 10],
    ])
  })

  it('the arguments of a connection have less than 64 KB', () => {
    const many = Array.from({ length: 400 }, (_, n) => of('mark_price', `1000000LONGNAME${n}-USDT-SWAP`))
    for (const plan of okx.live.plan(many)) {
      const args = read(okx.live.converse(plan).open()).flatMap(({ args: some }) => some)
      expect(JSON.stringify(args).length).toBeLessThan(64 * 1024)
    }
  })

  it('an index and a list of liquidations serve several instruments, are asked for once and ended by the last', () => {
    const [swap, future] = [of('index_price', 'BTC-USDT-SWAP'), of('index_price', 'BTC-USDT-260925')]
    const [one, two] = [of('liquidations', 'BTC-USDT-SWAP'), of('liquidations', 'ETH-USDT-SWAP')]
    const { conversation, asked, hear } = talk(swap, future, one, two)
    expect(asked[0].args).toEqual([
      { channel: 'index-tickers', instId: 'BTC-USDT' },
      { channel: 'liquidation-orders', instType: 'SWAP' },
    ])
    const index = hear({
      arg: { channel: 'index-tickers', instId: 'BTC-USDT' },
      data: [{ instId: 'BTC-USDT', idxPx: '67000.5', ts: '5' }],
    })
    expect(index).toMatchObject({ kind: 'data', shared: [swap.id, future.id] })
    expect(index.events).toMatchObject([
      { kind: 'index_price', symbol: 'BTC-USDT-SWAP', price: '67000.5' },
      { kind: 'index_price', symbol: 'BTC-USDT-260925', price: '67000.5' },
    ])
    const detail = { bkLoss: '0', bkPx: '1', ccy: '', posSide: 'long', side: 'sell', sz: '2', ts: '5' }
    const liquidated = hear({
      arg: { channel: 'liquidation-orders', instType: 'SWAP' },
      data: ['DOGE-USDT-SWAP', 'ETH-USDT-SWAP'].map((instId) => ({ instId, details: [detail, detail] })),
    })
    expect(liquidated.events.map((each) => each.symbol)).toEqual(['ETH-USDT-SWAP', 'ETH-USDT-SWAP'])
    expect(conversation.unsubscribe([swap.id])).toEqual([])
    expect(read(conversation.unsubscribe([future.id]))).toMatchObject([
      { op: 'unsubscribe', args: [{ channel: 'index-tickers', instId: 'BTC-USDT' }] },
    ])
  })

  it('what is refused by name is refused alone; a refusal of a request that names nothing is asked one by one', () => {
    const { hear } = talk(of('quotes', 'BTC-USDT'), of('quotes', 'BTC-USDT-SWAP'), of('mark_price', 'BTC-USDT-SWAP'))
    const refused = hear({
      id: '1',
      event: 'error',
      code: '60018',
      msg: "Wrong URL or channel:bbo-tbt,instId:BTC-USDT doesn't exist.",
    })
    expect(refused).toMatchObject({ kind: 'reject', rejected: ['quotes BTC-USDT'], code: 'UNKNOWN_INSTRUMENT' })
    expect(read(refused.reply)).toMatchObject([
      { id: '2', args: [{ instId: 'BTC-USDT-SWAP' }, { channel: 'mark-price' }] },
    ])
    const again = hear({ id: '2', event: 'error', code: '60012', msg: 'Invalid request' })
    expect(read(again.reply).map(({ id, args }) => [id, args.length])).toEqual([
      ['3', 1],
      ['4', 1],
    ])
    expect(hear({ id: '3', event: 'error', code: '60012', msg: 'Invalid request' })).toMatchObject({
      rejected: ['quotes BTC-USDT-SWAP'],
      code: 'SUBSCRIBE_REJECTED',
    })
  })

  it('a book follows the number before, also where numbers begin anew, and knows the message it had last', () => {
    const follows = (at: bigint | undefined, firstSequence: bigint | undefined, lastSequence: bigint | undefined) =>
      okx.book.follows(
        at,
        {
          kind: 'book_delta',
          symbol: 'x',
          exchangeTime: 1n,
          bids: [],
          asks: [],
          checksum: undefined,
          firstSequence,
          lastSequence,
        },
        false,
      )
    expect(follows(10n, 10n, 15n)).toBe('apply')
    expect(follows(10n, 10n, 10n)).toBe('apply')
    expect(follows(10n, 10n, 3n)).toBe('apply')
    expect(follows(10n, 7n, 10n)).toBe('stale')
    expect(follows(10n, 11n, 15n)).toBe('break')
    // The numbers began anew in a message that was lost.
    expect(follows(10n, 3n, 5n)).toBe('break')
    expect(follows(undefined, undefined, undefined)).toBe('apply')
  })

  it('a checksum of 0 is none', () => {
    const book = of('book', 'BTC-USDT', { depth: 400 })
    const { hear } = talk(book)
    const message = (checksum: number) => ({
      arg: { channel: 'books', instId: 'BTC-USDT' },
      action: 'snapshot',
      data: [
        { asks: [['2', '1', '0', '1']], bids: [['1', '1', '0', '1']], ts: '5', checksum, seqId: 7, prevSeqId: -1 },
      ],
    })
    expect(hear(message(0)).events).toMatchObject([{ checksum: undefined, sequence: 7n }])
    expect(hear(message(-12)).events).toMatchObject([{ checksum: -12 }])
  })

  it('lists spot, swaps and futures, and refuses an error in a 200', async () => {
    const shared = {
      state: 'live',
      tickSz: '0.1',
      lotSz: '1',
      ctVal: '0.01',
      ctMult: '1',
      ctValCcy: 'BTC',
      ctType: 'linear',
    }
    const rows: Record<string, object[]> = {
      SPOT: [{ ...shared, instType: 'SPOT', instId: 'BTC-USDT', baseCcy: 'BTC', quoteCcy: 'USDT' }],
      SWAP: [
        {
          ...shared,
          instType: 'SWAP',
          instId: 'BTC-USDT-SWAP',
          uly: 'BTC-USDT',
          instFamily: 'BTC-USDT',
          settleCcy: 'USDT',
        },
      ],
      FUTURES: [
        {
          ...shared,
          instType: 'FUTURES',
          instId: 'BTC-USD-260925',
          uly: 'BTC-USD',
          instFamily: 'BTC-USD',
          settleCcy: 'BTC',
          ctType: 'inverse',
          expTime: '1790323200000',
        },
      ],
    }
    const listed = await listInstruments(okx.instruments, async ({ path }) =>
      JSON.stringify({ code: '0', msg: '', data: rows[path.split('=')[1] ?? ''] }),
    )
    expect(listed).toMatchObject([
      { pair: 'BTC/USDT', kind: 'spot', amountUnit: 'base' },
      { pair: 'BTC/USDT:perp', kind: 'perpetual', amountUnit: 'contract', contractSize: '0.01', contractUnit: 'base' },
      { pair: 'BTC/USD:20260925', kind: 'future', contract: 'inverse', expiryTime: '2026-09-25T08:00:00.000000000Z' },
    ])
    const busy = JSON.stringify({ code: '50011', msg: 'Too Many Requests', data: [] })
    expect(() => okx.instruments[0]?.read(busy)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }))
    expect(okx.refusal?.(503, '{"code":"50001","msg":"Service temporarily unavailable"}')).toBe('EXCHANGE_DOWN')
  })
})
