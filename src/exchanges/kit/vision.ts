import { INTERVALS, type Interval } from '../../model/dataset.js'
import type { Candle, Trade } from '../../model/event.js'
import { DAY, type Nanos, nanosFromIso, SECOND } from '../../model/time.js'
import type { ArchivedInstrument, ArchiveFeed, ArchiveFile } from '../exchange.js'
import { type Cells, candlePart, countedPart, dateText, instant, readLines } from './archive.js'
import { counter, integer, unsignedDecimal, WireError } from './wire.js'

/** Where the markets of Binance publish their past: https://github.com/binance/binance-public-data */
export const VISION = 'https://data.binance.vision'

/** One market of the archive. */
export interface VisionMarket {
  readonly folder: 'spot' | 'futures/um' | 'futures/cm'
  /** First day of which there are files. */
  readonly since: string
  /** Whether the value of a candle is in the quote; that of COIN-M is in the coin. */
  readonly valueInQuote: boolean
}

/** Files come the next day; those of a month in its first week. */
const PERIODS = {
  day: { of: 'day', publishedAfterMs: 86_400_000 },
  month: { of: 'month', publishedAfterMs: 8 * 86_400_000 },
} as const

/** `data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2025-01-31.zip`, and its SHA-256 beside it. */
function fileOf(
  market: VisionMarket,
  path: readonly [folder: string, name: string],
  period: 'month' | 'day',
  from: Nanos,
): ArchiveFile {
  const [folder, name] = path
  const zip = `/data/${market.folder}/${period === 'day' ? 'daily' : 'monthly'}/${folder}/${name}-${dateText(period, from)}.zip`
  return { path: zip, checksum: `${zip}.CHECKSUM`, from, until: endOf(period, from) }
}

function endOf(period: 'month' | 'day', from: Nanos): Nanos {
  if (period === 'day') return from + DAY
  const month = new Date(Number(from / 1_000_000n))
  return BigInt(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1)) * 1_000_000n
}

function sinceOf({ since }: VisionMarket): Nanos {
  return nanosFromIso(since) ?? 0n
}

/** As Python and Java spell it. */
function maker(cell: string): boolean {
  if (/^[Tt]rue$/.test(cell)) return true
  if (/^[Ff]alse$/.test(cell)) return false
  throw new WireError(`the side of the maker should be true or false, is ${cell.slice(0, 40)}`)
}

function tradeOf(symbol: string, cells: Cells, names: TradeNames): Trade {
  const id = counter(cells(names.id), 'the id')
  return {
    kind: 'trade',
    symbol,
    exchangeTime: instant(cells(names.time), 'the time'),
    tradeId: id.toString(),
    price: unsignedDecimal(cells('price'), 'price'),
    amount: unsignedDecimal(cells(names.amount), 'amount'),
    takerSide: maker(cells('is_buyer_maker')) ? 'sell' : 'buy',
    counter: id,
  }
}

interface TradeNames {
  readonly id: string
  readonly time: string
  readonly amount: string
}

const SINGLE: TradeNames & { columns: readonly string[] } = {
  columns: ['id', 'price', 'qty', 'quote_qty', 'time', 'is_buyer_maker', 'is_best_match'],
  id: 'id',
  time: 'time',
  amount: 'qty',
}

const TOGETHER: TradeNames & { columns: readonly string[] } = {
  columns: ['agg_trade_id', 'price', 'quantity', 'first_trade_id', 'last_trade_id', 'transact_time', 'is_buyer_maker'],
  id: 'agg_trade_id',
  time: 'transact_time',
  amount: 'quantity',
}

/** Trades by the ids of the live feed: of spot single ones, of futures aggregates. */
export function visionTrades(market: VisionMarket, type: 'trades' | 'aggTrades'): ArchiveFeed {
  const names = type === 'trades' ? SINGLE : TOGETHER
  return {
    channel: 'trades',
    packing: 'zip',
    since: sinceOf(market),
    periods: [PERIODS.day],
    file: ({ restSymbol }, period, from) =>
      fileOf(
        market,
        [`${type}/${encodeURIComponent(restSymbol)}`, `${encodeURIComponent(restSymbol)}-${type}`],
        period,
        from,
      ),
    page(request, part, cursor) {
      const { symbol } = request
      const rows = readLines(part, names.columns, `${type} of ${symbol}`, (cells) => tradeOf(symbol, cells, names))
      return countedPart(rows, request, part, cursor)
    },
  }
}

const KLINE = [
  'open_time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'close_time',
  'quote_volume',
  'count',
  'taker_buy_volume',
  'taker_buy_quote_volume',
  'ignore',
]

/** Candles of at most a day: of longer ones a request brings years. */
export function visionCandles(market: VisionMarket, offered: readonly Interval[]): ArchiveFeed {
  return {
    channel: 'ohlc',
    intervals: offered.filter((interval) => INTERVALS[interval] <= 86_400),
    packing: 'zip',
    since: sinceOf(market),
    periods: [PERIODS.month, PERIODS.day],
    file({ restSymbol, interval = '1m' }: ArchivedInstrument, period, from) {
      const symbol = encodeURIComponent(restSymbol)
      return fileOf(market, [`klines/${symbol}/${interval}`, `${symbol}-${interval}`], period, from)
    },
    page(request, part, cursor) {
      const { symbol, interval = '1m' } = request
      const rows = readLines(part, KLINE, `klines of ${symbol}`, (cells) => candleOf(market, symbol, interval, cells))
      return candlePart(rows, request, BigInt(INTERVALS[interval]) * SECOND, cursor)
    },
  }
}

function candleOf({ valueInQuote }: VisionMarket, symbol: string, interval: Interval, cells: Cells): Candle {
  const amount = (name: string) => unsignedDecimal(cells(name), name)
  return {
    kind: 'candle',
    symbol,
    exchangeTime: undefined,
    interval,
    openTime: instant(cells('open_time'), 'open_time'),
    open: amount('open'),
    high: amount('high'),
    low: amount('low'),
    close: amount('close'),
    volume: amount('volume'),
    quoteVolume: valueInQuote ? amount('quote_volume') : undefined,
    trades: integer(cells('count'), 'count'),
    takerBuyVolume: amount('taker_buy_volume'),
    vwap: undefined,
    closed: true,
  }
}
