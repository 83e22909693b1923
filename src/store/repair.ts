import { rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Dataset, datasetKey, type Kind, parseDatasetKey } from '../model/dataset.js'
import { coverage } from '../model/gaps.js'
import type { Held } from '../model/ledger.js'
import type { Nanos } from '../model/time.js'
import { canonicalRows, columnList, noRows } from './canonical.js'
import { Catalog, type PartState } from './catalog.js'
import { DataFolder } from './data-folder.js'
import { linkOrCopy, makeFolder, syncFolder } from './durable-file.js'
import type { Engine } from './engine.js'
import { partEnd, partName, partStart } from './partition.js'
import { partRows, publishPart } from './publish.js'
import type { Finding } from './verify.js'

/** What was done about a finding. */
export interface Repair {
  readonly path: string
  readonly dataset?: string
  readonly partition?: string
  /** `partly`: rows are lost for good, and the ledger says so; `quarantined`: moved to `.dccd/quarantine`, nothing else to do. */
  readonly result: 'restored' | 'partly' | 'quarantined'
  readonly detail: string
}

/** Findings inside a file whose bytes are those that were written: it is made anew of its own rows. */
const INSIDE = new Set(['schema', 'rows', 'order', 'doubled', 'partition', 'numbers', 'unreadable'])
const SEGMENT = new Set(['segment_missing', 'segment_damaged'])

/** Whether rows must be derived anew from the journal to mend this. */
export function needsJournal(findings: readonly Finding[]): boolean {
  const damage = Damage.of(findings)
  return damage.segments.size > 0 || [...damage.pieces.values()].some(({ copy, visible }) => copy && visible)
}

/** Which names of a published file are not to be trusted. `inside`: the bytes are as written, and wrong all the same. */
interface PieceDamage {
  readonly copy: boolean
  readonly visible: boolean
  readonly inside: boolean
}

/** Which files are not to be trusted. */
class Damage {
  readonly segments = new Set<string>()
  /** By dataset and partition. */
  readonly pieces = new Map<string, PieceDamage>()

  static of(findings: readonly Finding[]): Damage {
    const damage = new Damage()
    for (const { what, path = '', dataset = '', partition = '' } of findings) {
      if (SEGMENT.has(what)) damage.segments.add(path)
      const key = `${dataset} ${partition}`
      const known = damage.pieces.get(key) ?? { copy: false, visible: false, inside: false }
      if (what.startsWith('copy')) damage.pieces.set(key, { ...known, copy: true })
      else if (what.startsWith('visible')) damage.pieces.set(key, { ...known, visible: true })
      else if (INSIDE.has(what)) damage.pieces.set(key, { ...known, inside: true })
    }
    return damage
  }
}

/**
 * Mends what a verification found, by its owner of the data lock: names are made again, damaged files are moved aside, their rows come from what is
 * still sound and from data derived anew of the journal. What cannot be had any more is taken out of the ledger.
 */
export class Repairer {
  readonly #catalog: Catalog
  readonly #engine: Engine
  readonly #folder: DataFolder
  readonly #now: Nanos

  constructor(catalog: Catalog, engine: Engine, folder: DataFolder, now: Nanos) {
    this.#catalog = catalog
    this.#engine = engine
    this.#folder = folder
    this.#now = now
  }

  /** `derived`: a data folder with everything that the journal still gives, where one was needed. */
  async repair(findings: readonly Finding[], derived: string | undefined): Promise<Repair[]> {
    const repairs: Repair[] = []
    for (const { what, path } of findings) {
      if (what !== 'foreign_file' || path === undefined) continue
      await this.#quarantine(path)
      repairs.push({ path, result: 'quarantined', detail: 'readers no longer see it' })
    }
    const damage = Damage.of(findings)
    const names = this.#catalog.datasets()
    const anew = derived === undefined ? undefined : new Derived(derived)
    try {
      for (const state of this.#catalog.parts()) {
        const dataset = parseDatasetKey(names.get(state.dataset) ?? '')
        if (!dataset) continue
        const bad = damage.pieces.get(`${datasetKey(dataset)} ${partName(dataset.kind, state.part)}`)
        const lostSegments = state.segments.some(({ path }) => damage.segments.has(path))
        const gone = bad?.copy === true && bad.visible
        if (lostSegments || gone || bad?.inside) {
          repairs.push(await this.#makeAnew(dataset, state, gone, damage.segments, anew))
        } else if (bad && state.piece) {
          const { visible, link } = state.piece
          const [from, to] = bad.visible ? [link, visible] : [visible, link]
          await this.#nameAgain(from, to)
          repairs.push({
            path: to,
            dataset: datasetKey(dataset),
            partition: partName(dataset.kind, state.part),
            result: 'restored',
            detail: 'named again after its second name',
          })
        }
      }
      for (const path of damage.segments) await this.#quarantine(path)
    } finally {
      anew?.close()
    }
    return repairs
  }

  /** Gives a sound file its other name back. */
  async #nameAgain(from: string, to: string): Promise<void> {
    const staged = join(this.#folder.stage, `${basename(to)}.again`)
    await makeFolder(dirname(staged))
    await linkOrCopy(this.#folder.at(from), staged)
    await makeFolder(dirname(this.#folder.at(to)))
    await this.#quarantine(to)
    await rename(staged, this.#folder.at(to))
    await syncFolder(dirname(this.#folder.at(to)))
  }

  async #makeAnew(
    dataset: Dataset,
    state: PartState,
    badPiece: boolean,
    badSegments: ReadonlySet<string>,
    anew: Derived | undefined,
  ): Promise<Repair> {
    const { kind } = dataset
    const key = datasetKey(dataset)
    const partition = partName(kind, state.part)
    const sound: PartState = {
      ...state,
      piece: badPiece ? undefined : state.piece,
      segments: state.segments.filter(({ path }) => !badSegments.has(path)),
    }
    const sources = [
      ...(sound.piece || sound.segments.length > 0 ? [partRows(this.#folder, dataset, sound)] : []),
      ...(anew?.rows(dataset, state.part) ?? []),
    ]
    const columns = columnList(kind)
    const rows = canonicalRows(
      kind,
      [noRows(kind), ...sources.map((sql) => `SELECT ${columns} FROM (${sql})`)].join(' UNION ALL '),
    )
    if (badPiece && state.piece) {
      await this.#quarantine(state.piece.link)
      await this.#quarantine(state.piece.visible)
    }
    const piece = await publishPart(this.#engine, this.#catalog, this.#folder, dataset, state, {
      now: this.#now,
      content: rows,
    })
    const expected = (state.piece?.rows ?? 0) + state.segments.reduce((sum, segment) => sum + segment.rows, 0)
    const whole = piece.rows >= expected || (state.segments.length === 0 && piece.hash === state.piece?.hash)
    if (!whole) this.#admitLoss(key, partStart(kind, state.part), this.#endOf(kind, state), anew?.held(key) ?? [])
    const same = whole && piece.hash === state.piece?.hash ? ', byte for byte as before' : ''
    const detail = `${piece.rows} of ${expected} rows${same}`
    return { path: piece.visible, dataset: key, partition, result: whole ? 'restored' : 'partly', detail }
  }

  /** Where the file of a part ends: that of a split partition with its first slot. */
  #endOf(kind: Kind, { dataset, part }: PartState): Nanos {
    const split = this.#catalog.splits().find((each) => each.dataset === dataset && each.part === part)
    return split ? partStart(kind, split.firstSlot) : partEnd(kind, part)
  }

  /** Of this partition only what the journal proved anew is held. */
  #admitLoss(dataset: string, from: Nanos, until: Nanos, proven: readonly Held[]): void {
    const before = coverage(this.#catalog.held(dataset).filter((run) => run.until > from && run.from < until))
    const kept = proven.filter((run) => run.until > from && run.from < until)
    const lost = before.find(
      (stretch) => !coverage(kept).some((run) => run.from <= stretch.from && run.until >= stretch.until),
    )
    this.#catalog.replaceHeld(dataset, from, until, kept)
    const at = lost && lost.from > from ? lost.from : from
    this.#catalog.addBreak({
      dataset,
      at,
      code: 'DATA_DAMAGED',
      detail: 'stored rows were damaged and the journal no longer holds them',
    })
  }

  async #quarantine(path: string): Promise<void> {
    const into = join(this.#folder.hidden, 'quarantine')
    await makeFolder(into)
    try {
      await rename(this.#folder.at(path), join(into, `${basename(path)}.${this.#now}.damaged`))
      await syncFolder(into)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
}

/** What a derivation of the whole journal gave, in a folder of its own. */
class Derived {
  readonly #folder: DataFolder
  readonly #catalog: Catalog

  constructor(path: string) {
    this.#folder = new DataFolder(path)
    this.#catalog = Catalog.openReadOnly(this.#folder.catalog)
  }

  rows(dataset: Dataset, part: number): string[] {
    const [id] = [...this.#catalog.datasets()].find(([, key]) => key === datasetKey(dataset)) ?? []
    if (id === undefined) return []
    const states = this.#catalog.parts(id).filter((state) => state.part === part)
    return states.map((state) => partRows(this.#folder, dataset, state))
  }

  held(dataset: string): Held[] {
    return this.#catalog.held(dataset)
  }

  close(): void {
    this.#catalog.close()
  }
}
