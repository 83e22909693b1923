import { isoFromNanos, type Nanos } from '../../model/time.js'
import type { MarketInstrument } from '../market.js'
import { tradeRow } from './rows.js'

export const DUMP_HEADER =
  'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,trdType'

/** The trades of a day of one instrument as public.bitmex.com writes them. */
export function dumpLines(
  { spec, trades }: MarketInstrument,
  { from, until }: { from: Nanos; until: Nanos },
): string[] {
  return trades
    .filter(({ time }) => time >= from && time < until)
    .map((trade) => {
      const { timestamp: _, ...row } = tradeRow(spec, trade)
      const time = isoFromNanos(trade.time).replace('T', 'D').replace('Z', '')
      return [time, ...Object.values(row)].join(',')
    })
}
