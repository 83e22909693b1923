import { type Instrument, isPair } from '../../model/instrument.js'
import { readAnswer } from '../kit/answer.js'
import { type Fields, fields, isFields, list, text } from '../kit/wire.js'
import { refuseErrors } from './errors.js'

/** `GET /api/v3/exchangeInfo`. Names that cannot stand in a pair are left out. Throws BAD_MESSAGE. */
export function readInstruments(body: string): Instrument[] {
  return readAnswer(body, 'exchangeInfo', (answer) => {
    refuseErrors(answer)
    const symbols = list(fields(answer, 'the answer').symbols, 'symbols')
    return symbols.map((each) => instrument(fields(each, 'symbols'))).filter(({ pair }) => isPair(pair))
  })
}

function instrument(of: Fields): Instrument {
  const base = text(of.baseAsset, 'baseAsset')
  const quote = text(of.quoteAsset, 'quoteAsset')
  const priceIncrement = increment(of, 'PRICE_FILTER', 'tickSize')
  const amountIncrement = increment(of, 'LOT_SIZE', 'stepSize')
  return {
    exchange: 'binance',
    symbol: text(of.symbol, 'symbol'),
    pair: `${base}/${quote}`,
    kind: 'spot',
    base,
    quote,
    // HALT, BREAK, END_OF_DAY, CANCEL_ONLY …: whatever is not trading now may trade again. Delisted symbols leave the list.
    status: of.status === 'TRADING' ? 'trading' : 'halted',
    ...(priceIncrement === undefined ? {} : { priceIncrement }),
    ...(amountIncrement === undefined ? {} : { amountIncrement }),
    amountUnit: 'base',
  }
}

/** A size from a symbol's filters; zero means that there is none. */
function increment({ filters }: Fields, filterType: string, name: string): string | undefined {
  if (!Array.isArray(filters)) return undefined
  const filter = filters.filter(isFields).find((each) => each.filterType === filterType)
  const size = filter?.[name]
  return typeof size === 'string' && Number(size) > 0 ? size : undefined
}
