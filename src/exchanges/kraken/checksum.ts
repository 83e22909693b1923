import { canonicalDecimal } from '../../model/decimal.js'
import type { Level } from '../../model/event.js'
import type { BookView } from '../exchange.js'
import { textCrc32 } from '../kit/crc32.js'

/** The checksum covers this many levels a side, however deep the subscription is. */
export const CHECKSUM_LEVELS = 10

const ZERO = 0x30

/** The wire's digits without the point and without leading zeros; trailing zeros count. */
function digits(number: string): string {
  const plain = number.includes('e') || number.includes('E') ? (canonicalDecimal(number) ?? number) : number
  const point = plain.indexOf('.')
  const all = point < 0 ? plain : plain.slice(0, point) + plain.slice(point + 1)
  let zeros = 0
  while (all.charCodeAt(zeros) === ZERO) zeros++
  return zeros === 0 ? all : all.slice(zeros)
}

function side(levels: readonly Level[]): string {
  let text = ''
  for (const [price, amount] of levels.slice(0, CHECKSUM_LEVELS)) text += digits(price) + digits(amount)
  return text
}

/** What the checksum is taken of: the best asks, then the best bids, price and amount of each. */
export function checksumText(book: BookView): string {
  return side(book.asks) + side(book.bids)
}

/** Kraken's book checksum: CRC-32, unsigned ("Book Checksum v2"; v1 takes the same text). */
export function krakenChecksum(book: BookView): number {
  return textCrc32(checksumText(book))
}
