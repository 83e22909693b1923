import type { ListCall, Traded } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { decimal, fields, list, text } from '../kit/wire.js'
import { errors } from './errors.js'

/** https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#24hr-ticker-price-change-statistics */
export const binanceVolumes: ListCall<Traded> = {
  path: '/api/v3/ticker/24hr?type=MINI',
  weight: 80,
  read: (body) =>
    readAnswer(body, 'ticker/24hr', (answer) => {
      if (!Array.isArray(answer)) errors.refuse(answer)
      return list(answer, 'the answer').map((each) => {
        const row = fields(each, 'a ticker')
        const quote = Number(decimal(row.quoteVolume, 'quoteVolume'))
        return {
          symbol: text(row.symbol, 'symbol'),
          amount: { quote },
          last: Number(decimal(row.lastPrice, 'lastPrice')),
        }
      })
    }),
}
