import { CollectorError } from '../../model/error.js'
import { type Instrument, isPair } from '../../model/instrument.js'
import type { ListCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { type Fields, fields, isFields, list, text, unsignedDecimal, WireError } from '../kit/wire.js'

/** `GET /products`: everything, the delisted too. */
export const coinbaseInstruments: ListCall<Instrument> = {
  path: '/products',
  weight: 1,
  read: (body) => readAnswer(body, 'products of Coinbase', readProducts),
}

/** A 2xx body that is an error all the same: `{"message":"NotFound"}` instead of what was asked for. */
export function refuseMessage(answer: unknown): void {
  if (!isFields(answer) || typeof answer.message !== 'string') return
  throw new CollectorError(meaningOf(answer.message) ?? 'BAD_MESSAGE', `Coinbase answered: ${answer.message}`)
}

/** What the text of an error says beyond its HTTP status. */
export function meaningOf(message: string): 'RATE_LIMITED' | 'UNKNOWN_INSTRUMENT' | 'EXCHANGE_DOWN' | undefined {
  if (/rate limit|too many requests|slow rate/i.test(message)) return 'RATE_LIMITED'
  if (/not ?found|not a valid product|invalid product/i.test(message)) return 'UNKNOWN_INSTRUMENT'
  return /maintenance|unavailable/i.test(message) ? 'EXCHANGE_DOWN' : undefined
}

function readProducts(answer: unknown): readonly Instrument[] {
  refuseMessage(answer)
  const products = list(answer, 'products')
  if (!products.length) throw new WireError('no products')
  return products.flatMap((each) => read(fields(each, 'product')))
}

function status(product: Fields): Instrument['status'] {
  if (product.status === 'delisted') return 'closed'
  // In `post_only`, `limit_only` and `cancel_only` orders rest and change.
  return product.status === 'online' && product.trading_disabled !== true ? 'trading' : 'halted'
}

function read(product: Fields): Instrument[] {
  const symbol = text(product.id, 'id')
  const base = text(product.base_currency, 'base_currency')
  const quote = text(product.quote_currency, 'quote_currency')
  const pair = `${base}/${quote}`
  if (!isPair(pair)) return []
  return [
    {
      exchange: 'coinbase',
      symbol,
      pair,
      kind: 'spot',
      base,
      quote,
      status: status(product),
      priceIncrement: unsignedDecimal(product.quote_increment, 'quote_increment'),
      amountIncrement: unsignedDecimal(product.base_increment, 'base_increment'),
      amountUnit: 'base',
    },
  ]
}
