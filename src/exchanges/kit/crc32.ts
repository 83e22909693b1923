import { crc32 } from 'node:zlib'

/** CRC-32 of an ASCII text, unsigned. Venues that want it signed take `| 0` of it. */
export function textCrc32(text: string): number {
  return crc32(text)
}
