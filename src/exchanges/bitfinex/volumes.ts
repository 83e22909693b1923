import type { ListCall, Traded } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { list, text, WireError } from '../kit/wire.js'
import { refuseError } from './instruments.js'

/** https://docs.bitfinex.com/reference/rest-public-tickers: the seventh number after the symbol is the last price, the eighth the amount of the day. */
export const bitfinexVolumes: ListCall<Traded> = {
  path: '/v2/tickers?symbols=ALL',
  // The venue allows 30 of these a minute, the budget counts the 90 of others.
  weight: 3,
  read: (body) =>
    readAnswer(body, 'tickers of Bitfinex', (answer) => {
      const items = list(answer, 'the answer')
      refuseError(items, 'the tickers')
      const rows = items.map((row) => list(row, 'a ticker'))
      // Funding currencies have rows of another length.
      return rows
        .filter(([symbol]) => text(symbol, 'symbol').startsWith('t'))
        .map((row) => {
          const [last, base] = [row[7], row[8]]
          if (typeof last !== 'number' || typeof base !== 'number') throw new WireError('a ticker without volume')
          return { symbol: text(row[0], 'symbol'), amount: { base }, last }
        })
    }),
}
