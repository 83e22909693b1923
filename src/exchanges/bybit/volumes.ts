import type { ListCall, Traded } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { decimal, fields, list, text } from '../kit/wire.js'
import { resultOf } from './instruments.js'
import { CATEGORIES, symbolOf } from './topics.js'

/** https://bybit-exchange.github.io/docs/v5/market/tickers: `turnover24h` is in the quote, of inverse contracts in the base. */
export const bybitVolumes = CATEGORIES.map(
  (category): ListCall<Traded> => ({
    path: `/v5/market/tickers?category=${category}`,
    weight: 1,
    read: (body) =>
      readAnswer(body, `tickers of Bybit ${category}`, (answer) =>
        list(resultOf(answer).list, 'list').map((each) => {
          const row = fields(each, 'list')
          const turnover = Number(decimal(row.turnover24h, 'turnover24h'))
          return {
            symbol: symbolOf(category, text(row.symbol, 'symbol')),
            amount: category === 'inverse' ? { base: turnover } : { quote: turnover },
            last: Number(decimal(row.lastPrice, 'lastPrice')),
          }
        }),
      ),
  }),
)
