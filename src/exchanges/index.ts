import { binance } from './binance/binance.js'
import type { ExchangeAdapter } from './exchange.js'
import { kraken } from './kraken/kraken.js'

/** Every exchange, by id. One line each. */
export const exchanges: Readonly<Record<string, ExchangeAdapter>> = {
<<<<<<< HEAD
  binance,
=======
  kraken,
>>>>>>> 590b435 (Kraken: trades, books proven by checksum, quotes and candles over WebSocket v2)
}
