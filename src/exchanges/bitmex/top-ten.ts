import type { AdapterEvent, Level } from '../../model/event.js'
import type { Fields } from '../kit/wire.js'
import { isoTime, pairedLevels } from './rows.js'

/** The best ten levels a side, as they were told last. */
export interface TopTen {
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

export function topTen(row: Fields): TopTen {
  return { bids: pairedLevels(row.bids, 'bids'), asks: pairedLevels(row.asks, 'asks') }
}

/** Every message of `orderBook10` is whole: the first one is a snapshot, what follows is stored as the difference. */
export function topTenEvent(before: TopTen | undefined, now: TopTen, row: Fields, symbol: string): AdapterEvent {
  const stamped = { symbol, exchangeTime: isoTime(row.timestamp), checksum: undefined }
  if (!before) return { kind: 'book_snapshot', ...stamped, ...now, sequence: undefined }
  const bids = difference(before.bids, now.bids)
  const asks = difference(before.asks, now.asks)
  return { kind: 'book_delta', ...stamped, bids, asks, firstSequence: undefined, lastSequence: undefined }
}

function difference(before: readonly Level[], now: readonly Level[]): Level[] {
  const old = new Map(before)
  const prices = new Set(now.map(([price]) => price))
  const gone = before.filter(([price]) => !prices.has(price)).map(([price]): Level => [price, '0'])
  return [...gone, ...now.filter(([price, size]) => old.get(price) !== size)]
}
