import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Channel } from '../../model/dataset.js'
import type { BookDelta } from '../../model/event.js'
import { type ExchangeAdapter, type Subscription, subscriptionId } from '../exchange.js'
import { binanceCoinm, binanceUsdm } from './binance-futures.js'

const sub = (channel: Channel, symbol: string, more: Partial<Subscription> = {}): Subscription => {
  const of = { channel, symbol, ...more }
  return { id: subscriptionId(of), pair: 'A/B:perp', ...of }
}
const MARK = sub('mark_price', 'BTCUSDT')
const FUNDING = sub('funding', 'BTCUSDT')
const INDEX = sub('index_price', 'BTCUSDT')
const UPDATE = { e: 'markPriceUpdate', E: 1000, s: 'BTCUSDT', p: '1.5', i: '1.4', P: '1.3', r: '0.0001', T: 28_800_000 }

function converse(adapter: ExchangeAdapter, subscriptions: readonly Subscription[]) {
  const conversation = adapter.live.converse({ path: '', subscriptions })
  const asked = conversation.open().flatMap((each): string[] => JSON.parse(each).params)
  const read = (message: unknown) => conversation.read(JSON.stringify(message))
  return { conversation, asked, read }
}

describe('Binance futures connections', () => {
  it('carry one group of streams of USD-M each, since the other is confirmed and stays silent', () => {
    const all = [sub('trades', 'X'), sub('book', 'X', { depth: 100 }), sub('quotes', 'X'), MARK, FUNDING]
    expect(
      binanceUsdm.live.plan(all).map(({ path, subscriptions }) => [path, subscriptions.map(({ channel }) => channel)]),
    ).toEqual([
      ['/market/stream', ['trades', 'mark_price', 'funding']],
      ['/public/stream', ['book', 'quotes']],
    ])
    expect(binanceCoinm.live.plan(all).map(({ path }) => path)).toEqual(['/stream'])
  })

  it('ask once for what several channels share, and end it with the last of them', () => {
    const { conversation, asked, read } = converse(binanceUsdm, [MARK, FUNDING, INDEX])
    expect(asked).toEqual(['btcusdt@markPrice@1s'])
    expect(read({ result: null, id: 1 })).toMatchObject({ confirmed: [MARK.id, FUNDING.id, INDEX.id] })
    expect(conversation.unsubscribe([FUNDING.id, INDEX.id])).toEqual([])
    expect(conversation.unsubscribe([MARK.id])).toEqual([
      '{"method":"UNSUBSCRIBE","params":["btcusdt@markPrice@1s"],"id":2}',
    ])
    expect(read({ result: null, id: 2 })).toMatchObject({ released: [MARK.id, FUNDING.id, INDEX.id] })
  })

  it('give to what is subscribed alone', () => {
    const { read } = converse(binanceUsdm, [FUNDING])
    const reading = read({ stream: 'btcusdt@markPrice@1s', data: UPDATE })
    expect(reading).toMatchObject({ kind: 'data', subscription: FUNDING.id, events: [{ kind: 'funding' }] })
    expect(reading.events).toHaveLength(1)
  })

  it('take the index of COIN-M from the stream of the pair, for every contract on it', () => {
    const [perp, dated] = [sub('index_price', 'BTCUSD_PERP'), sub('index_price', 'BTCUSD_260925')]
    const { asked, read } = converse(binanceCoinm, [perp, dated])
    expect(asked).toEqual(['btcusd@indexPrice@1s'])
    const data = { e: 'indexPriceUpdate', E: 1000, i: 'BTCUSD', p: '9429.39' }
    expect(read({ stream: 'btcusd@indexPrice@1s', data })).toMatchObject({
      shared: [perp.id, dated.id],
      events: [
        { symbol: 'BTCUSD_PERP', price: '9429.39' },
        { symbol: 'BTCUSD_260925', price: '9429.39' },
      ],
    })
    expect(read({ stream: 'btcusd@indexPrice@1s', data: { ...data, i: 'ETHUSD' } })).toMatchObject({ kind: 'bad' })
  })

  it('do not take the best levels, or books with hidden orders, for changes', () => {
    const data = { e: 'depthUpdate', E: 1, s: 'X', U: 1, u: 2, pu: 0, b: [], a: [] }
    const all = binanceUsdm.live.converse({ path: '', subscriptions: [], accept: 'all' })
    const kind = (stream: string) => all.read(JSON.stringify({ stream, data })).kind
    expect(['x@depth', 'x@depth@100ms', 'x@depth@0ms'].map(kind)).toEqual(['data', 'data', 'data'])
    expect(['x@depth20', 'x@depth5@100ms', 'x@rpiDepth@500ms'].map(kind)).toEqual(['notice', 'notice', 'notice'])
    expect(kind('x@moon')).toBe('unknown')
  })

  it.each([
    [
      'no previous update',
      sub('book', 'X'),
      { e: 'depthUpdate', E: 1, s: 'X', U: 1, u: 2, b: [], a: [] },
      '@depth@100ms',
    ],
    [
      'a side that is none',
      sub('liquidations', 'X'),
      { e: 'forceOrder', E: 1, o: { s: 'X', S: 'sell', p: '1', ap: '1', z: '1', T: 1 } },
      '@forceOrder',
    ],
    [
      'another symbol',
      sub('liquidations', 'X'),
      { e: 'forceOrder', E: 1, o: { s: 'Y', S: 'SELL', p: '1', ap: '1', z: '1', T: 1 } },
      '@forceOrder',
    ],
    ['a rate that is no number', sub('funding', 'X'), { ...UPDATE, s: 'X', r: 'x' }, '@markPrice@1s'],
    ['a mark price that is no number', sub('mark_price', 'X'), { ...UPDATE, s: 'X', p: 1.5 }, '@markPrice@1s'],
  ])('call %s bad, and say whose it was', (_what, of, data, stream) => {
    expect(converse(binanceUsdm, [of]).read({ stream: `x${stream}`, data })).toMatchObject({
      kind: 'bad',
      subscription: of.id,
      events: [],
    })
  })
})

describe('the book of Binance futures', () => {
  const delta = (firstSequence: bigint, lastSequence: bigint, previousSequence: bigint): BookDelta => ({
    kind: 'book_delta',
    symbol: 'X',
    exchangeTime: 0n,
    bids: [],
    asks: [],
    firstSequence,
    lastSequence,
    previousSequence,
    checksum: undefined,
  })

  it('is joined by the first change around the snapshot, or right behind it, and then by what each names as the one before', () => {
    const small = fc.bigInt({ min: 0n, max: 12n })
    fc.assert(
      fc.property(small, small, small, small, fc.boolean(), (sequence, before, gap, length, first) => {
        const from = before + 1n + gap
        const change = delta(from, from + length, before)
        const around = first && from <= sequence && sequence <= from + length
        const next = before === sequence
        const old = from + length < sequence || (!first && from + length === sequence)
        const wanted = next || around ? 'apply' : old ? 'stale' : 'break'
        expect(binanceUsdm.book.follows(sequence, change, first)).toBe(wanted)
      }),
    )
  })

  it('is asked with as many levels as there are', () => {
    expect(binanceUsdm.book.snapshot?.(sub('book', 'BTCUSDT', { depth: 10 }))).toMatchObject({
      path: '/fapi/v1/depth?symbol=BTCUSDT&limit=1000',
      weight: 20,
    })
    expect(() => binanceUsdm.book.snapshot?.(sub('book', 'X')).read('{"code":-1121,"msg":"Invalid symbol."}')).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_INSTRUMENT' }),
    )
  })
})

describe('contracts of Binance futures', () => {
  const listed = (adapter: ExchangeAdapter, frames: string) => {
    const lines = readFileSync(join(import.meta.dirname, 'frames', frames, 'examples.ndjson'), 'utf8').split('\n')
    const record = lines.filter((line) => line.includes('"instruments"')).map((line) => JSON.parse(line))[0]
    return new Map(adapter.instruments[0]?.read(record.message).map((each) => [each.symbol, each]))
  }

  it('of USD-M are linear, in the base, perpetual or dated', () => {
    const contracts = listed(binanceUsdm, 'usdm')
    expect(contracts.get('BTCUSDT_260925')).toEqual({
      exchange: 'binance_usdm',
      symbol: 'BTCUSDT_260925',
      pair: 'BTC/USDT:20260925',
      kind: 'future',
      base: 'BTC',
      quote: 'USDT',
      settle: 'USDT',
      contract: 'linear',
      status: 'trading',
      priceIncrement: '0.10',
      amountIncrement: '0.001',
      amountUnit: 'base',
      listTime: '2019-09-25T08:00:00.000000000Z',
      expiryTime: '2026-09-25T08:00:00.000000000Z',
    })
    expect([...contracts.values()].map(({ pair, status }) => `${pair} ${status}`)).toEqual([
      'BTC/USDT:perp trading',
      'BTC/USDC:perp trading',
      '1000PEPE/USDT:perp trading',
      '币安人生/USDT:perp trading',
      'TSLA/USDT:perp trading',
      'BTC/USDT:20260925 trading',
      'BTC/USDT:20261225 halted',
      'OLD/USDT:perp closed',
    ])
  })

  it('of COIN-M are inverse, in contracts of so many dollars', () => {
    const contracts = listed(binanceCoinm, 'coinm')
    expect(contracts.get('BTCUSD_PERP')).toMatchObject({
      pair: 'BTC/USD:perp',
      settle: 'BTC',
      contract: 'inverse',
      amountUnit: 'contract',
      contractSize: '100',
      contractUnit: 'quote',
    })
    expect(contracts.get('BTCUSD_251226')).toMatchObject({ pair: 'BTC/USD:20251226', kind: 'future', status: 'closed' })
  })
})

it('the open interest of a symbol that is unknown is refused as such', () => {
  const call = binanceUsdm.polls?.[0]?.call([sub('open_interest', '币安人生USDT')])
  expect(call?.path).toBe('/fapi/v1/openInterest?symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT')
  expect(() => call?.read('{"code":-1121,"msg":"Invalid symbol."}')).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_INSTRUMENT' }),
  )
  expect(() => call?.read('{"openInterest":"1","symbol":"X"}')).toThrow(
    expect.objectContaining({ code: 'BAD_MESSAGE' }),
  )
})
