import { type Kind, parseDatasetKey } from '../model/dataset.js'
import type { Nanos } from '../model/time.js'
import { quoted, timeAxis } from './canonical.js'
import type { PartState } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import type { Queries } from './engine.js'
import { wholePart } from './partition.js'

/** Times of the first and the last event, on the dataset's axis. */
export interface EventRange {
  readonly first: Nanos
  readonly last: Nanos
}

/** A file to look at: of one dataset, or of all that it has rows of. */
interface Source {
  readonly kind: Kind
  readonly dataset: number | undefined
}

/** As many files as one query looks at. */
const AT_ONCE = 500

/**
 * First and last event of datasets, from the files at the ends of each. No file changes under the name that the catalog gives it, so each is looked at once:
 * what is asked again costs only the files that came since.
 */
export class EventRanges {
  readonly #engine: Queries
  readonly #folder: DataFolder
  /** By the path of the file, by dataset; of the files that counted when last asked. */
  #known: ReadonlyMap<string, ReadonlyMap<number, EventRange>> = new Map()

  constructor(engine: Queries, folder: DataFolder) {
    this.#engine = engine
    this.#folder = folder
  }

  /** By the key of the dataset. Throws `STORE_FAILED` when a file cannot be read, and the reason of `signal` once that is aborted. */
  async of(
    names: ReadonlyMap<number, string>,
    parts: readonly PartState[],
    signal?: AbortSignal,
  ): Promise<Map<string, EventRange>> {
    const sources = sourcesOf(names, parts)
    const before = this.#known
    const known = new Map([...sources.keys()].flatMap((path) => pairOf(path, before.get(path))))
    const fresh = [...sources].filter(([path]) => !known.has(path))
    for (let at = 0; at < fresh.length; at += AT_ONCE)
      for (const [path, ranges] of await this.#look(fresh.slice(at, at + AT_ONCE), signal)) known.set(path, ranges)
    this.#known = known
    const all = new Map<string, EventRange>()
    for (const ranges of known.values())
      for (const [id, range] of ranges) {
        const key = names.get(id)
        if (key !== undefined) all.set(key, both(all.get(key), range))
      }
    return all
  }

  async #look(
    files: readonly (readonly [path: string, source: Source])[],
    signal: AbortSignal | undefined,
  ): Promise<Map<string, Map<number, EventRange>>> {
    const found = new Map(files.map(([path]) => [path, new Map<number, EventRange>()]))
    const queries = files.map(([path, { kind, dataset }], file) => {
      const axis = `epoch_ns(${timeAxis(kind)})`
      const from = `FROM read_parquet(${quoted(this.#folder.at(path))})`
      return `SELECT ${file} AS file, ${dataset ?? 'dataset'} AS dataset, min(${axis}), max(${axis}) ${from} GROUP BY ALL`
    })
    for await (const rows of this.#engine.stream(queries.join(' UNION ALL '), 4, signal))
      for (const [, file, id, first, last] of rows) {
        const path = files[Number(file)]?.[0]
        if (path !== undefined && typeof first === 'bigint' && typeof last === 'bigint')
          found.get(path)?.set(Number(id), { first, last })
      }
    return found
  }
}

/** The files among which the first and the last row of each dataset are: all of its first and of its last partition. */
function sourcesOf(names: ReadonlyMap<number, string>, parts: readonly PartState[]): Map<string, Source> {
  const own = new Map<number, PartState[]>()
  for (const part of parts) {
    const known = own.get(part.dataset)
    if (known) known.push(part)
    else own.set(part.dataset, [part])
  }
  const sources = new Map<string, Source>()
  for (const [dataset, list] of own) {
    const kind = parseDatasetKey(names.get(dataset) ?? '')?.kind
    if (!kind) continue
    const whole = list.map(({ part }) => wholePart(kind, part))
    const [first, last] = [Math.min(...whole), Math.max(...whole)]
    list.forEach(({ piece, segments }, at) => {
      if (whole[at] !== first && whole[at] !== last) return
      if (piece) sources.set(piece.link, { kind, dataset })
      for (const { path } of segments) sources.set(path, { kind, dataset: undefined })
    })
  }
  return sources
}

function pairOf<V>(path: string, value: V | undefined): [string, V][] {
  return value === undefined ? [] : [[path, value]]
}

function both(a: EventRange | undefined, b: EventRange): EventRange {
  if (!a) return b
  return { first: a.first < b.first ? a.first : b.first, last: a.last > b.last ? a.last : b.last }
}
