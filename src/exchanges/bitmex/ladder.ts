import type { BookDelta, BookSnapshot, Level } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import { decimal, type Fields, unsignedDecimal, WireError } from '../kit/wire.js'
import { latest, sideOf } from './rows.js'

/** Prices of the rows that one book was told of, by id. All that is needed to read changes that name only the id. */
export type Ladder = Map<string, string>

/** The book as a `partial` tells it; begins the ladder anew. */
export function wholeBook(ladder: Ladder, rows: readonly Fields[], symbol: string): BookSnapshot {
  const book: Sides = { bids: [], asks: [] }
  ladder.clear()
  for (const row of rows) {
    const price = unsignedDecimal(row.price, 'price')
    ladder.set(rowId(row), price)
    sideOf(row, book).push([price, unsignedDecimal(row.size, 'size')])
  }
  const exchangeTime = latest(rows)
  return { kind: 'book_snapshot', symbol, exchangeTime, ...book, sequence: undefined, checksum: undefined }
}

/**
 * What `insert`, `update` and `delete` change. It is the action that tells, not the size: rows of a delete may carry one. An update of a
 * row that was never told means that its insertion was lost: throws a WireError. A delete of such a row changes nothing.
 */
export function bookChange(
  ladder: Ladder,
  action: 'insert' | 'update' | 'delete',
  rows: readonly Fields[],
  symbol: string,
  time: Nanos | undefined,
): BookDelta {
  const book: Sides = { bids: [], asks: [] }
  for (const row of rows) {
    const id = rowId(row)
    const known = ladder.get(id)
    if (action === 'insert') {
      const price = unsignedDecimal(row.price, 'price')
      ladder.set(id, price)
      sideOf(row, book).push([price, unsignedDecimal(row.size, 'size')])
    } else if (action === 'delete') {
      ladder.delete(id)
      if (known !== undefined) sideOf(row, book).push([known, '0'])
    } else if (known === undefined) throw new WireError(`an update of row ${id}, which was never told`)
    else sideOf(row, book).push([known, unsignedDecimal(row.size, 'size')])
  }
  return {
    kind: 'book_delta',
    symbol,
    exchangeTime: time,
    ...book,
    firstSequence: undefined,
    lastSequence: undefined,
    checksum: undefined,
  }
}

interface Sides {
  readonly bids: Level[]
  readonly asks: Level[]
}

function rowId(row: Fields): string {
  return decimal(row.id, 'id')
}
