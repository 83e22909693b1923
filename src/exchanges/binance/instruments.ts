import { type Instrument, isPair } from '../../model/instrument.js'
import { readAnswer } from '../kit/answer.js'
import { filterSize } from '../kit/symbol-filters.js'
import { type Fields, fields, list, text } from '../kit/wire.js'
import { errors } from './errors.js'

/** `GET /api/v3/exchangeInfo`. Names that cannot stand in a pair are left out. Throws BAD_MESSAGE. */
export function readInstruments(body: string): Instrument[] {
  return readAnswer(body, 'exchangeInfo', (answer) => {
    errors.refuse(answer)
    const symbols = list(fields(answer, 'the answer').symbols, 'symbols')
    return symbols.map((each) => instrument(fields(each, 'symbols'))).filter(({ pair }) => isPair(pair))
  })
}

function instrument(of: Fields): Instrument {
  const base = text(of.baseAsset, 'baseAsset')
  const quote = text(of.quoteAsset, 'quoteAsset')
  const priceIncrement = filterSize(of, 'PRICE_FILTER', 'tickSize')
  const amountIncrement = filterSize(of, 'LOT_SIZE', 'stepSize')
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
