import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHANNELS, INTERVALS } from '../model/dataset.js'
import { channelText, parseChannel } from './channel.js'
import { diffTasks } from './diff.js'
import { createConfig } from './parse.js'
import { taskOf, tasksOf } from './tasks.js'

const job = { exchange: 'binance', time_step: 60 }
const perPair = () => 'pair' as const
const names = [...CHANNELS.filter((name) => name !== 'ohlc'), ...Object.keys(INTERVALS).map((name) => `ohlc:${name}`)]

describe('task keys', () => {
  it.each([
    ['binance', 'BTC/USDT', ['trades', 'book'], 'binance_BTC_USDT_trades_book'],
    ['binance', 'BTC/USDT', ['book', 'trades', 'book'], 'binance_BTC_USDT_trades_book'],
    ['bybit', 'BTC/USDT:perp', ['trades'], 'bybit_BTC_USDT:perp_trades'],
    ['kraken', 'BTC/USD', ['ohlc:1h', 'ohlc:1m'], 'kraken_BTC_USD_ohlc_ohlc:1h'],
    ['kraken', 'BTC/USD', ['orderbook', 'ohlc', 'ohlc:1m'], 'kraken_BTC_USD_book_ohlc'],
  ])('%s %s %j', (exchange, pair, channels, key) => {
    expect(taskOf({ ...job, exchange }, pair, channels).key).toBe(key)
  })

  it('does not depend on the order of channels: no second task for one feed', () => {
    const list = fc.subarray(names, { minLength: 1 })
    fc.assert(
      fc.property(
        list.chain((some) => fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length }))),
        ([some, other]) => {
          expect(taskOf(job, 'A/B', other)).toEqual(taskOf(job, 'A/B', some))
        },
      ),
    )
  })

  it('has one spelling for each channel', () => {
    for (const name of names) {
      const channel = parseChannel(name)
      if (!channel) throw new Error(name)
      expect(parseChannel(channelText(channel))).toEqual(channel)
    }
    expect(parseChannel('ohlc')).toEqual({ channel: 'ohlc', interval: '1m' })
    for (const bad of ['', 'trade', 'ohlc:', 'ohlc:7m', 'ohlc:1m:1m', 'trades:1m', 'toString']) {
      expect(parseChannel(bad)).toBeUndefined()
    }
  })

  it('gives the depth to the book only', () => {
    expect(taskOf({ ...job, depth: 50 }, 'BTC/USDT', ['book', 'trades'])).toMatchObject({
      channels: [{ channel: 'trades' }, { channel: 'book', depth: 50 }],
      timeStep: 60,
    })
  })

  it.each([
    ['BTCUSDT', ['trades']],
    ['BTC/USDT', ['trade']],
    ['BTC/USDT', []],
  ])('refuses %s %j', (pair, channels) => {
    expect(() => taskOf(job, pair, channels)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })
})

const config = (stream_jobs: Parameters<typeof createConfig>[0]['stream_jobs']) => createConfig({ stream_jobs }, '/')

describe('tasksOf', () => {
  const jobs = config([{ exchange: 'bitfinex', pairs: ['BTC/USD', 'ETH/USD'], channels: ['book', 'trades'] }])

  it('makes one task for each pair, or for each pair and channel where the exchange says so', () => {
    expect(tasksOf(jobs, perPair).map(({ key }) => key)).toEqual([
      'bitfinex_BTC_USD_trades_book',
      'bitfinex_ETH_USD_trades_book',
    ])
    expect(tasksOf(jobs, () => 'channel').map(({ key }) => key)).toEqual([
      'bitfinex_BTC_USD_book',
      'bitfinex_BTC_USD_trades',
      'bitfinex_ETH_USD_book',
      'bitfinex_ETH_USD_trades',
    ])
  })
})

describe('diffTasks', () => {
  const plans = (...jobs: [pair: string, time_step: number][]) =>
    tasksOf(
      config(jobs.map(([pair, time_step]) => ({ exchange: 'kraken', pairs: [pair], channels: ['book'], time_step }))),
      perPair,
    )

  it('tells new, gone, changed and equal tasks apart', () => {
    const diff = diffTasks(plans(['A/X', 60], ['B/X', 60], ['C/X', 60]), plans(['D/X', 60], ['C/X', 10], ['A/X', 60]))
    expect(diff).toEqual({
      started: ['kraken_D_X_book'],
      stopped: ['kraken_B_X_book'],
      restarted: ['kraken_C_X_book'],
      unchanged: ['kraken_A_X_book'],
    })
  })

  it('names every task once', () => {
    const some = fc.uniqueArray(fc.tuple(fc.constantFrom('A/X', 'B/X', 'C/X', 'D/X'), fc.constantFrom(10, 60)), {
      selector: ([pair]) => pair,
    })
    fc.assert(
      fc.property(some, some, (before, after) => {
        const diff = diffTasks(plans(...before), plans(...after))
        const { started, stopped, restarted, unchanged } = diff
        expect([...started, ...restarted, ...unchanged].sort()).toEqual(
          plans(...after)
            .map(({ key }) => key)
            .sort(),
        )
        expect([...stopped, ...restarted, ...unchanged].sort()).toEqual(
          plans(...before)
            .map(({ key }) => key)
            .sort(),
        )
      }),
    )
  })
})
