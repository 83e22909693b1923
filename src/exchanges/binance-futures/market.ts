import { codedErrors } from '../kit/coded-errors.js'

/** One of the two futures markets of Binance: the same protocol on other hosts. */
export interface Market {
  readonly id: string
  readonly name: string
  readonly docs: string
  readonly endpoints: { readonly websocket: string; readonly rest: string }
  /** Where REST paths begin. */
  readonly api: '/fapi/v1' | '/dapi/v1'
  /** What an amount of 1 is. */
  readonly amountUnit: 'base' | 'contract'
  /** Paths of the feed: of books and quotes, and of all else. */
  readonly paths: { readonly public: string; readonly market: string }
  /** Whether the index price comes in the mark price's message, or in a stream of the pair's own. */
  readonly index: 'with mark price' | 'by pair'
}

/** Margined in USDT or USDC. Streams are in two groups; on the wrong path, or on none, they are confirmed and stay silent (since 2026-04-23). */
export const USDM: Market = {
  id: 'binance_usdm',
  name: 'Binance USD-M futures',
  docs: 'https://developers.binance.com/docs/derivatives/usds-margined-futures',
  endpoints: { websocket: 'wss://fstream.binance.com', rest: 'https://fapi.binance.com' },
  api: '/fapi/v1',
  amountUnit: 'base',
  paths: { public: '/public/stream', market: '/market/stream' },
  index: 'with mark price',
}

/** Margined in the coin itself; amounts are contracts. */
export const COINM: Market = {
  id: 'binance_coinm',
  name: 'Binance COIN-M futures',
  docs: 'https://developers.binance.com/docs/derivatives/coin-margined-futures',
  endpoints: { websocket: 'wss://dstream.binance.com', rest: 'https://dapi.binance.com' },
  api: '/dapi/v1',
  amountUnit: 'contract',
  paths: { public: '/stream', market: '/stream' },
  index: 'by pair',
}

/** https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code */
export const errors = codedErrors(
  'Binance futures',
  new Map([
    [-1003, 'RATE_LIMITED'],
    [-1015, 'RATE_LIMITED'],
    [-1121, 'UNKNOWN_INSTRUMENT'],
  ]),
)
