import { binance } from './binance/binance.js'
import { bitfinex } from './bitfinex/bitfinex.js'
import { bitmex } from './bitmex/bitmex.js'
import { bybit } from './bybit/bybit.js'
import { coinbase } from './coinbase/coinbase.js'
import type { ExchangeAdapter } from './exchange.js'
import { kraken } from './kraken/kraken.js'

/** Every exchange, by id. One line each. */
export const exchanges: Readonly<Record<string, ExchangeAdapter>> = {
  binance,
  bitfinex,
  bybit,
  bitmex,
  coinbase,
  kraken,
}
