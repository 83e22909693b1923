import type { ListCall, Traded } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { decimal, fields, list } from '../kit/wire.js'
import { resultOf } from './errors.js'

/** Keys of old pairs wear an X or a Z before each currency: `XXBTZUSD` is `XBTUSD`. */
function altName(key: string): string {
  return /^X[A-Z]{3}Z[A-Z]{3}$|^X[A-Z]{3}X[A-Z]{3}$/.test(key) ? key.slice(1, 4) + key.slice(5) : key
}

/** https://docs.kraken.com/api/docs/rest-api/get-ticker-information: `c` the last trade, `v` today and the last 24 hours, in the base. */
export const krakenVolumes: ListCall<Traded> = {
  path: '/0/public/Ticker',
  weight: 1,
  read: (body) =>
    readAnswer(body, 'Ticker of Kraken', (answer) =>
      Object.entries(resultOf(answer, 'the tickers')).map(([key, each]) => {
        const { c, v } = fields(each, key)
        const base = Number(decimal(list(v, 'v')[1], 'v'))
        return { symbol: altName(key), amount: { base }, last: Number(decimal(list(c, 'c')[0], 'c')) }
      }),
    ),
}
