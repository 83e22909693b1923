import type { ListCall, Traded } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fields, list, text } from '../kit/wire.js'
import { refuseError } from './instruments.js'

/** The list of instruments tells it too: `foreignNotional24h` is in the quote. Indices have neither that nor a price of a trade. */
export const bitmexVolumes: ListCall<Traded> = {
  path: '/api/v1/instrument/active',
  weight: 1,
  read: (body) =>
    readAnswer(body, 'instruments of BitMEX', (answer) => {
      refuseError(answer)
      return list(answer, 'instruments').flatMap((each) => {
        const { symbol, foreignNotional24h: quote, lastPrice: last } = fields(each, 'instrument')
        if (typeof quote !== 'number' || typeof last !== 'number') return []
        return [{ symbol: text(symbol, 'symbol'), amount: { quote }, last }]
      })
    }),
}
