import { CollectorError } from '../model/error.js'
import { binance } from './binance/binance.js'
import { binanceCoinm, binanceUsdm } from './binance-futures/binance-futures.js'
import { bitfinex } from './bitfinex/bitfinex.js'
import { bitmex } from './bitmex/bitmex.js'
import { bybit } from './bybit/bybit.js'
import { coinbase } from './coinbase/coinbase.js'
import { coinbaseAdvanced } from './coinbase-advanced/coinbase-advanced.js'
import type { ExchangeAdapter } from './exchange.js'
import { kraken } from './kraken/kraken.js'
import { okx } from './okx/okx.js'

/** Every exchange, by id. One line each. */
export const exchanges: Readonly<Record<string, ExchangeAdapter>> = {
  binance,
  binance_coinm: binanceCoinm,
  binance_usdm: binanceUsdm,
  bitfinex,
  bybit,
  bitmex,
  coinbase,
  coinbase_advanced: coinbaseAdvanced,
  kraken,
  okx,
}

/** Throws UNSUPPORTED. */
export function adapterOf(id: string): ExchangeAdapter {
  const adapter = exchanges[id]
  if (adapter) return adapter
  throw new CollectorError('UNSUPPORTED', `there is no exchange ${id}`, {
    remedy: `Choose one of ${Object.keys(exchanges).join(', ')}.`,
  })
}
