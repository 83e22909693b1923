import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Dataset, datasetKey, KINDS, parseDatasetKey } from '../model/dataset.js'
import { quoted } from './canonical.js'
import type { Catalog, PartState, Piece, StoredSegment } from './catalog.js'
import type { DataFolder } from './data-folder.js'
import { hashFile } from './durable-file.js'
import type { Queries } from './engine.js'
import { isMissing } from './failure.js'
import { partName } from './partition.js'
import { partRows } from './publish.js'
import { coveragePath } from './publish-coverage.js'
import { contentFaults, footerFaults, messageOf } from './verify-file.js'

/** One thing that is not as it should be. */
export interface Finding {
  /**
   * `visible_missing`, `visible_changed`: what outside readers see is not what was published; `copy_missing`, `copy_damaged`: its second name in
   * `.dccd/published`; `segment_missing`, `segment_damaged`: rows not published yet; `schema`, `rows`, `order`, `doubled`, `partition`, `numbers`,
   * `unreadable`: inside a file; `foreign_file`: a Parquet file among ours that a reader's glob takes up; `ledger`; `journal`; `catalog`.
   */
  readonly what: string
  /** Relative to the data path; the catalog and the ledger have none. */
  readonly path?: string
  readonly dataset?: string
  /** A date or a year. */
  readonly partition?: string
  readonly detail: string
}

export interface StoreFindings {
  readonly files: number
  readonly segments: number
  readonly rows: number
  readonly bytes: number
  readonly findings: readonly Finding[]
}

interface VerifyOptions {
  /** Every byte and every row, not names, sizes and footers alone. */
  readonly deep: boolean
  /** Hears each file before it is looked at. */
  readonly onFile?: (path: string) => void
}

/** The published ledger is made of the catalog, which does not name it. */
function isCoverage(path: string): boolean {
  const [, exchange = ''] = /^exchange=([^/]+)\//.exec(path) ?? []
  return path === coveragePath(exchange)
}

const SEGMENT_COLUMNS = [
  { name: 'dataset', type: 'INTEGER' },
  { name: 'part', type: 'INTEGER' },
]

/** Compares what is stored with what the catalog says, and the ledger with the rows. Changes nothing. */
export class Verifier {
  readonly #catalog: Catalog
  readonly #engine: Queries
  readonly #folder: DataFolder

  constructor(catalog: Catalog, engine: Queries, folder: DataFolder) {
    this.#catalog = catalog
    this.#engine = engine
    this.#folder = folder
  }

  async verify(options: VerifyOptions): Promise<StoreFindings> {
    const { names, parts, segments } = this.#catalog.snapshot(() => ({
      names: this.#catalog.datasets(),
      parts: this.#catalog.parts(),
      segments: this.#catalog.segments(),
    }))
    const findings: Finding[] = this.#catalog.faults(options.deep).map((detail) => ({ what: 'catalog', detail }))
    let [files, rows, bytes] = [0, 0, 0]
    for (const { dataset: id, part, piece } of parts) {
      const dataset = parseDatasetKey(names.get(id) ?? '')
      if (!dataset) {
        findings.push({
          what: 'catalog',
          detail: `it names a dataset that this version does not know: ${names.get(id)}`,
        })
        continue
      }
      if (!piece) continue
      options.onFile?.(piece.visible)
      files++
      rows += piece.rows
      bytes += piece.bytes
      const partition = partName(dataset.kind, part)
      for (const finding of await this.#piece(dataset, piece, options.deep))
        findings.push({ ...finding, dataset: datasetKey(dataset), partition })
    }
    for (const segment of segments) {
      options.onFile?.(segment.path)
      rows += segment.rows
      bytes += segment.bytes
      findings.push(...(await this.#segment(segment, options.deep)))
    }
    findings.push(...(await this.#strangers(new Set(parts.flatMap(({ piece }) => (piece ? [piece.visible] : []))))))
    findings.push(...(await this.#ledger(names, parts, options.deep, findings)))
    return { files, segments: segments.length, rows, bytes, findings }
  }

  async #piece(dataset: Dataset, piece: Piece, deep: boolean): Promise<Finding[]> {
    const [visible, copy] = [await this.#stat(piece.visible), await this.#stat(piece.link)]
    const found: Finding[] = []
    if (!visible) found.push({ what: 'visible_missing', path: piece.visible, detail: 'the file is gone' })
    if (!copy) found.push({ what: 'copy_missing', path: piece.link, detail: 'the second name of the file is gone' })
    const same = visible && copy && visible.ino === copy.ino && visible.dev === copy.dev
    let sound: string | undefined
    for (const [path, stats, what] of [
      [piece.link, copy, 'copy_damaged'],
      [piece.visible, visible, 'visible_changed'],
    ] as const) {
      if (!stats) continue
      // Two names of one file: read once.
      const fault =
        same && path === piece.visible && deep
          ? found.find((known) => known.what === 'copy_damaged')?.detail
          : await this.#bytesFault(path, stats, piece, deep)
      if (fault) found.push({ what, path, detail: fault })
      else sound = path
    }
    if (sound === undefined) return found
    const { kind } = dataset
    const at = this.#folder.at(sound)
    const faults = await footerFaults(this.#engine, at, kind, piece.rows, [], dataset)
    if (deep && faults.length === 0) faults.push(...(await contentFaults(this.#engine, at, kind, piece.part)))
    return [...found, ...faults.map((fault) => ({ ...fault, path: piece.visible }))]
  }

  async #segment(segment: StoredSegment, deep: boolean): Promise<Finding[]> {
    const { path, kind, rows } = segment
    const stats = await this.#stat(path)
    if (!stats) return [{ what: 'segment_missing', path, detail: 'the file is gone' }]
    const fault = await this.#bytesFault(path, stats, segment, deep)
    if (fault) return [{ what: 'segment_damaged', path, detail: fault }]
    const faults = await footerFaults(this.#engine, this.#folder.at(path), kind, rows, SEGMENT_COLUMNS)
    return faults.map(({ detail }) => ({ what: 'segment_damaged', path, detail }))
  }

  async #bytesFault(
    path: string,
    stats: Stats,
    wanted: { readonly bytes: number; readonly hash: string },
    deep: boolean,
  ): Promise<string | undefined> {
    if (stats.size !== wanted.bytes) return `${stats.size} bytes, written were ${wanted.bytes}`
    if (!deep) return undefined
    try {
      const { hash } = await hashFile(this.#folder.at(path))
      return hash === wanted.hash ? undefined : 'its bytes are not those that were written (SHA-256 differs)'
    } catch (error) {
      return `it cannot be read: ${messageOf(error)}`
    }
  }

  /** Parquet files below our folders that the catalog does not name: a reader's glob takes them up. */
  async #strangers(ours: ReadonlySet<string>): Promise<Finding[]> {
    const found: Finding[] = []
    const walk = async (folder: string): Promise<void> => {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name)
        if (entry.isDirectory()) await walk(path)
        else if (entry.name.endsWith('.parquet')) {
          const name = relative(this.#folder.root, path).replaceAll('\\', '/')
          if (!ours.has(name) && !isCoverage(name))
            found.push({ what: 'foreign_file', path: name, detail: 'no publish of ours wrote it' })
        }
      }
    }
    for (const name of await readdir(this.#folder.root))
      if (name.startsWith('exchange=')) await walk(join(this.#folder.root, name))
    // A file that was published while this ran is named by now.
    const since = new Set(this.#catalog.parts().flatMap(({ piece }) => (piece ? [piece.visible] : [])))
    return found.filter(({ path }) => !since.has(path ?? ''))
  }

  /** Stretches that cannot be; and, deep, stretches that a counter spans against the ids of the rows. */
  async #ledger(
    names: ReadonlyMap<number, string>,
    parts: readonly PartState[],
    deep: boolean,
    damage: readonly Finding[],
  ): Promise<Finding[]> {
    const held = this.#catalog.held()
    const found: Finding[] = []
    for (const { dataset, from, until } of held)
      if (until < from) found.push({ what: 'ledger', dataset, detail: `a stretch is held from ${from} until ${until}` })
    for (const { dataset, from, until } of this.#catalog.wanted())
      if (until !== null && until < from)
        found.push({ what: 'ledger', dataset, detail: `it was wanted from ${from} until ${until}` })
    if (!deep || damage.some(({ what }) => /^(segment|copy)/.test(what))) return found
    for (const [id, key] of names) {
      const dataset = parseDatasetKey(key)
      const own = parts.filter((part) => part.dataset === id)
      if (dataset?.kind !== 'trades' || own.length === 0) continue
      const counted = held.filter((run) => run.dataset === key && run.before !== null && run.last !== null)
      if (counted.length === 0) continue
      const rows = own.map((part) => `SELECT trade_id FROM (${partRows(this.#folder, dataset, part)})`)
      const ids = `SELECT DISTINCT TRY_CAST(trade_id AS HUGEINT) AS id FROM (${rows.join(' UNION ALL ')})`
      const runs = counted.map(({ run, before, last }) => `(${run}, ${before}, ${last})`).join(', ')
      const short =
        await this.#engine.rows(`WITH ids AS MATERIALIZED (${ids}), runs(run, before, last) AS (VALUES ${runs})
        SELECT before::VARCHAR, last::VARCHAR, (last - before)::BIGINT, count(id)::BIGINT FROM runs LEFT JOIN ids ON id > before AND id <= last
        GROUP BY run, before, last HAVING count(id) <> last - before`)
      for (const [before, last, wanted, there] of short)
        found.push({
          what: 'ledger',
          dataset: key,
          detail: `held by counter are ${String(wanted)} trades after id ${String(before)} up to ${String(last)}, stored are ${String(there)}`,
        })
    }
    return found
  }

  /** The highest frame of every connection that stored rows name, and how many kinds were looked at. */
  async highestFrames(): Promise<Map<number, number>> {
    const { parts, segments } = this.#catalog.snapshot(() => ({
      parts: this.#catalog.parts(),
      segments: this.#catalog.segments(),
    }))
    const highest = new Map<number, number>()
    for (const kind of KINDS) {
      const paths = [
        ...segments.filter((segment) => segment.kind === kind).map(({ path }) => path),
        ...parts.flatMap(({ piece }) => (piece?.visible.includes(`/kind=${kind}/`) ? [piece.link] : [])),
      ]
      if (paths.length === 0) continue
      const list = paths.map((path) => quoted(this.#folder.at(path))).join(', ')
      const rows = await this.#engine.rows(
        `SELECT frame >> 36, max(frame & ${2n ** 36n - 1n}) FROM read_parquet([${list}], hive_partitioning = false, union_by_name = true) WHERE frame >= 0 GROUP BY 1`,
      )
      for (const [connection, frame] of rows) {
        const number = Number(connection)
        highest.set(number, Math.max(highest.get(number) ?? -1, Number(frame)))
      }
    }
    return highest
  }

  async #stat(path: string): Promise<Stats | undefined> {
    try {
      return await stat(this.#folder.at(path))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}
