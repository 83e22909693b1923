import { describe, expect, it } from 'vitest'
import { binance } from '../exchanges/binance/binance.js'
import { binanceUsdm } from '../exchanges/binance-futures/binance-futures.js'
import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { DAY, type Nanos, nanosFromIso } from '../model/time.js'
import { type ArchiveUse, filesFor, withinReach } from './archive-files.js'
import type { Stretch } from './missing.js'
import { feedOf, type Target } from './target.js'

const at = (text: string): Nanos => nanosFromIso(text) ?? 0n
const NOW = at('2026-11-26T12:00:00Z')
const TRADES: Target = { exchange: 'binance', pair: 'BTC/USDT', channel: 'trades' }
const MINUTES: Target = { exchange: 'binance', pair: 'BTC/USDT', channel: 'ohlc', interval: '1m' }

function files(
  target: Target,
  missing: readonly Stretch[],
  more: { adapter?: ExchangeAdapter; reach?: Nanos; use?: ArchiveUse; without?: readonly string[] } = {},
) {
  const { adapter = binance, reach, use = 'auto', without = [] } = more
  const archive = adapter.archives?.find(({ channel }) => channel === target.channel)
  if (!archive) throw new Error('no archive')
  const of = { symbol: 'BTCUSDT', restSymbol: 'BTCUSDT', ...(target.interval ? { interval: target.interval } : {}) }
  const limits = { reach, now: NOW, use, without: new Set(without) }
  return filesFor(target, archive, feedOf(target, adapter.history), of, missing, limits)
}

const names = (chosen: ReturnType<typeof files>) =>
  chosen.map(({ file }) => file.path.replace(/^.*-(\d{4}-\d\d)/, '$1'))

describe('files that are chosen', () => {
  it('days that are over and miss enough, not today, and not a day that lacks some minutes', () => {
    const chosen = files(TRADES, [
      { from: at('2026-11-20T23:30:00Z'), until: at('2026-11-21T00:30:00Z') },
      { from: at('2026-11-23T12:00:00Z'), until: NOW },
    ])
    expect(names(chosen)).toEqual(['2026-11-23.zip', '2026-11-24.zip', '2026-11-25.zip'])
  })

  it('of a day only what is missing, named by the ids beside it', () => {
    const [first, second] = files(TRADES, [
      { from: at('2026-11-23T12:00:00Z'), until: at('2026-11-24T18:00:00Z'), after: 5n, before: 90n },
    ])
    expect(first?.stretch).toEqual({ from: at('2026-11-23T12:00:00Z'), until: at('2026-11-24'), after: 5n })
    // The end of the first is not known yet: the next plan begins there.
    expect(second?.stretch).toEqual({
      from: at('2026-11-23T12:00:00Z'),
      until: at('2026-11-24T18:00:00Z'),
      after: 5n,
      before: 90n,
    })
  })

  it('months before days, and days where the month has no file yet', () => {
    const missing = [{ from: at('2026-09-01'), until: NOW }]
    expect(names(files(MINUTES, missing))).toEqual(['2026-09.zip', '2026-10.zip'])
    const without = ['/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2026-09.zip']
    expect(names(files(MINUTES, missing, { without }))).toEqual(['2026-10.zip'])
    const only = names(files(MINUTES, missing, { without, use: 'only' }))
    expect(only.slice(0, 2)).toEqual(['2026-09-01.zip', '2026-09-02.zip'])
    expect(only.slice(-2)).toEqual(['2026-11-24.zip', '2026-11-25.zip'])
    expect(only).toHaveLength(30 + 1 + 25)
  })

  it('nothing before the archive began, however far back is asked', () => {
    const chosen = files(TRADES, [{ from: at('2009-01-01'), until: at('2017-08-19') }])
    expect(names(chosen)).toEqual(['2017-08-17.zip', '2017-08-18.zip'])
  })

  it('what requests do not reach is taken from a file however short it is, but not for the millisecond of a seam', () => {
    const reach = NOW - DAY
    const usdm = { ...TRADES, exchange: 'binance_usdm' }
    const missing = [{ from: at('2026-11-19T23:59:59.999Z'), until: at('2026-11-20T00:00:10Z') }]
    const chosen = files(usdm, missing, { adapter: binanceUsdm, reach })
    expect(names(chosen)).toEqual(['2026-11-20.zip'])
    expect(chosen[0]?.reachable).toBe(false)
    expect(files(TRADES, missing)).toEqual([])
  })
})

describe('what is asked by request', () => {
  it('is cut where the exchange answers no more; what lies before is left, not lost', () => {
    const split = withinReach(
      [
        { from: 0n, until: 10n, after: 1n },
        { from: 20n, until: 40n, after: 2n, before: 9n },
        { from: 50n, until: 60n, before: 20n },
      ],
      30n,
    )
    expect(split.left).toEqual([
      { from: 0n, until: 10n, after: 1n },
      { from: 20n, until: 30n },
    ])
    expect(split.asked).toEqual([
      { from: 30n, until: 40n, before: 9n },
      { from: 50n, until: 60n, before: 20n },
    ])
  })
})
