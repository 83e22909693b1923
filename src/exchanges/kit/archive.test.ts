import { describe, expect, it } from 'vitest'
import { type Nanos, nanosFromIso } from '../../model/time.js'
import { binance } from '../binance/binance.js'
import { binanceCoinm, binanceUsdm } from '../binance-futures/binance-futures.js'
import type { ArchiveFeed, ArchivePart, ExchangeAdapter, HistoryRequest, Json } from '../exchange.js'

const at = (text: string): Nanos => nanosFromIso(text) ?? 0n
const DAY = { from: at('2026-11-24'), until: at('2026-11-25') }

function feed(adapter: ExchangeAdapter, channel: 'trades' | 'ohlc'): ArchiveFeed {
  const found = adapter.archives?.find((each) => each.channel === channel)
  if (!found) throw new Error(`no archive of ${channel}`)
  return found
}

const request = (more: Partial<HistoryRequest> = {}): HistoryRequest => ({
  symbol: 'BTCUSDT',
  restSymbol: 'BTCUSDT',
  ...DAY,
  ...more,
})
const part = (lines: readonly string[], more: Partial<ArchivePart> = {}): ArchivePart => ({
  header: '',
  lines,
  last: true,
  whole: false,
  ...more,
})

/** A trade of spot as binance-public-data documents it: microseconds since 2025. */
const spot = (id: number, time: string) => `${id},97000.01000000,0.00100000,97.00001000,${at(time) / 1000n},True,True`
const trades = feed(binance, 'trades')

describe('files of Binance', () => {
  it('lie where data.binance.vision has them, each beside its checksum', () => {
    expect(trades.file(request(), 'day', DAY.from)).toEqual({
      path: '/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2026-11-24.zip',
      checksum: '/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2026-11-24.zip.CHECKSUM',
      ...DAY,
    })
    expect(feed(binanceUsdm, 'trades').file(request(), 'day', DAY.from)?.path).toBe(
      '/data/futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2026-11-24.zip',
    )
    expect(feed(binanceCoinm, 'ohlc').file(request({ interval: '1h' }), 'month', at('2024-02-01'))).toEqual({
      path: '/data/futures/cm/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip',
      checksum: '/data/futures/cm/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip.CHECKSUM',
      from: at('2024-02-01'),
      until: at('2024-03-01'),
    })
  })

  it('a trade is the same in microseconds and in milliseconds, as files of before 2025 have it', () => {
    const line = spot(7, '2026-11-24T10:00:00.123Z')
    const older = line.replace(/(\d{13})000,/, '$1,')
    expect(older).not.toBe(line)
    const [micro, milli] = [trades.page(request(), part([line])), trades.page(request(), part([older]))]
    expect(micro.events).toEqual([
      {
        kind: 'trade',
        symbol: 'BTCUSDT',
        exchangeTime: at('2026-11-24T10:00:00.123Z'),
        tradeId: '7',
        price: '97000.01000000',
        amount: '0.00100000',
        takerSide: 'sell',
        counter: 7n,
      },
    ])
    expect(milli).toEqual(micro)
  })

  it('aggregates of futures are read with a header and without one', () => {
    const header = 'agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker'
    const line = `9,97000.1,0.5,11,12,${at('2026-11-24T10:00:00Z') / 1_000_000n},false`
    const usdm = feed(binanceUsdm, 'trades')
    const page = usdm.page(request(), part([line], { header }))
    expect(page.events).toMatchObject([{ tradeId: '9', amount: '0.5', takerSide: 'buy', counter: 9n }])
    expect(usdm.page(request(), part([line]))).toEqual(page)
  })

  it.each([
    ['a column too few', ['7,97000.1,0.1,9.7,1763978400000000,True'], ''],
    ['columns in another order', ['True,True,1763978400000000,9.7,0.1,97000.1,7'], ''],
    [
      'a header that lacks a column',
      ['7,97000.1,0.1,9.7,1763978400000000,True,True'],
      'id,price,qty,quote_qty,when,is_buyer_maker,is_best_match',
    ],
    ['a page', ['<html>'], ''],
    ['seconds', ['7,97000.1,0.1,9.7,1763978400,True,True'], ''],
    ['a side that is none', ['7,97000.1,0.1,9.7,1763978400000000,Maybe,True'], ''],
    ['a negative price', ['7,-97000.1,0.1,9.7,1763978400000000,True,True'], ''],
  ])('%s is refused as damage, whatever else the line holds', (_, lines, header) => {
    expect(() => trades.page(request(), part(lines, { header }))).toThrow(
      expect.objectContaining({ code: 'ARCHIVE_DAMAGED', retry: 'never' }),
    )
  })
})

describe('what a file of counted trades proves', () => {
  const lines = [
    spot(100, '2026-11-24T00:00:05Z'),
    spot(101, '2026-11-24T12:00:00Z'),
    spot(102, '2026-11-24T23:59:50Z'),
  ]

  it('from just after its first row to its last: others may have been of that instant, and what lies before and after is left to the exchange, which knows the ids', () => {
    const { covers } = trades.page(request(), part(lines))
    expect(covers).toEqual([
      {
        from: at('2026-11-24T00:00:05Z') + 1n,
        until: at('2026-11-24T23:59:50Z'),
        before: 99n,
        last: 102n,
        joined: true,
      },
    ])
  })

  it('where nobody else can tell, all that was asked for', () => {
    const { covers } = trades.page(request(), part(lines, { whole: true }))
    expect(covers).toEqual([{ ...DAY, before: 99n, last: 102n, joined: true }])
  })

  it('a file that follows another begins where that ended, if its first id is the next', () => {
    const from = at('2026-11-23T23:59:00Z')
    const [cover] = trades.page(request({ from, after: 99n }), part(lines)).covers
    expect(cover).toMatchObject({ from, before: 99n, joined: true })
    const [other] = trades.page(request({ from, after: 90n }), part(lines)).covers
    expect(other).toMatchObject({ from: at('2026-11-24T00:00:05Z') + 1n, before: 99n, joined: false })
  })

  it('a hole is no loss and is not proven: two stretches with their ids', () => {
    const holed = [lines[0] ?? '', lines[2] ?? '']
    const page = trades.page(request(), part(holed))
    expect(page.events).toHaveLength(2)
    expect(page.missing).toBeUndefined()
    expect(page.covers.map(({ before, last }) => [before, last])).toEqual([
      [99n, 100n],
      [101n, 102n],
    ])
  })

  it('parts that follow one another are one stretch, also where a part has nothing that is wanted', () => {
    let cursor: Json | undefined
    const covers = []
    const asked = request({ from: at('2026-11-24T11:00:00Z') })
    for (const [index, line] of lines.entries()) {
      const page = trades.page(asked, part([line], { last: index === 2 }), cursor)
      covers.push(...page.covers)
      cursor = page.next
    }
    expect(covers.map(({ before, last }) => [before, last])).toEqual([
      [100n, 101n],
      [101n, 102n],
    ])
    expect(covers[1]).toMatchObject({ from: covers[0]?.until, joined: true })
  })

  it('a part that goes back is damage, not a stretch that claims what it does not have', () => {
    const { next } = trades.page(request(), part(lines.slice(1), { last: false }))
    expect(() => trades.page(request(), part(lines.slice(0, 1)), next)).toThrow(
      expect.objectContaining({ code: 'ARCHIVE_DAMAGED' }),
    )
  })

  it('only the part of a day that is missing is taken', () => {
    const asked = request({ from: at('2026-11-24T06:00:00Z'), until: at('2026-11-24T13:00:00Z'), before: 101n })
    const page = trades.page(asked, part(lines))
    expect(page.events.map((event) => event.kind === 'trade' && event.tradeId)).toEqual(['101'])
    expect(page.covers).toEqual([{ from: asked.from, until: asked.until, before: 100n, last: 101n, joined: true }])
    expect(page.next).toBeUndefined()
  })
})

describe('what a file of candles proves', () => {
  const candles = feed(binance, 'ohlc')
  const line = (minute: string) => {
    const open = at(`2026-11-24T${minute}:00Z`) / 1000n
    return `${open},1.0,2.0,0.5,1.5,10.0,${open + 59_999_999n},15.0,3,4.0,6.0,0`
  }

  it('minute by minute: one that is left out is not proven, and the end is where the last one ends', () => {
    const page = candles.page(request({ interval: '1m' }), part(['00:00', '00:01', '00:03'].map(line)))
    expect(page.events).toHaveLength(3)
    expect(page.covers.map(({ from, until }) => [from, until])).toEqual([
      [at('2026-11-24T00:00:00Z'), at('2026-11-24T00:02:00Z')],
      [at('2026-11-24T00:03:00Z'), at('2026-11-24T00:04:00Z')],
    ])
  })

  it('a file with holes all over is refused: each would be a stretch of the ledger', () => {
    const every = Array.from({ length: 60 }, (_, at) =>
      line(`0${Math.floor(at / 30)}:${String((at % 30) * 2).padStart(2, '0')}`),
    )
    expect(() => candles.page(request({ interval: '1m' }), part(every))).toThrow(
      expect.objectContaining({ code: 'ARCHIVE_DAMAGED' }),
    )
  })
})
