import { type Dataset, datasetKey } from '../model/dataset.js'
import type { Proof } from '../model/ledger.js'
import type { Nanos } from '../model/time.js'
import type { Catalog } from './catalog.js'

/** How a moment of a dataset is known: by what proof; `pending`: after the last proof, none yet; `missing`: in a gap; `not_wanted`. */
export type Standing = Proof | 'pending' | 'missing' | 'not_wanted'

const STRONGEST: readonly Proof[] = ['observed', 'backfilled', 'unverifiable']

/** What the ledger says of one moment of a dataset. */
export function standingAt(catalog: Catalog, dataset: Dataset, at: Nanos): Standing {
  const key = datasetKey(dataset)
  const { held, wanted } = catalog.snapshot(() => ({ held: catalog.held(key), wanted: catalog.wanted(key) }))
  const proofs = new Set(held.filter(({ from, until }) => from <= at && at <= until).map(({ proof }) => proof))
  const best = STRONGEST.find((proof) => proofs.has(proof))
  if (best) return best
  if (!wanted.some(({ from, until }) => from <= at && (until === null || at < until))) return 'not_wanted'
  return held.some(({ until }) => until > at) ? 'missing' : 'pending'
}
