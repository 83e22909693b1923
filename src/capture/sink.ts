import type { Kind } from '../model/dataset.js'
import type { LedgerFact } from '../model/ledger.js'
import type { Rows } from '../model/row.js'

/** Where derivation puts what it finds. Implemented by column builders (live, recovery) and by lists (tests, `decode`). */
export interface Sink {
  /** One row of a dataset (`datasetKey`). Rows come in the order in which they were derived. */
  row<K extends Kind>(kind: K, dataset: string, row: Rows[K]): void
  fact(fact: LedgerFact): void
}
