import { hashText } from './random.js'

/** Something that is traded in the emulated markets. */
export interface Coin {
  readonly base: string
  /** About what one costs in dollars at the start; the market stays around it. */
  readonly price: number
  /** How busy it is beside the others (1 = average). */
  readonly activity: number
}

/** The coins of the emulated markets, in the order in which `--instruments N` takes them: busy and quiet ones mixed. */
export const COINS: readonly Coin[] = [
  { base: 'BTC', price: 67_010, activity: 2.5 },
  { base: 'ETH', price: 3502, activity: 2 },
  { base: 'SOL', price: 171.4, activity: 1.5 },
  { base: 'XRP', price: 0.5231, activity: 1 },
  { base: 'ADA', price: 0.4517, activity: 0.6 },
  { base: 'DOT', price: 6.215, activity: 0.3 },
  { base: 'LTC', price: 83.21, activity: 0.6 },
  { base: 'LINK', price: 14.62, activity: 0.8 },
  { base: 'ATOM', price: 8.412, activity: 0.2 },
  { base: 'UNI', price: 7.813, activity: 0.05 },
  { base: 'AVAX', price: 35.21, activity: 1 },
  { base: 'BCH', price: 452.7, activity: 0.7 },
  { base: 'XLM', price: 0.2113, activity: 0.5 },
  { base: 'ETC', price: 26.41, activity: 0.4 },
  { base: 'FIL', price: 5.623, activity: 0.6 },
  { base: 'AAVE', price: 92.34, activity: 0.8 },
  { base: 'ALGO', price: 0.1735, activity: 0.3 },
  { base: 'NEAR', price: 6.315, activity: 1.2 },
  { base: 'APT', price: 8.824, activity: 0.9 },
  { base: 'ARB', price: 0.9512, activity: 1.1 },
  { base: 'SUI', price: 1.823, activity: 1.5 },
  { base: 'INJ', price: 24.83, activity: 0.7 },
  { base: 'GRT', price: 0.2513, activity: 0.3 },
  { base: 'CRV', price: 0.4217, activity: 0.4 },
  { base: 'SNX', price: 2.512, activity: 0.1 },
  { base: 'COMP', price: 54.12, activity: 0.1 },
  { base: 'MKR', price: 2412, activity: 0.2 },
  { base: 'ENJ', price: 0.2915, activity: 0.1 },
  { base: 'BAT', price: 0.2317, activity: 0.1 },
  { base: 'KSM', price: 27.41, activity: 0.05 },
  { base: 'MANA', price: 0.4318, activity: 0.3 },
  { base: 'SAND', price: 0.4216, activity: 0.4 },
  { base: 'AXS', price: 7.213, activity: 0.3 },
  { base: 'CHZ', price: 0.1314, activity: 0.4 },
  { base: 'ZEC', price: 24.31, activity: 0.2 },
  { base: 'DASH', price: 29.14, activity: 0.2 },
  { base: 'YFI', price: 6812, activity: 0.1 },
  { base: 'TRX', price: 0.1218, activity: 0.9 },
  { base: 'ICP', price: 12.34, activity: 0.6 },
  { base: 'RUNE', price: 5.412, activity: 0.5 },
]

/** How many there are: the named ones, and quiet ones without a name in the world for venues with a thousand pairs. */
export const MOST_COINS = 1000
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The first `count` of the coins that `--instruments` takes. */
export function coins(count: number): readonly Coin[] {
  const unnamed = Math.max(0, Math.min(count, MOST_COINS) - COINS.length)
  return [...COINS.slice(0, count), ...Array.from({ length: unnamed }, (_, at) => unnamedCoin(at))]
}

/** `QAA`, `QAB` … `QZZ`, `RAA` …; from five cents to five hundred dollars. */
function unnamedCoin(at: number): Coin {
  const digits = [Math.floor(at / 676) + 16, Math.floor(at / 26) % 26, at % 26]
  const base = digits.map((digit) => LETTERS[digit]).join('')
  const price = Number((0.05 * 10 ** (4 * (hashText(base) / 2 ** 32))).toPrecision(4))
  return { base, price, activity: 0.3 }
}
