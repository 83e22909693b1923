import type { ListCall, Traded } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { decimal, text } from '../kit/wire.js'
import { rowsOf } from './instruments.js'

/** https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-tickers: `volCcy24h` is in the quote of spot, in the base of contracts. */
export const okxVolumes = ['SPOT', 'SWAP', 'FUTURES'].map(
  (type): ListCall<Traded> => ({
    path: `/api/v5/market/tickers?instType=${type}`,
    weight: 1,
    read: (body) =>
      readAnswer(body, `tickers of OKX ${type}`, (answer) =>
        rowsOf(answer).map((row) => {
          // Empty where nothing was traded.
          const number = (name: 'volCcy24h' | 'last') => (row[name] === '' ? 0 : Number(decimal(row[name], name)))
          const [amount, last] = [number('volCcy24h'), number('last')]
          return {
            symbol: text(row.instId, 'instId'),
            amount: type === 'SPOT' ? { quote: amount } : { base: amount },
            last,
          }
        }),
      ),
  }),
)
