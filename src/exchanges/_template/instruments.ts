import { type Instrument, isPair } from '../../model/instrument.js'
import type { ListCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { type Fields, fields, list, text, unsignedDecimal, WireError } from '../kit/wire.js'

/** `GET /v1/symbols`: all that is listed. */
export const templateInstruments: ListCall<Instrument> = {
  path: '/v1/symbols',
  weight: 1,
  read: (body) =>
    readAnswer(body, 'symbols of Template', (answer) => {
      const symbols = list(fields(answer, 'answer').symbols, 'symbols')
      if (!symbols.length) throw new WireError('no symbols')
      return symbols.flatMap((each) => instrument(fields(each, 'symbol')))
    }),
}

function instrument(wire: Fields): Instrument[] {
  const base = text(wire.base, 'base')
  const quote = text(wire.quote, 'quote')
  const pair = `${base}/${quote}`
  if (!isPair(pair)) return []
  return [
    {
      exchange: 'template',
      symbol: text(wire.symbol, 'symbol'),
      pair,
      kind: 'spot',
      base,
      quote,
      status: wire.status === 'online' ? 'trading' : 'halted',
      priceIncrement: unsignedDecimal(wire.tick, 'tick'),
      amountIncrement: unsignedDecimal(wire.lot, 'lot'),
      amountUnit: 'base',
    },
  ]
}
