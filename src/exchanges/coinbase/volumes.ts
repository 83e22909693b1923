import { isDecimal } from '../../model/decimal.js'
import type { ListCall, Traded } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fields, isFields, WireError } from '../kit/wire.js'
import { refuseMessage } from './instruments.js'

/**
 * `GET /products/stats`: `stats_24hour` of every product, as `/products/{id}/stats` documents it for one; `volume` is in the base. The documented list
 * (`/products/volume-summary`) tells no price. What was not traded has none.
 */
export const coinbaseVolumes: ListCall<Traded> = {
  path: '/products/stats',
  weight: 1,
  read: (body) =>
    readAnswer(body, 'stats of Coinbase', (answer) => {
      refuseMessage(answer)
      const products = Object.entries(fields(answer, 'the answer'))
      if (!products.length) throw new WireError('no products')
      return products.flatMap(([symbol, each]) => {
        const { volume, last } = fields(isFields(each) ? each.stats_24hour : each, symbol)
        if (!isDecimal(volume) || !isDecimal(last)) return []
        return [{ symbol, amount: { base: Number(volume) }, last: Number(last) }]
      })
    }),
}
