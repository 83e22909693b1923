import { nanosFromMs } from '../../model/time.js'
import type { Poll } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { fields, text, unsignedDecimal, WireError } from '../kit/wire.js'
import { errors, type Market } from './market.js'

/** `GET …/openInterest`, in the unit of amounts. There is no stream of it. */
export function openInterest({ api }: Market): Poll {
  return {
    channel: 'open_interest',
    answers: 'symbol',
    call: ([of]) => ({
      path: `${api}/openInterest?symbol=${encodeURIComponent(of?.symbol ?? '')}`,
      weight: 1,
      read: (body) =>
        readAnswer(body, `open interest of ${of?.symbol}`, (answer) => {
          errors.refuse(answer)
          const { symbol, openInterest: amount, time } = fields(answer, 'the answer')
          const exchangeTime = nanosFromMs(time)
          if (exchangeTime === undefined) throw new WireError('time should be a time in milliseconds')
          return [
            {
              kind: 'open_interest',
              symbol: text(symbol, 'symbol'),
              exchangeTime,
              amount: unsignedDecimal(amount, 'openInterest'),
              value: undefined,
            },
          ]
        }),
    }),
  }
}
