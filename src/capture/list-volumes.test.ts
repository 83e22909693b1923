import { expect, it } from 'vitest'
import { exchanges } from '../exchanges/index.js'
import type { Instrument } from '../model/instrument.js'
import { listVolumes } from './list-volumes.js'

const instrument = (symbol: string, base: string, quote: string, more: Partial<Instrument> = {}): Instrument => ({
  exchange: 'x',
  symbol,
  pair: `${base}/${quote}`,
  kind: 'spot',
  base,
  quote,
  status: 'trading',
  amountUnit: 'base',
  ...more,
})

/** Answers by path, in the form of each venue's documentation. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/api/v3/ticker/24hr?type=MINI': [
    { symbol: 'BTCUSDT', lastPrice: '50000.0', quoteVolume: '900.5' },
    { symbol: 'ETHBTC', lastPrice: '0.05', quoteVolume: '2' },
  ],
  '/0/public/Ticker': {
    error: [],
    result: {
      XXBTZUSD: { c: ['50000.0', '1'], v: ['1', '0.02'] },
      SOLUSD: { c: ['100.0', '1'], v: ['1', '3'] },
    },
  },
  '/products/stats': {
    'BTC-USD': {
      stats_30day: { volume: '9' },
      stats_24hour: { open: '49000', high: '51000', low: '48000', volume: '0.02', last: '50000.00' },
    },
    'NEW-USD': { stats_30day: {}, stats_24hour: {} },
    'ETH-BTC': { stats_30day: { volume: '9' }, stats_24hour: { volume: '40', last: '0.05' } },
  },
  '/v2/tickers?symbols=ALL': [
    ['tBTCUSD', 1, 1, 1, 1, 1, 1, 50_000, 0.02, 1, 1, null],
    ['fUSD', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  ],
  '/v5/market/tickers?category=spot': {
    retCode: 0,
    result: { list: [{ symbol: 'BTCUSDT', lastPrice: '50000', turnover24h: '1000' }] },
  },
  '/v5/market/tickers?category=linear': {
    retCode: 0,
    result: { list: [{ symbol: 'BTCUSDT', lastPrice: '50000', turnover24h: '7000' }] },
  },
  '/v5/market/tickers?category=inverse': {
    retCode: 0,
    result: { list: [{ symbol: 'BTCUSD', lastPrice: '50000', turnover24h: '0.1' }] },
  },
  '/api/v5/market/tickers?instType=SPOT': {
    code: '0',
    data: [{ instId: 'BTC-USDT', last: '50000', volCcy24h: '1000' }],
  },
  '/api/v5/market/tickers?instType=SWAP': {
    code: '0',
    data: [{ instId: 'BTC-USDT-SWAP', last: '50000', volCcy24h: '0.1' }],
  },
  '/api/v5/market/tickers?instType=FUTURES': {
    code: '0',
    data: [{ instId: 'BTC-USDT-261225', last: '', volCcy24h: '' }],
  },
}

it.each([
  [
    'binance',
    [instrument('BTCUSDT', 'BTC', 'USDT'), instrument('ETHBTC', 'ETH', 'BTC')],
    { 'BTC/USDT': 900.5, 'ETH/BTC': 100_000 },
  ],
  [
    'kraken',
    [
      instrument('BTC/USD', 'BTC', 'USD', { restSymbol: 'XBTUSD' }),
      instrument('SOL/USD', 'SOL', 'USD', { restSymbol: 'SOLUSD' }),
    ],
    { 'BTC/USD': 1000, 'SOL/USD': 300 },
  ],
  [
    'coinbase',
    [instrument('BTC-USD', 'BTC', 'USD'), instrument('ETH-BTC', 'ETH', 'BTC'), instrument('NEW-USD', 'NEW', 'USD')],
    { 'BTC/USD': 1000, 'ETH/BTC': 100_000 },
  ],
  ['bitfinex', [instrument('tBTCUSD', 'BTC', 'USD')], { 'BTC/USD': 1000 }],
  [
    'bybit',
    [
      instrument('spot/BTCUSDT', 'BTC', 'USDT'),
      instrument('linear/BTCUSDT', 'BTC', 'USDT', { pair: 'BTC/USDT:perp' }),
      instrument('inverse/BTCUSD', 'BTC', 'USD', { pair: 'BTC/USD:perp' }),
    ],
    { 'BTC/USDT': 1000, 'BTC/USDT:perp': 7000, 'BTC/USD:perp': 5000 },
  ],
  [
    'okx',
    [
      instrument('BTC-USDT', 'BTC', 'USDT'),
      instrument('BTC-USDT-SWAP', 'BTC', 'USDT', { pair: 'BTC/USDT:perp' }),
      instrument('BTC-USDT-261225', 'BTC', 'USDT', { pair: 'BTC/USDT:20261225' }),
    ],
    { 'BTC/USDT': 1000, 'BTC/USDT:perp': 5000, 'BTC/USDT:20261225': 0 },
  ],
] as const)('%s tells what is traded, in one unit over all quotes', async (id, instruments, expected) => {
  const adapter = exchanges[id]
  if (!adapter) throw new Error(id)
  const found = await listVolumes(adapter, instruments, async ({ path }) => JSON.stringify(ANSWERS[path]))
  expect(Object.fromEntries(found)).toEqual(expected)
})

it('is refused where the venue does not tell', async () => {
  await expect(listVolumes({ id: 'x' }, [], async () => '')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})
