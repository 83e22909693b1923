import type { Trade } from '../../model/event.js'
import { DAY, type Nanos, nanosFromIso } from '../../model/time.js'
import type { ArchiveFeed } from '../exchange.js'
import { dateText, identifiedPart, readLines } from '../kit/archive.js'
import { text, unsignedDecimal, WireError } from '../kit/wire.js'
import { takerSide } from './messages.js'
import { categoryOf } from './topics.js'

/** `RPI` stands behind these since 2025. */
const COLUMNS = ['timestamp', 'symbol', 'side', 'size', 'price', 'trdMatchID']

/**
 * Trades of contracts by day, `https://public.bybit.com/trading/BTCUSDT/BTCUSDT2025-01-31.csv.gz`, by the ids of the feed; older files have the newest first. There
 * is no checksum beside them but that of gzip. Those of spot have ids of their own that begin anew each day: they are not used.
 */
export const bybitArchivedTrades: ArchiveFeed = {
  channel: 'trades',
  packing: 'gzip',
  since: nanosFromIso('2019-10-01') ?? 0n,
  periods: [{ of: 'day', publishedAfterMs: 86_400_000 }],
  file({ symbol, restSymbol }, period, from) {
    const category = categoryOf(symbol)
    if (category === 'spot' || category === undefined || period !== 'day') return undefined
    const name = encodeURIComponent(restSymbol)
    return { path: `/trading/${name}/${name}${dateText(period, from)}.csv.gz`, from, until: from + DAY }
  },
  page(request, part) {
    const { symbol, restSymbol } = request
    const rows = readLines(part, COLUMNS, `trades of ${symbol}`, ([time, name, side, size, price, id]): Trade => {
      if (name !== restSymbol) throw new WireError(`a trade is of ${name?.slice(0, 40)}`)
      return {
        kind: 'trade',
        symbol,
        exchangeTime: seconds(time ?? ''),
        tradeId: text(id, 'trdMatchID'),
        price: unsignedDecimal(price, 'price'),
        amount: unsignedDecimal(size, 'size'),
        takerSide: takerSide(side),
        counter: undefined,
      }
    })
    return identifiedPart(rows, request, part)
  },
}

/** Seconds with a fraction, as a double is printed. */
function seconds(cell: string): Nanos {
  const [, whole = '', fraction = ''] = /^(\d{9,10})(?:\.(\d{1,9}))?$/.exec(cell) ?? []
  if (whole === '') throw new WireError(`timestamp should be a time in seconds, is ${cell.slice(0, 40)}`)
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}
