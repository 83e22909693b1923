import type { Nanos } from '../../model/time.js'
import { periodOf } from '../dump.js'
import { amountText, priceText, valueText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { Dump } from '../venue.js'
import { type AggregateTrade, type BinanceFeed, toMs } from './feed.js'
import { isKlineInterval, klineRow, type usualSums } from './kline.js'

/** One market of the archive: spot writes microseconds (since 2025) and no header, futures milliseconds below a header. */
export interface DumpedMarket {
  readonly folder: 'spot' | 'futures/um' | 'futures/cm'
  readonly sums?: typeof usualSums
}

const NAME =
  /^\/data\/(spot|futures\/um|futures\/cm)\/(daily|monthly)\/(trades|aggTrades|klines)\/([^/]+)\/(?:([^/]+)\/)?([^/]+)\.zip(\.CHECKSUM)?$/
const AGGREGATES = 'agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker'
const KLINES =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore'

/** The file of data.binance.vision at a path: `undefined` where there is none (yet). */
export function binanceDump(
  market: DumpedMarket,
  feeds: readonly Pick<BinanceFeed, 'instrument' | 'aggregateTrades'>[],
  path: string,
  now: Nanos,
): Dump | undefined {
  const [, folder, every, type, symbol, interval = '', name = ''] = NAME.exec(path) ?? []
  const feed = feeds.find(({ instrument }) => instrument.spec.symbol === symbol)
  if (!feed || folder !== market.folder) return undefined
  const { instrument } = feed
  const date = name.slice(`${symbol}-${type === 'klines' ? interval : type}-`.length)
  const period = periodOf(date, now)
  if (!period || (every === 'daily') !== (date.length === 10)) return undefined
  const spot = market.folder === 'spot'
  const time = (ms: number) => (spot ? `${ms}000` : `${ms}`)
  const inside = <T extends { readonly time: Nanos }>(rows: readonly T[]) =>
    rows.filter((row) => row.time >= period.from && row.time < period.until)
  const dump = (header: string, lines: readonly string[]): Dump => ({
    path: path.replace(/\.CHECKSUM$/, ''),
    packing: 'zip',
    ...(spot ? {} : { header }),
    lines,
  })
  if (type === 'klines') {
    if (!isKlineInterval(interval)) return undefined
    const bars = instrument.candles.filled(interval, period.from, period.until)
    return dump(
      KLINES,
      bars.map((bar) => {
        const [open, ...cells] = klineRow(instrument, bar, market.sums)
        // The last instant of a bar is written with the digits of its own unit.
        const close = spot ? `${Number(cells[5])}999` : String(cells[5])
        return [time(Number(open)), ...cells.slice(0, 5), close, ...cells.slice(6)].join(',')
      }),
    )
  }
  if (type === 'trades' && spot) {
    const lines = inside(instrument.trades).map(({ id, price, amount, time: at, takerSide }) => {
      const { spec } = instrument
      const value = valueText(spec, BigInt(price) * BigInt(amount))
      const side = takerSide === 'sell' ? 'True' : 'False'
      return `${id},${priceText(spec, price)},${amountText(spec, amount)},${value},${time(toMs(at))},${side},True`
    })
    return dump('', lines)
  }
  if (type === 'aggTrades')
    return dump(
      AGGREGATES,
      inside(feed.aggregateTrades).map((trade) => aggregateLine(instrument, trade, time, spot)),
    )
  return undefined
}

function aggregateLine(
  { spec }: MarketInstrument,
  trade: AggregateTrade,
  time: (ms: number) => string,
  spot: boolean,
): string {
  const maker = trade.takerSide === 'sell'
  const side = spot ? (maker ? 'True,True' : 'False,True') : String(maker)
  const { id, firstId, lastId } = trade
  return `${id},${priceText(spec, trade.price)},${amountText(spec, trade.amount)},${firstId},${lastId},${time(toMs(trade.time))},${side}`
}
