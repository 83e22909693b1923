import type { Dataset } from '../model/dataset.js'
import type { Nanos } from '../model/time.js'
import { ReadOnlyData, type StoredRow } from './reader.js'

export interface ReadRequest extends Dataset {
  /** Nanoseconds since 1970: exchange time, or receive time where the exchange gives none; open time of candles. Inclusive. */
  readonly from?: Nanos
  /** Exclusive. */
  readonly until?: Nanos
  /** All when absent. */
  readonly columns?: readonly string[]
  readonly limit?: number
}

const LAST: Nanos = 2n ** 62n

/**
 * The stored rows of a dataset in order, published or not, beside its daemon or without one: times as bigint nanoseconds, numbers as exact decimal text. They come
 * as they are read; whoever stops early has read no more. Throws `STORE_FAILED` where there is no data, `DATA_FOREIGN` when it is of another version, and
 * `UNSUPPORTED` for a column that the kind has not.
 */
export async function* read(dataPath: string, request: ReadRequest): AsyncGenerator<StoredRow> {
  const { from = 0n, until = LAST, columns, limit = Number.POSITIVE_INFINITY, ...dataset } = request
  const data = await ReadOnlyData.open(dataPath)
  try {
    let left = limit
    if (left <= 0) return
    for await (const row of data.reader.scan(dataset, from, until, columns)) {
      yield row
      if (--left <= 0) return
    }
  } finally {
    await data.close()
  }
}
