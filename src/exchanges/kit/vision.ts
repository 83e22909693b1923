import { INTERVALS, type Interval } from '../../model/dataset.js'
import type { Candle, Trade } from '../../model/event.js'
import { DAY, type Nanos, nanosFromIso, SECOND } from '../../model/time.js'
import type { ArchivedInstrument, ArchiveFeed, ArchiveFile } from '../exchange.js'
import { candlePart, countedPart, dateText, instant, readLines } from './archive.js'
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
function maker(cell: string | undefined): boolean {
  if (cell === 'True' || cell === 'true') return true
  if (cell === 'False' || cell === 'false') return false
  throw new WireError(`the side of the maker should be true or false, is ${cell?.slice(0, 40)}`)
}

const SINGLE = ['id', 'price', 'qty', 'quote_qty', 'time', 'is_buyer_maker', 'is_best_match']
const TOGETHER = [
  'agg_trade_id',
  'price',
  'quantity',
  'first_trade_id',
  'last_trade_id',
  'transact_time',
  'is_buyer_maker',
]

function tradeOf(symbol: string, cells: readonly string[], time: string | undefined, side: string | undefined): Trade {
  const [id, price, amount] = cells
  const number = counter(id, 'the id')
  return {
    kind: 'trade',
    symbol,
    exchangeTime: instant(time, 'the time'),
    tradeId: number.toString(),
    price: unsignedDecimal(price, 'price'),
    amount: unsignedDecimal(amount, 'amount'),
    takerSide: maker(side) ? 'sell' : 'buy',
    counter: number,
  }
}

/** Trades by the ids of the live feed: of spot single ones, of futures aggregates. */
export function visionTrades(market: VisionMarket, type: 'trades' | 'aggTrades'): ArchiveFeed {
  const columns = type === 'trades' ? SINGLE : TOGETHER
  const [time, side] = type === 'trades' ? [4, 5] : [5, 6]
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
      const rows = readLines(part, columns, `${type} of ${symbol}`, (cells) =>
        tradeOf(symbol, cells, cells[time], cells[side]),
      )
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

function candleOf(
  { valueInQuote }: VisionMarket,
  symbol: string,
  interval: Interval,
  [openTime, open, high, low, close, volume, , value, trades, takerVolume]: readonly string[],
): Candle {
  const inQuote = unsignedDecimal(value, 'value')
  return {
    kind: 'candle',
    symbol,
    exchangeTime: undefined,
    interval,
    openTime: instant(openTime, 'the open time'),
    open: unsignedDecimal(open, 'open'),
    high: unsignedDecimal(high, 'high'),
    low: unsignedDecimal(low, 'low'),
    close: unsignedDecimal(close, 'close'),
    volume: unsignedDecimal(volume, 'volume'),
    quoteVolume: valueInQuote ? inQuote : undefined,
    trades: integer(trades, 'trades'),
    takerBuyVolume: unsignedDecimal(takerVolume, 'taker volume'),
    vwap: undefined,
    closed: true,
  }
}
