import type { Kind } from '../model/dataset.js'
import type { LedgerFact } from '../model/ledger.js'
import type { Rows } from '../model/row.js'
import type { BlockOrigin, BlockSlice } from '../model/row-block.js'

/** Where derivation puts what it finds. Implemented by column builders (live, recovery) and by lists (tests, `decode`). */
export interface Sink {
  /** One row of a dataset (`datasetKey`). Rows come in the order in which they were derived. */
  row<K extends Kind>(kind: K, dataset: string, row: Rows[K]): void
  /** Many rows of a dataset at once, as if each were handed over by `row` in this order. A sink without it is given the rows. */
  block?(dataset: string, slice: BlockSlice, origin: BlockOrigin): void
  fact(fact: LedgerFact): void
}
