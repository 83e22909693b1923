import { type Dataset, datasetKey } from '../model/dataset.js'
import { gaps } from '../model/gaps.js'
import { Catalog, type RunQuery, type StoredRun } from './catalog.js'
import { DataFolder } from './data-folder.js'

/**
 * Small facts of the catalog, read beside its writer through a connection of its own: nothing that is asked here waits for a commit or a publish. It is
 * opened by the first question, which comes when the catalog is there.
 */
export class CatalogView {
  readonly #path: string
  #opened: Catalog | undefined

  constructor(dataPath: string) {
    this.#path = new DataFolder(dataPath).catalog
  }

  /** Runs of histories as they were saved, newest first. */
  runs(query: RunQuery): StoredRun[] {
    return this.#catalog.runs(query)
  }

  /** How many gaps a dataset has: as many as a list of them. */
  gapsOf(dataset: Dataset): number {
    const catalog = this.#catalog
    const key = datasetKey(dataset)
    return gaps(
      catalog.snapshot(() => ({
        held: catalog.held(key),
        wanted: catalog.wanted(key),
        breaks: catalog.breaks(key),
        lost: catalog.lost(key),
      })),
    ).length
  }

  close(): void {
    this.#opened?.close()
    this.#opened = undefined
  }

  get #catalog(): Catalog {
    this.#opened ??= Catalog.openReadOnly(this.#path)
    return this.#opened
  }
}
