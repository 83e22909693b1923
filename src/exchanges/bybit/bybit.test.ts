import { describe, expect, it } from 'vitest'
import { listInstruments } from '../../capture/list-instruments.js'
import { type Subscription, subscriptionId } from '../exchange.js'
import { bybit } from './bybit.js'

function of(channel: Subscription['channel'], symbol: string, more: Partial<Subscription> = {}): Subscription {
  return { id: subscriptionId({ channel, symbol, ...more }), channel, symbol, pair: 'A/B', ...more }
}

const [BTC, ETH, SOL] = ['BTC', 'ETH', 'SOL'].map((each) => of('trades', `linear/${each}USDT`)) as [
  Subscription,
  Subscription,
  Subscription,
]

function talk(...subscriptions: Subscription[]) {
  const conversation = bybit.live.converse({ path: '/v5/public/linear', subscriptions })
  const sent = conversation.open()
  return { conversation, sent, hear: (message: object) => conversation.read(JSON.stringify(message)) }
}

const asked = (messages: readonly string[] = []) => messages.map((text) => JSON.parse(text))
const answer = (success: boolean, number: number, message = '', op = 'subscribe') => ({
  success,
  ret_msg: message,
  conn_id: 'x',
  req_id: String(number),
  op,
})

describe('Bybit', () => {
  it('carries each market on its own path, and one name in two markets as two instruments', () => {
    const symbols = ['spot/BTCUSDT', 'linear/BTCUSDT', 'inverse/BTCUSD']
    const plans = bybit.live.plan(symbols.map((symbol) => of('trades', symbol)))
    expect(plans.map(({ path }) => path)).toEqual(['/v5/public/spot', '/v5/public/linear', '/v5/public/inverse'])
    const topics = plans.map((plan) => asked(bybit.live.converse(plan).open())[0].args)
    expect(topics).toEqual([['publicTrade.BTCUSDT'], ['publicTrade.BTCUSDT'], ['publicTrade.BTCUSD']])
    const frame = JSON.stringify({ topic: 'publicTrade.BTCUSDT', type: 'snapshot', ts: 1, data: [] })
    const heard = plans.slice(0, 2).map((plan) => bybit.live.converse(plan).read(frame))
    expect(heard).toMatchObject([{ subscription: 'trades spot/BTCUSDT' }, { subscription: 'trades linear/BTCUSDT' }])
  })

  it('asks for ten topics at a time, and for the arguments of a connection within 21 000 characters', () => {
    const many = Array.from({ length: 900 }, (_, n) => of('trades', `linear/1000000LONGNAME${n}-26DEC25USDT`))
    for (const plan of bybit.live.plan(many)) {
      const requests = asked(bybit.live.converse(plan).open())
      expect(Math.max(...requests.map(({ args }) => args.length))).toBe(10)
      expect(requests.reduce((sum, { args }) => sum + JSON.stringify(args).length, 0)).toBeLessThan(21_000)
    }
  })

  it('a topic that spoils a request is refused alone; the others are asked for again', () => {
    const { hear } = talk(BTC, ETH, SOL)
    const refused = hear(answer(false, 1, 'error:handler not found,topic:publicTrade.ETHUSDT'))
    expect(refused).toMatchObject({ kind: 'reject', rejected: [ETH.id], code: 'UNKNOWN_INSTRUMENT' })
    expect(asked(refused.reply)).toEqual([
      { req_id: '2', op: 'subscribe', args: ['publicTrade.BTCUSDT', 'publicTrade.SOLUSDT'] },
    ])
    expect(hear(answer(true, 2))).toMatchObject({ kind: 'ack', confirmed: [BTC.id, SOL.id] })
  })

  it('where the venue does not say which topic it minds, each is asked for by itself', () => {
    const { hear } = talk(BTC, ETH)
    const refused = hear(answer(false, 1, 'something is wrong'))
    expect(asked(refused.reply).map(({ args }) => args)).toEqual([['publicTrade.BTCUSDT'], ['publicTrade.ETHUSDT']])
    expect(hear(answer(false, 2, 'something is wrong'))).toMatchObject({
      kind: 'reject',
      rejected: [BTC.id],
      code: 'SUBSCRIBE_REJECTED',
    })
    expect(hear(answer(true, 3))).toMatchObject({ confirmed: [ETH.id] })
  })

  it('what is there already is confirmed, and what cannot be unsubscribed is over', () => {
    const { conversation, hear } = talk(BTC, ETH)
    const there = hear(answer(false, 1, 'error:already subscribed,topic:publicTrade.BTCUSDT'))
    expect(there).toMatchObject({ kind: 'ack', confirmed: [BTC.id] })
    expect(asked(there.reply)).toMatchObject([{ args: ['publicTrade.ETHUSDT'] }])
    conversation.unsubscribe([BTC.id])
    expect(hear(answer(false, 3, 'error:not subscribed', 'unsubscribe'))).toMatchObject({ released: [BTC.id] })
  })

  it('takes one book anew by unsubscribing and subscribing it', () => {
    const book = of('book', 'linear/BTCUSDT', { depth: 200 })
    const { conversation } = talk(BTC, book)
    expect(asked(conversation.resync(book.id))).toEqual([
      { req_id: '2', op: 'unsubscribe', args: ['orderbook.200.BTCUSDT'] },
      { req_id: '3', op: 'subscribe', args: ['orderbook.200.BTCUSDT'] },
    ])
  })

  it('a quote follows changes of one side, and a side that ended gives none', () => {
    const quotes = of('quotes', 'spot/BTCUSDT')
    const conversation = bybit.live.converse({ path: '/v5/public/spot', subscriptions: [quotes] })
    const best = (type: string, u: number, b: string[][], a: string[][]) => {
      const frame = { topic: 'orderbook.1.BTCUSDT', type, ts: 5, cts: 4, data: { s: 'BTCUSDT', b, a, u, seq: u } }
      return conversation
        .read(JSON.stringify(frame))
        .events.map((each) => each.kind === 'quote' && [each.bidPrice, each.bidAmount, each.askPrice, each.askAmount])
    }
    expect(best('snapshot', 5, [['10', '1']], [['11', '2']])).toEqual([['10', '1', '11', '2']])
    expect(best('delta', 6, [['10', '3']], [])).toEqual([['10', '3', '11', '2']])
    expect(best('delta', 7, [['10', '0']], [])).toEqual([])
    expect(
      best(
        'delta',
        8,
        [['9', '1']],
        [
          ['11', '0'],
          ['12', '4'],
        ],
      ),
    ).toEqual([['9', '1', '12', '4']])
    expect(best('snapshot', 8, [['9', '1']], [['12', '4']])).toEqual([])
  })

  it('a book goes on by one, takes a repetition for stale, and breaks at a hole', () => {
    const delta = (u: bigint) =>
      ({
        kind: 'book_delta',
        symbol: 'x',
        exchangeTime: 1n,
        bids: [],
        asks: [],
        checksum: undefined,
        firstSequence: u,
        lastSequence: u,
      }) as const
    expect([7n, 8n, 9n, 10n].map((u) => bybit.book.follows(8n, delta(u), false))).toEqual([
      'stale',
      'stale',
      'apply',
      'break',
    ])
  })

  it('lists three markets, contracts page by page, and refuses an error in a 200', async () => {
    const row = (symbol: string, base: string) => ({
      symbol,
      contractType: 'LinearPerpetual',
      status: 'Trading',
      baseCoin: base,
      quoteCoin: 'USDT',
      settleCoin: 'USDT',
    })
    const page = (list: object[], nextPageCursor = '') =>
      JSON.stringify({ retCode: 0, retMsg: 'OK', result: { list, nextPageCursor }, time: 1 })
    const bodies: Record<string, string> = {
      '/v5/market/instruments-info?category=spot': page([{ ...row('BTCUSDT', 'BTC'), contractType: undefined }]),
      '/v5/market/instruments-info?category=linear&limit=1000': page([row('BTCUSDT', 'BTC')], 'a%3D1'),
      '/v5/market/instruments-info?category=linear&limit=1000&cursor=a%3D1': page([row('ETHUSDT', 'ETH')]),
      '/v5/market/instruments-info?category=inverse&limit=1000': page([]),
    }
    const listed = await listInstruments(bybit.instruments, async ({ path }) => bodies[path] ?? '')
    expect(listed.map(({ pair, symbol }) => [pair, symbol])).toEqual([
      ['BTC/USDT', 'spot/BTCUSDT'],
      ['BTC/USDT:perp', 'linear/BTCUSDT'],
      ['ETH/USDT:perp', 'linear/ETHUSDT'],
    ])
    const busy = JSON.stringify({ retCode: 10006, retMsg: 'Too many visits!', result: {} })
    expect(() => bybit.instruments[0]?.read(busy)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }))
    expect(bybit.refusal?.(403, 'access too frequent')).toMatchObject({ code: 'BANNED', retry: { afterMs: 600_000 } })
  })

  it.each([
    ['25.4', '12.70'],
    ['1', '0.5'],
    ['0.01', '0.005'],
    ['0', '0.0'],
  ])('tells open interest of the past of one side, as the stream does: the half of %s is %s', (both, one) => {
    const feed = bybit.history?.find(({ channel }) => channel === 'open_interest')
    const request = { symbol: 'linear/BTCUSDT', restSymbol: 'BTCUSDT', from: 0n, until: 10_000_000n }
    const amounts = (row: object) => {
      const body = { retCode: 0, retMsg: 'OK', result: { list: [{ timestamp: '5', ...row }] }, time: 1 }
      const page = feed?.page(request).read(JSON.stringify(body))
      return page?.events.map((event) => event.kind === 'open_interest' && Number(event.amount))
    }
    expect(amounts({ openInterest: both })).toEqual([Number(one)])
    expect(amounts({ openInterest: both, singleOpenInterest: '7' })).toEqual([7])
  })
})
