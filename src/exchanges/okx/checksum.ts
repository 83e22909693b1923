import type { BookView } from '../exchange.js'
import { textCrc32 } from '../kit/crc32.js'

export const CHECKSUM_LEVELS = 25

/**
 * CRC-32, signed, over the best 25 levels in turn: bid, ask, bid … each as `price:amount` in wire digits. A side that is shorter is left out where it
 * has ended. Only frames of the past carry one: since 2026 it is always 0, and the chain of sequence numbers is the proof.
 * https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
 */
export function okxChecksum({ bids, asks }: BookView): number {
  const parts: string[] = []
  for (let i = 0; i < CHECKSUM_LEVELS; i++)
    for (const level of [bids[i], asks[i]]) if (level) parts.push(`${level[0]}:${level[1]}`)
  return textCrc32(parts.join(':')) | 0
}
