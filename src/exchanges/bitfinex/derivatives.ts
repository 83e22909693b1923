import type { MarketData } from '../../model/event.js'
import { decimal, integer, list, milliseconds, text, unsignedDecimal } from '../kit/wire.js'

/** What was last told of a funding rate: empty places in a message mean that it still holds. */
export interface Rate {
  readonly rate?: string
  readonly predicted?: string
  /** Milliseconds. */
  readonly next?: number
}

/** Places in the status of a derivative. */
const [TIME, INDEX, NEXT, PREDICTED, RATE, MARK, INTEREST] = [0, 3, 7, 8, 11, 14, 17]

const present = (value: unknown) => value !== undefined && value !== null

/** The rate with what a status tells of it. */
export function rateAfter(before: Rate, status: readonly unknown[]): Rate {
  const [rate, predicted, next] = [status[RATE], status[PREDICTED], status[NEXT]]
  return {
    ...before,
    ...(present(rate) ? { rate: decimal(rate, 'CURRENT_FUNDING') } : {}),
    ...(present(predicted) ? { predicted: decimal(predicted, 'NEXT_FUNDING_ACCRUED') } : {}),
    ...(present(next) ? { next: integer(next, 'NEXT_FUNDING_EVT') } : {}),
  }
}

/** Rate, mark price, index and open interest of a status, as far as they are told. The time is that of the status. */
export function statusEvents(status: readonly unknown[], rate: Rate, symbol: string): MarketData[] {
  const stamped = { symbol, exchangeTime: milliseconds(status[TIME], 'MTS') }
  const [mark, index, interest] = [status[MARK], status[INDEX], status[INTEREST]]
  const events: MarketData[] = []
  if (rate.rate !== undefined)
    events.push({
      kind: 'funding',
      ...stamped,
      rate: rate.rate,
      predictedRate: rate.predicted,
      nextFundingTime: rate.next === undefined ? undefined : milliseconds(rate.next, 'NEXT_FUNDING_EVT'),
      intervalSeconds: undefined,
      settled: false,
    })
  if (present(mark)) events.push({ kind: 'mark_price', ...stamped, price: unsignedDecimal(mark, 'MARK_PRICE') })
  if (present(index)) events.push({ kind: 'index_price', ...stamped, price: unsignedDecimal(index, 'SPOT_PRICE') })
  if (present(interest)) {
    const amount = unsignedDecimal(interest, 'OPEN_INTEREST')
    events.push({ kind: 'open_interest', ...stamped, amount, value: undefined })
  }
  return events
}

/**
 * `["pos", POS_ID, MTS, _, SYMBOL, ±AMOUNT, BASE_PRICE, _, IS_MATCH, IS_MARKET_SOLD, _, PRICE_ACQUIRED]`. A positive amount is a long, which is sold. Rows with
 * IS_MATCH are later fills of a position that was told before.
 */
export function liquidationEvents(payload: readonly unknown[]): MarketData[] {
  return payload.flatMap((each): MarketData[] => {
    const row = list(each, 'liquidation')
    if (row[0] !== 'pos' || integer(row[8], 'IS_MATCH') !== 0) return []
    const amount = decimal(row[5], 'AMOUNT')
    return [
      {
        kind: 'liquidation',
        symbol: text(row[4], 'SYMBOL'),
        exchangeTime: milliseconds(row[2], 'MTS'),
        orderId: decimal(row[1], 'POS_ID'),
        side: amount.startsWith('-') ? 'buy' : 'sell',
        price: unsignedDecimal(row[6], 'BASE_PRICE'),
        averagePrice: undefined,
        amount: amount.replace(/^[-+]/, ''),
      },
    ]
  })
}
