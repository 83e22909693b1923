import { Book } from '../capture/book.js'
import { CollectorError } from '../model/error.js'
import type { Level } from '../model/event.js'
import { isoFromNanos, type Nanos } from '../model/time.js'
import type { StoredData } from './services.js'

/** A book as it stood at an instant. */
export interface BookAt {
  readonly exchange: string
  readonly pair: string
  readonly at: string
  /** Exchange time of the last change in it; null where the exchange gives none. */
  readonly time: string | null
  readonly sequence: string | null
  /**
   * `verified`: by the exchange's own rule, unbroken up to that instant; `unverifiable`: listened without a break, the exchange offers no
   * proof; `pending`: nothing after it has proven it yet; `missing`: the instant lies in a gap, the book is the last one before it.
   */
  readonly proof: 'verified' | 'unverifiable' | 'pending' | 'missing'
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}

/** Rebuilds a book from the stored changes. Without an instant: the newest that is held. Throws NO_BOOK where none is stored before it. */
export async function bookAt(
  data: Pick<StoredData, 'bookRows' | 'covered' | 'standing'>,
  exchange: string,
  pair: string,
  instant: Nanos | undefined,
  depth: number,
  signal?: AbortSignal,
): Promise<BookAt> {
  const dataset = { exchange, kind: 'book_deltas', pair } as const
  const at = instant ?? data.covered(dataset).at(-1)?.until
  if (at === undefined) throw new CollectorError('NO_BOOK', `no book of ${exchange} ${pair} is held`)
  let book = new Book()
  let opening = false
  let last: Readonly<Record<string, unknown>> | undefined
  for await (const row of data.bookRows(dataset, at, signal)) {
    const opens = row.is_snapshot === true
    if (opens && !opening) book = new Book()
    opening = opens
    const level: Level = [String(row.price), String(row.amount)]
    if (row.side === 'bid') book.apply([level], [])
    else book.apply([], [level])
    last = row
  }
  if (!last)
    throw new CollectorError('NO_BOOK', `no book of ${exchange} ${pair} is stored at or before ${isoFromNanos(at)}`)
  const standing = data.standing(dataset, at)
  const time = last.exchange_time
  return {
    exchange,
    pair,
    at: isoFromNanos(at),
    time: typeof time === 'bigint' ? isoFromNanos(time) : null,
    sequence: last.last_sequence === null ? null : String(last.last_sequence),
    proof:
      standing === 'observed'
        ? 'verified'
        : standing === 'not_wanted' || standing === 'backfilled'
          ? 'missing'
          : standing,
    ...book.view(depth),
  }
}
