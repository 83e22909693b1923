import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Bench } from '../system/harness.js'
import { CHROMIUM, DESKTOP, launch, PHONE, Visitor } from './visitor.js'

const PLACES = [
  'overview',
  'streams',
  'data',
  'data/datasets',
  'data/sql',
  'data/dataset?exchange=binance&pair=BTC/USDT&kind=trades',
  'data/dataset?exchange=binance&pair=BTC/USDT&kind=book_deltas',
  'history',
  'storage',
  'alerts',
  'config',
  'logs',
]

describe.skipIf(CHROMIUM === undefined)('the web UI in Chromium', () => {
  const bench = new Bench()
  let browser: Browser
  let url: string

  beforeAll(async () => {
    await bench.emulate('--seed', '5', '--rate', '20', '--instruments', '4')
    bench.config([
      { exchange: 'binance', pairs: ['BTC/USDT', 'ETH/USDT'], channels: ['trades', 'book'], time_step: 5, depth: 25 },
      { exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades', 'book', 'ohlc'], time_step: 5, depth: 25 },
    ])
    await bench.startDaemon()
    await bench.live()
    url = `http://127.0.0.1:${bench.own()?.port}`
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await bench.close()
  })

  it.each(PLACES.flatMap((place) => [DESKTOP, PHONE].map((size) => ({ place, size }))))(
    'shows $place on $size.width px without a complaint, and axe finds nothing serious',
    async ({ place, size }) => {
      const visitor = await Visitor.come(browser, url, size, size === PHONE ? 'light' : 'dark')
      await visitor.go(place)
      await visitor.page.waitForTimeout(600)
      expect(await visitor.findings()).toEqual([])
      const wide = await visitor.page.evaluate('document.documentElement.scrollWidth')
      expect(wide).toBeLessThanOrEqual(size.width)
      expect(visitor.complaints).toEqual([])
      await visitor.leave()
    },
  )
})
