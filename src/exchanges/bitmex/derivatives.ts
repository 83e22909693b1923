import type { Funding, MarketData } from '../../model/event.js'
import { type Nanos, nanosFromIso, SECOND } from '../../model/time.js'
import { decimal, type Fields, unsignedDecimal } from '../kit/wire.js'
import { isoTime, takerSide } from './rows.js'

/** What was last told of a funding rate: changes name only what changed. */
export interface Rate {
  readonly rate?: string
  readonly predicted?: string
  /** Nanoseconds as text. */
  readonly next?: string
  readonly seconds?: number
}

const present = (value: unknown) => value !== undefined && value !== null

/** The rate with what a row of `instrument` changes; the same object where it changes nothing. */
export function rateAfter(before: Rate, row: Fields): Rate {
  const { fundingRate, indicativeFundingRate, fundingTimestamp, fundingInterval } = row
  if (![fundingRate, indicativeFundingRate, fundingTimestamp, fundingInterval].some(present)) return before
  const next = isoTime(fundingTimestamp)
  const seconds = intervalSeconds(fundingInterval)
  return {
    ...before,
    ...(present(fundingRate) ? { rate: decimal(fundingRate, 'fundingRate') } : {}),
    ...(present(indicativeFundingRate) ? { predicted: decimal(indicativeFundingRate, 'indicativeFundingRate') } : {}),
    ...(next === undefined ? {} : { next: next.toString() }),
    ...(seconds === undefined ? {} : { seconds }),
  }
}

export function rateEvents({ rate, predicted, next, seconds }: Rate, row: Fields, symbol: string): MarketData[] {
  if (rate === undefined) return []
  return [
    {
      kind: 'funding',
      symbol,
      exchangeTime: isoTime(row.timestamp),
      rate,
      predictedRate: predicted,
      nextFundingTime: next === undefined ? undefined : BigInt(next),
      intervalSeconds: seconds,
      settled: false,
    },
  ]
}

/** Mark price, index and open interest of a row of `instrument`, as far as it names them. */
export function instrumentEvents(row: Fields, symbol: string): MarketData[] {
  const { markPrice, indicativeSettlePrice, openInterest, openValue } = row
  const stamped = { symbol, exchangeTime: isoTime(row.timestamp) }
  const events: MarketData[] = []
  if (present(markPrice))
    events.push({ kind: 'mark_price', ...stamped, price: unsignedDecimal(markPrice, 'markPrice') })
  if (present(indicativeSettlePrice)) {
    const price = unsignedDecimal(indicativeSettlePrice, 'indicativeSettlePrice')
    events.push({ kind: 'index_price', ...stamped, price })
  }
  if (present(openInterest)) {
    const amount = unsignedDecimal(openInterest, 'openInterest')
    // Of the value alone no event: it moves with every price.
    const value = present(openValue) ? decimal(openValue, 'openValue') : undefined
    events.push({ kind: 'open_interest', ...stamped, amount, value })
  }
  return events
}

/** A row of `funding`: the rate as it was charged at its time. */
export function chargedEvents(row: Fields, symbol: string): Funding[] {
  return [
    {
      kind: 'funding',
      symbol,
      exchangeTime: isoTime(row.timestamp),
      rate: decimal(row.fundingRate, 'fundingRate'),
      predictedRate: undefined,
      nextFundingTime: undefined,
      intervalSeconds: intervalSeconds(row.fundingInterval),
      settled: true,
    },
  ]
}

/** A new row of `liquidation`. It has no time; `Sell` closes a long. Without a price nothing is offered yet. */
export function liquidationEvents(row: Fields, symbol: string): MarketData[] {
  const side = takerSide(row.side)
  if (side === undefined || !present(row.price)) return []
  return [
    {
      kind: 'liquidation',
      symbol,
      exchangeTime: undefined,
      orderId: typeof row.orderID === 'string' ? row.orderID : undefined,
      side,
      price: unsignedDecimal(row.price, 'price'),
      averagePrice: undefined,
      amount: unsignedDecimal(row.leavesQty, 'leavesQty'),
    },
  ]
}

const NO_INTERVAL: Nanos = nanosFromIso('2000-01-01T00:00:00.000Z') ?? 0n

/** A length of time is written as a date: `2000-01-01T08:00:00.000Z` is 8 hours. */
function intervalSeconds(value: unknown): number | undefined {
  const time = present(value) ? isoTime(value) : undefined
  return time === undefined || time <= NO_INTERVAL ? undefined : Number((time - NO_INTERVAL) / SECOND)
}
