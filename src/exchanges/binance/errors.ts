import { codedErrors } from '../kit/coded-errors.js'

/** https://github.com/binance/binance-spot-api-docs/blob/master/errors.md */
export const errors = codedErrors(
  'Binance',
  new Map([
    [-1003, 'RATE_LIMITED'],
    [-1015, 'RATE_LIMITED'],
    [-1121, 'UNKNOWN_INSTRUMENT'],
  ]),
)
