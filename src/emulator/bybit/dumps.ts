import type { Nanos } from '../../model/time.js'
import { amountText, priceText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import { tradeIdOf } from './frames.js'
import { nameOf } from './listing.js'

export const DUMP_HEADER =
  'timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI'

/** The trades of a day as public.bybit.com writes them: seconds with a fraction, the newest first. */
export function dumpLines(
  { spec, trades }: MarketInstrument,
  { from, until }: { from: Nanos; until: Nanos },
): string[] {
  return trades
    .filter(({ time }) => time >= from && time < until)
    .map((trade) => {
      const ms = trade.time / 1_000_000n
      const time = `${ms / 1000n}.${String(ms % 1000n).padStart(3, '0')}`
      const [size, price] = [amountText(spec, trade.amount), priceText(spec, trade.price)]
      const side = trade.takerSide === 'buy' ? 'Buy' : 'Sell'
      return `${time},${nameOf(spec)},${side},${size},${price},PlusTick,${tradeIdOf(spec, trade)},1e+08,${size},${price},0`
    })
    .reverse()
}
