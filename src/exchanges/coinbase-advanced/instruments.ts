import { CollectorError } from '../../model/error.js'
import { type Instrument, isPair } from '../../model/instrument.js'
import type { ListCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { type Fields, fields, list, text, unsignedDecimal, WireError } from '../kit/wire.js'

/** Spot products. Those that only stand for another (`BTC-USDC` for `BTC-USD`) have no data of their own. */
export const advancedInstruments: ListCall<Instrument> = {
  path: '/api/v3/brokerage/market/products?product_type=SPOT',
  weight: 1,
  read: (body) =>
    readAnswer(body, 'products of Coinbase Advanced', (json) => {
      const answer = fields(json, 'the answer')
      refuseMessage(answer)
      const products = list(answer.products, 'products')
      if (!products.length) throw new WireError('no products')
      return products.flatMap((each) => read(fields(each, 'product')))
    }),
}

/** A 2xx body that is an error all the same. */
export function refuseMessage(answer: Fields): void {
  if (typeof answer.message !== 'string' || answer.products !== undefined) return
  throw new CollectorError(meaningOf(answer.message) ?? 'BAD_MESSAGE', `Coinbase answered: ${answer.message}`)
}

/** What the text of an error says beyond its HTTP status. */
export function meaningOf(message: string): 'RATE_LIMITED' | 'UNKNOWN_INSTRUMENT' | 'EXCHANGE_DOWN' | undefined {
  if (/rate limit|too many requests/i.test(message)) return 'RATE_LIMITED'
  if (/not ?found|invalid product|not a valid product/i.test(message)) return 'UNKNOWN_INSTRUMENT'
  return /maintenance|unavailable/i.test(message) ? 'EXCHANGE_DOWN' : undefined
}

function read(product: Fields): Instrument[] {
  if (product.product_type !== 'SPOT' || (typeof product.alias === 'string' && product.alias !== '')) return []
  const symbol = text(product.product_id, 'product_id')
  const base = text(product.base_currency_id, 'base_currency_id')
  const quote = text(product.quote_currency_id, 'quote_currency_id')
  const pair = `${base}/${quote}`
  if (!isPair(pair)) return []
  const trading = product.status === 'online' && product.trading_disabled !== true
  return [
    {
      exchange: 'coinbase_advanced',
      symbol,
      pair,
      kind: 'spot',
      base,
      quote,
      status: product.is_disabled === true ? 'closed' : trading ? 'trading' : 'halted',
      priceIncrement: unsignedDecimal(product.price_increment ?? product.quote_increment, 'price_increment'),
      amountIncrement: unsignedDecimal(product.base_increment, 'base_increment'),
      amountUnit: 'base',
    },
  ]
}
