import { isDecimal } from '../../model/decimal.js'
import type { ListCall, Traded } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fields, list, text } from '../kit/wire.js'
import { refuseMessage } from './instruments.js'

/** The list of products tells it too: `volume_24h` is in the base. What was not traded has empty texts. */
export const advancedVolumes: ListCall<Traded> = {
  path: '/api/v3/brokerage/market/products?product_type=SPOT',
  weight: 1,
  read: (body) =>
    readAnswer(body, 'products of Coinbase Advanced', (json) => {
      const answer = fields(json, 'the answer')
      refuseMessage(answer)
      return list(answer.products, 'products').flatMap((each) => {
        const { product_id, volume_24h, price } = fields(each, 'product')
        if (!isDecimal(volume_24h) || !isDecimal(price)) return []
        return [{ symbol: text(product_id, 'product_id'), amount: { base: Number(volume_24h) }, last: Number(price) }]
      })
    }),
}
