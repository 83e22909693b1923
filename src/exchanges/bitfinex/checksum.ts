import { canonicalDecimal } from '../../model/decimal.js'
import type { BookView } from '../exchange.js'
import { textCrc32 } from '../kit/crc32.js'

/** Levels a side under the checksum. */
export const CHECKSUM_LEVELS = 25
/** All prices have at most so many significant digits. */
const PRICE_DIGITS = 5

/** A price as the checksum prints it: 5 significant digits, never with an exponent. */
function priceText(price: string): string {
  const value = Number(price)
  // So short a text has no more digits than that.
  const printed = String(price.length <= PRICE_DIGITS ? value : Number(value.toPrecision(PRICE_DIGITS)))
  return printed.includes('e') ? (canonicalDecimal(printed) ?? printed) : printed
}

/** An amount as JavaScript prints it: that is how it stands on the wire. */
function amountText(amount: string): string {
  return String(Number(amount))
}

/** What the checksum is taken of: bid and ask by turns, best first, amounts of asks negative; a missing side is skipped. */
export function checksumText(book: BookView): string {
  const parts: string[] = []
  for (let level = 0; level < CHECKSUM_LEVELS; level++) {
    const bid = book.bids[level]
    const ask = book.asks[level]
    if (bid) parts.push(priceText(bid[0]), amountText(bid[1]))
    if (ask) parts.push(priceText(ask[0]), `-${amountText(ask[1])}`)
  }
  return parts.join(':')
}

/** Bitfinex's book checksum (flag OB_CHECKSUM): CRC-32, signed. */
export function bitfinexChecksum(book: BookView): number {
  return textCrc32(checksumText(book)) | 0
}
