import type { AdapterEvent } from '../../model/event.js'
import type { Subscription } from '../exchange.js'
import { decimal, type Fields, fields, integer, milliseconds, unsignedDecimal } from '../kit/wire.js'

/** Fields of a ticker that are kept: what a change leaves out has not changed. */
const KEPT = [
  'markPrice',
  'indexPrice',
  'fundingRate',
  'nextFundingTime',
  'fundingIntervalHour',
  'singleOpenInterest',
  'singleOpenInterestValue',
] as const

/** Which fields make an event of a channel anew when they come. */
const CAUSES: Readonly<Partial<Record<Subscription['channel'], readonly string[]>>> = {
  mark_price: ['markPrice'],
  index_price: ['indexPrice'],
  funding: ['fundingRate', 'nextFundingTime'],
  open_interest: ['singleOpenInterest'],
}

export type Ticker = Readonly<Record<string, string>>

/** What is known of a ticker after a message. */
export function tickerAfter(before: Ticker | undefined, { type, data }: Fields): Ticker {
  const changes = fields(data, 'data')
  const known: Record<string, string> = type === 'snapshot' ? {} : { ...before }
  for (const name of KEPT) {
    const value = changes[name]
    if (typeof value === 'string') known[name] = value
  }
  return known
}

/**
 * The events of what a message changed, for each channel that is wanted. A field that is empty has no value: dated contracts have no funding.
 * `openInterest` is the sum of both sides; one side has a field of its own since June 2026, and before that there is none.
 * https://bybit-exchange.github.io/docs/v5/websocket/public/ticker
 */
export function tickerEvents(of: readonly Subscription[], message: Fields, known: Ticker): AdapterEvent[] {
  const changes = fields(message.data, 'data')
  const exchangeTime = milliseconds(message.ts, 'ts')
  return of.flatMap(({ channel, symbol }): AdapterEvent[] => {
    const causes = CAUSES[channel] ?? []
    const [main = ''] = causes
    const value = known[main]
    if (!value || !causes.some((name) => name in changes)) return []
    const stamped = { symbol, exchangeTime }
    switch (channel) {
      case 'mark_price':
        return [{ kind: 'mark_price', ...stamped, price: unsignedDecimal(value, main) }]
      case 'index_price':
        return [{ kind: 'index_price', ...stamped, price: unsignedDecimal(value, main) }]
      case 'open_interest': {
        const worth = known.singleOpenInterestValue
        return [
          {
            kind: 'open_interest',
            ...stamped,
            amount: unsignedDecimal(value, main),
            value: worth ? unsignedDecimal(worth, 'singleOpenInterestValue') : undefined,
          },
        ]
      }
      default: {
        const { nextFundingTime, fundingIntervalHour } = known
        return [
          {
            kind: 'funding',
            ...stamped,
            rate: decimal(value, main),
            predictedRate: undefined,
            nextFundingTime:
              nextFundingTime && nextFundingTime !== '0' ? milliseconds(nextFundingTime, 'nextFundingTime') : undefined,
            intervalSeconds: fundingIntervalHour
              ? integer(fundingIntervalHour, 'fundingIntervalHour') * 3600
              : undefined,
            settled: false,
          },
        ]
      }
    }
  })
}
