import { access, constants, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.js'
import { type Dataset, datasetKey, KINDS } from '../model/dataset.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import type { Covered, Gap } from '../model/gaps.js'
import type { Instrument } from '../model/instrument.js'
import type { Held, Lost } from '../model/ledger.js'
import { type Nanos, SECOND } from '../model/time.js'
import { Catalog, type LaneState, type Segment, type StoredRun } from './catalog.js'
import { adoptFolder, backUpCatalog, exists, restoreCatalog } from './catalog-backup.js'
import type { ColumnBatch } from './columns.js'
import { DataFolder } from './data-folder.js'
import { makeFolder, removeFile } from './durable-file.js'
import { Engine } from './engine.js'
import { storeError } from './failure.js'
import { MOST_SEGMENTS, mergeSegments } from './merge-segments.js'
import { publishPart } from './publish.js'
import { publishCoverage } from './publish-coverage.js'
import { publishPlan, STALE } from './publish-plan.js'
import { DataReader, type GapFilter, type InventoryEntry, type StoredRow } from './reader.js'
import { parseInstruments } from './saved-instruments.js'
import { writeSegment } from './segment.js'
import { SoundFiles } from './sound-files.js'

export interface StoreOptions {
  readonly dataPath: string
  readonly clock: Clock
  /** DuckDB's bound, such as `512MB`. */
  readonly memoryLimit?: string
  readonly threads?: number
  /** Rows from which a growing partition is split; the rule of `publishPlan` when left out. */
  readonly splitRows?: number
}

/** How far each lane is committed after a commit; lanes without news are absent. */
export interface CommitReport {
  readonly positions: readonly { readonly lane: number; readonly position: number }[]
  readonly rows: number
}

interface Submitted {
  readonly lane: number
  readonly position: number
  readonly batch: ColumnBatch
}

const MINUTE: Nanos = 60n * SECOND
/** Readers that hold an older state of the catalog find their files for this long. */
const GRACE: Nanos = 15n * MINUTE
const HOUR: Nanos = 60n * MINUTE

/**
 * All writing to catalog and tree (durability O1). Lives in the store thread; its owner holds the data lock. Commits and pieces are written one
 * at a time, so a long publish does not hold up a commit for more than one piece.
 */
export class Store {
  readonly #folder: DataFolder
  readonly #clock: Clock
  readonly #catalog: Catalog
  readonly #engine: Engine
  readonly #reader: DataReader
  #submitted: Submitted[] = []
  /** The ledger may say more than its published files; when these were last looked at. */
  #ledgerChanged = true
  #ledgerPublished: Nanos | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #closing = false
  /** How often what was being published was told to end. */
  #halts = 0

  /** The catalog was lost and is that of the last backup: the journal may hold lanes that it does not know. */
  readonly restored: boolean
  /** What the last backup says of the lanes; none before the first. */
  #backedUp: LaneState[] = []
  #backupDue = true
  #backedUpAt: Nanos | undefined

  readonly #split: { readonly splitRows?: number }

  private constructor(options: StoreOptions, folder: DataFolder, catalog: Catalog, engine: Engine, restored: boolean) {
    this.restored = restored
    this.#folder = folder
    this.#clock = options.clock
    this.#split = options.splitRows === undefined ? {} : { splitRows: options.splitRows }
    this.#catalog = catalog
    this.#engine = engine
    this.#reader = new DataReader(catalog, engine, folder)
  }

  /**
   * Opens the data folder, making what is missing, and removes what a crash left behind. Throws `DATA_NOT_WRITABLE`, `DATA_FOREIGN`,
   * `DISK_FULL` or `STORE_FAILED`.
   */
  static async open(options: StoreOptions): Promise<Store> {
    const folder = new DataFolder(options.dataPath)
    let catalog: Catalog | undefined
    try {
      await prepareFolders(folder)
      const restored = !(await exists(folder.catalog)) && (await restoreCatalog(folder))
      catalog = Catalog.open(folder.catalog)
      // One thread: with more, DuckDB turns in circles while it waits for the others, which cost a third of all that it did.
      const engine = await Engine.open({ threads: 1, ...options, spill: folder.spill })
      if (restored) await adoptFolder(engine, catalog, folder, options.clock.wall())
      await removeOrphans(folder, catalog)
      const store = new Store(options, folder, catalog, engine, restored)
      await store.#sweep()
      return store
    } catch (error) {
      catalog?.close()
      throw storeError(error, `open the data folder ${options.dataPath}`)
    }
  }

  /** A new lane: one worker from its start to its end. */
  async allocateLane(): Promise<number> {
    return this.#guarded('allocate a lane', () => this.#catalog.openLane())
  }

  /** The first of `count` connection numbers. Numbers only rise, over all workers and restarts. */
  async reserveConnections(count: number): Promise<number> {
    return this.#guarded('reserve connection numbers', () => this.#catalog.reserve('connection', count))
  }

  async laneState(): Promise<LaneState[]> {
    return this.#guarded('read the lanes', () => this.#catalog.lanes())
  }

  /** The lane ended and is committed to its end. */
  async closeLane(lane: number): Promise<void> {
    this.#guarded('close a lane', () => this.#catalog.closeLane(lane))
  }

  /** Takes what a lane derived up to `position` (inclusive, acknowledged). Nothing of it is safe before a commit. */
  async submit(lane: number, position: number, batch: ColumnBatch): Promise<void> {
    this.#submitted.push({ lane, position, batch })
  }

  /** Bytes submitted and not committed. */
  get submittedBytes(): number {
    return this.#submitted.reduce((sum, { batch }) => sum + batch.bytes, 0)
  }

  /**
   * One commit of everything submitted by all lanes. When it fails nothing is lost: the batches stay submitted, and what was written
   * is an orphan that the next start removes.
   */
  async commit(): Promise<CommitReport> {
    return this.#exclusive('commit rows', async () => {
      // A copy: what is submitted while this is written belongs to the next commit.
      const taken = [...this.#submitted]
      if (taken.length === 0) return { positions: [], rows: 0 }
      const number = this.#catalog.reserve('commit', 1)
      const positions = new Map<number, number>()
      for (const { lane, position } of taken) positions.set(lane, Math.max(positions.get(lane) ?? -1, position))
      const facts = taken.flatMap(({ batch }) => batch.facts)
      let segments: Segment[]
      try {
        segments = await this.#writeSegments(
          number,
          taken.map(({ batch }) => batch),
        )
        this.#catalog.commit(number, segments, positions, facts)
        if (facts.length > 0) this.#ledgerChanged = true
        this.#backupDue = true
      } catch (error) {
        await this.#removeAttempt(number)
        throw error
      }
      this.#submitted = this.#submitted.slice(taken.length)
      return {
        positions: [...positions].map(([lane, position]) => ({ lane, position })),
        rows: segments.reduce((sum, { rows }) => sum + rows, 0),
      }
    })
  }

  async #writeSegments(number: number, batches: readonly ColumnBatch[]): Promise<Segment[]> {
    const list: Segment[] = []
    for (const kind of KINDS) {
      const own = batches.flatMap(({ kinds }) => kinds.filter((each) => each.kind === kind && each.rows > 0))
      if (own.length === 0) continue
      const ids = this.#catalog.datasetIds(new Set(own.flatMap(({ datasets }) => datasets)))
      const known = new Set(ids.values())
      const splits = this.#catalog.splits().filter(({ dataset }) => known.has(dataset))
      list.push(await writeSegment(this.#engine, this.#folder, number, kind, own, ids, splits))
    }
    return list
  }

  /** A commit that failed may be tried again and again: its files must not fill the disk meanwhile. */
  async #removeAttempt(number: number): Promise<void> {
    try {
      const named = this.#catalog.namedFiles()
      for (const kind of KINDS) {
        const name = `${number}-${kind}.seg`
        if (named.has(`.dccd/tail/${name}`)) continue
        await removeFile(join(this.#folder.stage, name))
        await removeFile(join(this.#folder.tail, name))
      }
    } catch {
      // Left for the next start: the failure of the commit itself is what is reported.
    }
  }

  /**
   * Makes committed rows visible: partitions without a file, stale ones, closed ones; with `all` every partition with unpublished
   * rows. Returns how many files were added or replaced. A `haltPublishing` ends it after the file under way: what is left comes with the next one.
   */
  async publish(options: { readonly all?: boolean } = {}): Promise<number> {
    const known = this.#guarded('read the catalog', () => this.#catalog.publishable())
    const now = this.#clock.wall()
    const plan = publishPlan(known, { now, all: options.all ?? false, ...this.#split })
    const halts = this.#halts
    const ended = () => this.#closing || this.#halts > halts
    let published = 0
    const sound = new SoundFiles(this.#folder)
    let failure: CollectorError | undefined
    // One damaged file keeps its own rows from being seen, not those of all others.
    const failed = (error: unknown) => {
      failure ??= asCollectorError(error, 'STORE_FAILED')
      if (failure.code === 'DISK_FULL') throw failure
    }
    for (const { dataset, state, split } of plan) {
      if (ended()) break
      const attempt = this.#exclusive(`publish ${datasetKey(dataset)}`, async () => {
        // Read again: another publish may have done it while this one waited.
        const fresh = this.#catalog.parts(state.dataset).find(({ part }) => part === state.part)
        if (!fresh || fresh.segments.length === 0) return
        const { piece } = fresh
        if (!options.all && piece && piece.generation !== state.piece?.generation) return
        const how = { now: this.#clock.wall(), split, sound }
        await publishPart(this.#engine, this.#catalog, this.#folder, dataset, fresh, how)
        published++
      })
      await attempt.catch(failed)
    }
    if (ended()) return published
    await this.#exclusive('publish the ledger', () => this.#publishLedger(options.all ?? false))
    await this.mergeSegments().catch(failed)
    if (this.#closing) return published
    await this.#exclusive('back up the catalog', () => this.#backUp(false))
    await this.#exclusive('remove spent files', () => this.#sweep())
    if (failure) throw failure
    return published
  }

  /** There is no time to publish what is left: every `publish` that runs ends after its file. */
  async haltPublishing(): Promise<void> {
    this.#halts++
  }

  /** Kinds with more segments than `most` get the older half of them as one (durability C8). */
  async mergeSegments(most = MOST_SEGMENTS): Promise<void> {
    for (const kind of KINDS) {
      if (this.#closing) return
      await this.#exclusive(`merge segments of ${kind}`, () =>
        mergeSegments(this.#engine, this.#catalog, this.#folder, kind, this.#clock.wall(), most),
      )
    }
  }

  /** Hidden files with rows that are not published yet. */
  async segmentCount(): Promise<number> {
    return this.#guarded('read the catalog', () => this.#catalog.segments().length)
  }

  /** Hourly where something has changed, and `now` in any case. */
  async #backUp(now: boolean): Promise<void> {
    const time = this.#clock.wall()
    const due = this.#backedUpAt === undefined || time - this.#backedUpAt >= HOUR
    if (!this.#backupDue || !(now || due)) return
    const lanes = this.#catalog.lanes()
    await backUpCatalog(this.#catalog, this.#folder)
    this.#backupDue = false
    this.#backedUpAt = time
    this.#backedUp = lanes
  }

  /** Where the lanes stand in the last backup of the catalog: what the journal holds beyond that must stay (durability J2). */
  async backedUpLanes(): Promise<LaneState[]> {
    return this.#backedUp
  }

  /** Rows will be in the same files as in another data folder, so that these can be compared. Before the first commit. */
  async adoptLayout(dataPath: string): Promise<void> {
    const folder = new DataFolder(dataPath)
    if (!(await exists(folder.catalog))) return
    this.#guarded('adopt the layout of another folder', () => {
      const other = Catalog.openReadOnly(folder.catalog)
      try {
        const names = other.datasets()
        const splits = other.splits().flatMap((split) => {
          const key = names.get(split.dataset)
          return key === undefined ? [] : [{ ...split, dataset: this.#catalog.datasetIds([key]).get(key) ?? 0 }]
        })
        this.#catalog.addSplits(splits)
      } finally {
        other.close()
      }
    })
  }

  /** See `Catalog.adoptLanes`; only after a restore. */
  async adoptLanes(lanes: readonly number[]): Promise<void> {
    this.#guarded('adopt lanes of the journal', () => this.#catalog.adoptLanes(lanes))
  }

  async isRestored(): Promise<boolean> {
    return this.restored
  }

  async #publishLedger(always: boolean): Promise<void> {
    const now = this.#clock.wall()
    const last = this.#ledgerPublished
    if (!this.#ledgerChanged || !(always || last === undefined || now - last >= STALE)) return
    this.#ledgerChanged = false
    try {
      await publishCoverage(this.#engine, this.#catalog, this.#folder)
    } catch (error) {
      this.#ledgerChanged = true
      throw error
    }
    this.#ledgerPublished = now
  }

  /** Removes files that were replaced long enough ago. */
  async #sweep(): Promise<void> {
    const paths = this.#catalog.garbageBefore(this.#clock.wall() - GRACE)
    for (const path of paths) await removeFile(this.#folder.at(path))
    if (paths.length > 0) this.#catalog.forgetGarbage(paths)
  }

  /** Remembers an imported file, so that it is not read again. */
  async saveImport(hash: string, path: string, origin: string | null, rows: number): Promise<void> {
    this.#guarded('remember an import', () => this.#catalog.saveImport(hash, path, origin, rows, this.#clock.wall()))
  }

  async imports(): Promise<Set<string>> {
    return this.#guarded('read the imports', () => this.#catalog.imports())
  }

  async saveInstruments(exchange: string, list: readonly Instrument[]): Promise<void> {
    this.#guarded('save instruments', () => this.#catalog.saveInstruments(exchange, list, this.#clock.wall()))
  }

  /** The list saved last; `undefined` when there is none that this version reads. */
  async loadInstruments(exchange: string): Promise<Instrument[] | undefined> {
    const text = this.#guarded('read instruments', () => this.#catalog.instruments(exchange))
    return text === undefined ? undefined : parseInstruments(text)
  }

  /** Keeps what a task counts (JSON) over restarts. */
  async saveTaskMetrics(key: string, body: string): Promise<void> {
    this.#guarded('save task metrics', () => this.#catalog.saveTaskMetrics(key, body))
  }

  async taskMetrics(): Promise<Map<string, string>> {
    return this.#guarded('read task metrics', () => this.#catalog.taskMetrics())
  }

  async inventory(): Promise<InventoryEntry[]> {
    return this.#guarded('read the inventory', () => this.#reader.inventory())
  }

  async gaps(filter: GapFilter = {}): Promise<Gap[]> {
    return this.#guarded('read the ledger', () => this.#reader.gaps(filter))
  }

  async coverage(dataset: Dataset): Promise<Covered[]> {
    return this.#guarded('read the ledger', () => this.#reader.coverage(dataset))
  }

  /** See `DataReader.proven`. */
  async proven(dataset: Dataset): Promise<{ readonly held: readonly Held[]; readonly lost: readonly Lost[] }> {
    return this.#guarded('read the ledger', () => this.#reader.proven(dataset))
  }

  async newRun(): Promise<number> {
    return this.#guarded('number a run', () => this.#catalog.newRun())
  }

  async saveRun(run: StoredRun): Promise<void> {
    this.#guarded('save a run', () => this.#catalog.saveRun(run))
  }

  async forgetRuns(before: number, states: readonly string[]): Promise<void> {
    this.#guarded('forget old runs', () => this.#catalog.forgetRuns(before, states))
  }

  /** See `DataReader.wantedSince`. */
  async wantedSince(): Promise<Map<string, Nanos>> {
    return this.#guarded('read the ledger', () => this.#reader.wantedSince())
  }

  /** Ends wanting for these datasets, which no config names any more, at their last proof. */
  async endWanted(datasets: readonly string[]): Promise<void> {
    this.#guarded('write the ledger', () => this.#catalog.endWanted(datasets))
    this.#ledgerChanged = true
  }

  /** Committed rows, published or not. See `DataReader.scan`. */
  scan(dataset: Dataset, from: Nanos, until: Nanos, columns?: readonly string[]): AsyncGenerator<StoredRow> {
    return this.#reader.scan(dataset, from, until, columns)
  }

  /** Ends after the work under way. Commits and publishes nothing: that is the owner's decision. */
  async close(): Promise<void> {
    // A publish that is under way ends with the file that it is at: an engine that is closed while it works never comes back.
    const closed = this.#exclusive('close', async () => {
      // A folder that cannot take it any more is closed all the same: the catalog itself is there.
      await this.#backUp(true).catch(() => {})
      this.#engine.close()
      this.#catalog.closeCleanly()
    })
    this.#closing = true
    await closed
  }

  /** Runs `work` after what was asked for before it. */
  #exclusive<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#closing) return Promise.reject(new CollectorError('STORE_FAILED', `the store is closed: ${what}`))
    const result = this.#turn.then(work).catch((error: unknown) => {
      throw storeError(error, what)
    })
    this.#turn = result.catch(() => {})
    return result
  }

  #guarded<T>(what: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw storeError(error, what)
    }
  }
}

async function prepareFolders(folder: DataFolder): Promise<void> {
  await rm(folder.spill, { recursive: true, force: true })
  for (const path of [folder.stage, folder.tail, folder.published, folder.catalogFolder, folder.spill]) {
    await makeFolder(path)
  }
  for (const path of [folder.root, folder.hidden]) await access(path, constants.W_OK)
}

/** What the catalog does not name was left by a crash: staged files, segments of no commit, links of no generation (durability C5). */
async function removeOrphans(folder: DataFolder, catalog: Catalog): Promise<void> {
  const named = catalog.namedFiles()
  for (const name of await readdir(folder.stage)) await removeFile(join(folder.stage, name))
  for (const [path, prefix] of [
    [folder.tail, '.dccd/tail/'],
    [folder.published, '.dccd/published/'],
  ] as const) {
    for (const name of await readdir(path)) if (!named.has(prefix + name)) await removeFile(join(path, name))
  }
}
