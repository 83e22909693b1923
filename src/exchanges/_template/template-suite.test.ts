import { join } from 'node:path'
import { describeExchange } from '../../../testkit/exchange-suite.js'
import { template } from './template.js'

const BTC = { symbol: 'BTC-USD', pair: 'BTC/USD' } as const

describeExchange(template, {
  frames: join(import.meta.dirname, 'frames'),
  refused: [{ body: '{"error":"unknown symbol"}', code: 'BAD_MESSAGE' }],
  // What the documented capture `session` subscribes to, one subscription that the venue refuses among them.
  session: [
    { id: 'trades BTC-USD', channel: 'trades', ...BTC },
    { id: 'book BTC-USD', channel: 'book', ...BTC },
    { id: 'trades NONE-USD', channel: 'trades', symbol: 'NONE-USD', pair: 'NONE/USD' },
  ],
})
