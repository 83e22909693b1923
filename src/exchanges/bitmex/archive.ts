import type { Trade } from '../../model/event.js'
import { DAY, nanosFromIso } from '../../model/time.js'
import type { ArchiveFeed } from '../exchange.js'
import { dateText, identifiedPart, readLines } from '../kit/archive.js'
import { unsignedDecimal, WireError } from '../kit/wire.js'
import { takerSide } from './rows.js'

/** More columns stand behind these. */
const COLUMNS = ['timestamp', 'symbol', 'side', 'size', 'price', 'trdMatchID']

/**
 * Trades of all instruments by day, `https://public.bitmex.com/data/trade/20250131.csv.gz`. Rows of an index have no id: they are no trades. There is no
 * checksum beside them but that of gzip.
 */
export const bitmexArchivedTrades: ArchiveFeed = {
  channel: 'trades',
  packing: 'gzip',
  since: nanosFromIso('2014-11-22') ?? 0n,
  periods: [{ of: 'day', publishedAfterMs: 86_400_000 }],
  file: (_, period, from) =>
    period === 'day'
      ? { path: `/data/trade/${dateText(period, from).replaceAll('-', '')}.csv.gz`, from, until: from + DAY }
      : undefined,
  mark: ({ restSymbol }) => `,${restSymbol},`,
  page(request, part) {
    const { symbol, restSymbol } = request
    const rows = readLines(part, COLUMNS, `trades of ${symbol}`, ([time, name, side, size, price, id]): Trade => {
      if (name !== restSymbol) throw new WireError(`a trade is of ${name?.slice(0, 40)}`)
      // `2025-01-31D00:00:01.123456000`
      const at = nanosFromIso(time?.replace('D', 'T'))
      if (at === undefined) throw new WireError(`timestamp is ${time?.slice(0, 40)}`)
      return {
        kind: 'trade',
        symbol,
        exchangeTime: at,
        tradeId: id,
        price: unsignedDecimal(price, 'price'),
        amount: unsignedDecimal(size, 'size'),
        takerSide: takerSide(side),
        counter: undefined,
      }
    })
    return identifiedPart(
      rows.filter(({ tradeId }) => tradeId !== ''),
      request,
      part,
    )
  },
}
