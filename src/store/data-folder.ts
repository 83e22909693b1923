import { join } from 'node:path'

/** Where things stand below the data path. Nothing in `.dccd` ends in `.parquet`: globs of readers walk into hidden folders. */
export class DataFolder {
  readonly root: string
  readonly hidden: string

  constructor(root: string) {
    this.root = root
    this.hidden = join(root, '.dccd')
  }

  /** Files being written; emptied at start. */
  get stage(): string {
    return join(this.hidden, 'stage')
  }

  /** Segments: committed rows, not all of them published. */
  get tail(): string {
    return join(this.hidden, 'tail')
  }

  /** Second names of the visible files: what our own readers and the next merge open. */
  get published(): string {
    return join(this.hidden, 'published')
  }

  get catalogFolder(): string {
    return join(this.hidden, 'catalog')
  }

  get catalog(): string {
    return join(this.catalogFolder, 'catalog.db')
  }

  /** The catalog as it was at the last backup. */
  get catalogBackup(): string {
    return join(this.catalogFolder, 'backup.db')
  }

  /** Where DuckDB puts what does not fit in memory. */
  get spill(): string {
    return join(this.hidden, 'spill')
  }

  get lock(): string {
    return join(this.hidden, 'lock.db')
  }

  get daemon(): string {
    return join(this.hidden, 'daemon.json')
  }

  /** A path below the root, as the catalog names it. */
  at(relative: string): string {
    return join(this.root, relative)
  }
}
