import { KINDS, type Kind } from '../model/dataset.js'
import { CollectorError, ERRORS, type ErrorCode } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { Held, LedgerBreak, LedgerFact, Lost, Proof, Wanted } from '../model/ledger.js'
import type { Nanos } from '../model/time.js'
import { openForReading, openForWriting } from './catalog-schema.js'
import { listedSince, listingAt, saveListing } from './listings.js'
import type { Part } from './partition.js'
import { bigintOf, bigintOrNull, numberOf, type Sqlite, type SqlRow, textOf } from './sqlite.js'

/** Where a lane stands: `committed` is the position up to which its rows are safe, -1 at first. */
export interface LaneState {
  readonly lane: number
  readonly committed: number
  readonly open: boolean
}

/** A hidden immutable file of one commit: one kind, all datasets. `path` is relative to the data path. */
export interface Segment {
  readonly kind: Kind
  readonly path: string
  readonly rows: number
  readonly bytes: number
  readonly hash: string
  readonly parts: readonly { readonly dataset: number; readonly part: Part; readonly rows: number }[]
}

/** A segment as it is named. */
export interface StoredSegment {
  readonly id: number
  readonly kind: Kind
  readonly path: string
  readonly rows: number
  readonly bytes: number
  readonly hash: string
}

/** The visible file of a partition. `link` is its second name; both are relative to the data path. */
export interface Piece {
  readonly dataset: number
  readonly part: Part
  readonly generation: number
  readonly rows: number
  readonly bytes: number
  readonly hash: string
  readonly visible: string
  readonly link: string
  readonly published: Nanos
}

/** A partition with what it consists of now: the piece, if any, and the segments with rows not in it yet. */
export interface PartState {
  readonly dataset: number
  readonly part: Part
  readonly piece: Piece | undefined
  readonly segments: readonly PartSegment[]
}

/** A segment with rows of a part: how many, and the hash of the whole file. */
export interface PartSegment {
  readonly id: number
  readonly path: string
  readonly rows: number
  readonly hash: string
}

/** From `firstSlot` on the rows of a whole partition are in files of its slots (durability C9). */
export interface Split {
  readonly dataset: number
  readonly part: Part
  readonly firstSlot: Part
}

/** What the catalog says about everything that can be published. */
export interface Publishable {
  readonly names: ReadonlyMap<number, string>
  readonly parts: readonly PartState[]
  readonly segments: readonly StoredSegment[]
  /** Bytes of Parquet ever written. */
  readonly writtenBytes: number
}

/** A run of a job as it is kept; `body` is JSON of the owner's. */
export interface StoredRun {
  readonly id: number
  readonly job: string | null
  readonly state: string
  readonly ended: number | null
  readonly body: string
}

/** Which runs: absent fields mean all; `before`: only smaller ids. */
export interface RunQuery {
  readonly job?: string
  readonly state?: string
  readonly before?: number
  readonly limit: number
}

const PROOFS: readonly Proof[] = ['observed', 'backfilled', 'unverifiable']

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text)
}

function decodeHeld(row: SqlRow): Held {
  const proof = PROOFS.find((name) => name === row.proof)
  if (!proof) throw new CollectorError('DATA_FOREIGN', `The catalog holds an unknown proof: ${String(row.proof)}.`)
  return {
    dataset: textOf(row, 'dataset'),
    run: bigintOf(row, 'run'),
    from: bigintOf(row, 'from_time'),
    until: bigintOf(row, 'until_time'),
    proof,
    before: bigintOrNull(row, 'before'),
    last: bigintOrNull(row, 'last'),
  }
}

function decodeWanted(row: SqlRow): Wanted {
  const until = bigintOrNull(row, 'until_time')
  return { dataset: textOf(row, 'dataset'), from: bigintOf(row, 'from_time'), until }
}

function decodeBreak(row: SqlRow): LedgerBreak {
  const code = textOf(row, 'code')
  if (!isCode(code)) throw new CollectorError('DATA_FOREIGN', `The catalog holds an unknown error code: ${code}.`)
  return { dataset: textOf(row, 'dataset'), at: bigintOf(row, 'at'), code, detail: textOf(row, 'detail') }
}

function decodeLost(row: SqlRow): Lost {
  const { at: _, ...reason } = decodeBreak({ ...row, at: row.from_time ?? null })
  return { ...reason, from: bigintOf(row, 'from_time'), until: bigintOf(row, 'until_time') }
}

function decodePiece(row: SqlRow): Piece {
  return {
    dataset: numberOf(row, 'dataset'),
    part: numberOf(row, 'part'),
    generation: numberOf(row, 'generation'),
    rows: numberOf(row, 'rows'),
    bytes: numberOf(row, 'bytes'),
    hash: textOf(row, 'hash'),
    visible: textOf(row, 'visible'),
    link: textOf(row, 'link'),
    published: bigintOf(row, 'published'),
  }
}

/** What is committed, what is published and what is held by proof. All that is durable about the store beside the files themselves. */
export class Catalog {
  readonly #db: Sqlite
  #knowsLost = false

  private constructor(db: Sqlite) {
    this.#db = db
  }

  static open(path: string): Catalog {
    return new Catalog(openForWriting(path))
  }

  static openReadOnly(path: string): Catalog {
    return new Catalog(openForReading(path))
  }

  /** Several reads that see one state of the catalog. */
  snapshot<T>(read: () => T): T {
    return this.#db.transaction(read, 'DEFERRED')
  }

  /** The next `count` numbers of a series; returns the first. Numbers only rise, across restarts too. */
  reserve(series: 'lane' | 'connection' | 'commit', count: number): number {
    return this.#db.transaction(() => this.#reserve(series, count))
  }

  #reserve(series: string, count: number): number {
    const [row] = this.#db.all('SELECT next FROM counters WHERE name = ?', series)
    const next = row ? numberOf(row, 'next') : 1
    this.#db.run('INSERT OR REPLACE INTO counters VALUES (?, ?)', series, next + count)
    return next
  }

  /** Numbers given since the backup that this catalog was restored from are not known: none of them is given again. */
  leap(): void {
    this.#db.transaction(() => {
      for (const [series, by] of [
        ['lane', 100_000],
        ['connection', 1_000_000],
        ['commit', 10_000_000],
        ['segment', 10_000_000],
      ] as const)
        this.#reserve(series, by)
    })
  }

  /** Lanes that the journal holds and this catalog does not know are to be recovered from their beginning. */
  adoptLanes(lanes: readonly number[]): void {
    this.#db.transaction(() => {
      for (const lane of lanes) this.#db.run('INSERT OR IGNORE INTO lanes VALUES (?, -1, 1)', lane)
    })
  }

  /** A segment whose file is gone: its rows are in a published file. */
  dropSegment(id: number): void {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM segment_parts WHERE segment = ?', id)
      this.#db.run('DELETE FROM segments WHERE id = ?', id)
    })
  }

  /** One segment takes the place of several (durability C8). */
  replaceSegments(number: number, merged: Segment, old: readonly number[], now: Nanos): void {
    this.#db.transaction(() => {
      for (const id of old) {
        this.#db.run('INSERT OR REPLACE INTO garbage SELECT path, ? FROM segments WHERE id = ?', now, id)
        this.#db.run('DELETE FROM segment_parts WHERE segment = ?', id)
        this.#db.run('DELETE FROM segments WHERE id = ?', id)
      }
      if (merged.rows > 0) this.#addSegment(number, merged)
      else this.#db.run('INSERT OR REPLACE INTO garbage VALUES (?, ?)', merged.path, now)
    })
  }

  #addSegment(number: number, { kind, path, rows, bytes, hash, parts }: Segment): void {
    const id = this.#reserve('segment', 1)
    this.#db.run('INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?)', id, number, kind, path, rows, bytes, hash)
    for (const { dataset, part, rows: count } of parts)
      this.#db.run('INSERT INTO segment_parts VALUES (?, ?, ?, ?)', dataset, part, id, count)
    this.#reserve('written_bytes', bytes)
  }

  /** Bytes of Parquet ever written into this folder, segments and published files alike. */
  get writtenBytes(): number {
    const [row] = this.#db.all("SELECT next FROM counters WHERE name = 'written_bytes'")
    return row ? numberOf(row, 'next') - 1 : 0
  }

  /** A copy of the whole catalog as one file, which must not exist yet. */
  copyTo(path: string): void {
    this.#db.run('VACUUM INTO ?', path)
  }

  openLane(): number {
    return this.#db.transaction(() => {
      const lane = this.#reserve('lane', 1)
      this.#db.run('INSERT INTO lanes VALUES (?, -1, 1)', lane)
      return lane
    })
  }

  closeLane(lane: number): void {
    this.#db.run('UPDATE lanes SET open = 0 WHERE lane = ?', lane)
  }

  lanes(): LaneState[] {
    return this.#db.all('SELECT lane, committed, open FROM lanes ORDER BY lane').map((row) => ({
      lane: numberOf(row, 'lane'),
      committed: numberOf(row, 'committed'),
      open: bigintOf(row, 'open') !== 0n,
    }))
  }

  /** Numbers of datasets, made on first sight. */
  datasetIds(keys: Iterable<string>): Map<string, number> {
    const ids = new Map<string, number>()
    this.#db.transaction(() => {
      for (const key of keys) {
        this.#db.run('INSERT OR IGNORE INTO datasets (key) VALUES (?)', key)
        for (const row of this.#db.all('SELECT id FROM datasets WHERE key = ?', key)) ids.set(key, numberOf(row, 'id'))
      }
    })
    return ids
  }

  datasets(): Map<number, string> {
    return new Map(
      this.#db.all('SELECT id, key FROM datasets ORDER BY key').map((row) => [numberOf(row, 'id'), textOf(row, 'key')]),
    )
  }

  /** The commit (durability C4): segments, positions and facts become true together. */
  commit(
    number: number,
    segments: readonly Segment[],
    positions: ReadonlyMap<number, number>,
    facts: readonly LedgerFact[],
  ): void {
    this.#db.transaction(() => {
      for (const segment of segments) this.#addSegment(number, segment)
      for (const [lane, position] of positions) {
        this.#db.run('UPDATE lanes SET committed = max(committed, ?) WHERE lane = ?', position, lane)
      }
      for (const fact of facts) this.#putFact(fact)
    })
  }

  #putFact(fact: LedgerFact): void {
    const { dataset } = fact
    if (fact.fact === 'held') {
      const { run, from, until, proof, before, last } = fact
      this.#db.run(
        'INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?)',
        dataset,
        run,
        from,
        until,
        proof,
        before,
        last,
      )
    } else if (fact.fact === 'wanted') {
      // The end of wanting ends every stretch that is still open, also one that an earlier process began.
      if (fact.until !== null) {
        this.#db.run('UPDATE wanted SET until_time = ? WHERE dataset = ? AND until_time IS NULL', fact.until, dataset)
      }
      this.#db.run('INSERT OR REPLACE INTO wanted VALUES (?, ?, ?)', dataset, fact.from, fact.until)
    } else if (fact.fact === 'lost') {
      const { from, until, code, detail } = fact
      this.#db.run('INSERT OR REPLACE INTO lost VALUES (?, ?, ?, ?, ?)', dataset, from, until, code, detail)
    } else {
      this.#db.run('INSERT OR REPLACE INTO breaks VALUES (?, ?, ?, ?)', dataset, fact.at, fact.code, fact.detail)
    }
  }

  /** What can be published, and what was written so far, as one state. */
  publishable(): Publishable {
    return this.snapshot(() => ({
      names: this.datasets(),
      parts: this.parts(),
      segments: this.segments(),
      writtenBytes: this.writtenBytes,
    }))
  }

  /** Every partition with its piece and unpublished segments; of one dataset when given. */
  parts(dataset?: number): PartState[] {
    const where = dataset === undefined ? '' : 'WHERE dataset = ?'
    const values = dataset === undefined ? [] : [dataset]
    const parts = new Map<string, { piece: Piece | undefined; segments: PartSegment[] }>()
    const at = (key: string) => {
      const known = parts.get(key)
      if (known) return known
      const made = { piece: undefined, segments: [] }
      parts.set(key, made)
      return made
    }
    for (const row of this.#db.all(`SELECT * FROM pieces ${where}`, ...values)) {
      const piece = decodePiece(row)
      at(`${piece.dataset} ${piece.part}`).piece = piece
    }
    const segments = this.#db.all(
      `SELECT p.dataset AS dataset, p.part AS part, s.id AS id, s.path AS path, s.hash AS hash, p.rows AS rows
       FROM segment_parts p JOIN segments s ON s.id = p.segment ${where} ORDER BY s.id`,
      ...values,
    )
    for (const row of segments) {
      at(`${numberOf(row, 'dataset')} ${numberOf(row, 'part')}`).segments.push({
        id: numberOf(row, 'id'),
        path: textOf(row, 'path'),
        rows: numberOf(row, 'rows'),
        hash: textOf(row, 'hash'),
      })
    }
    return [...parts]
      .map(([key, { piece, segments }]) => {
        const [id = 0, part = 0] = key.split(' ').map(Number)
        return { dataset: id, part, piece, segments }
      })
      .sort((a, b) => a.dataset - b.dataset || a.part - b.part)
  }

  /** Segments with rows that are not published yet. */
  segments(): StoredSegment[] {
    return this.#db.all('SELECT * FROM segments ORDER BY id').flatMap((row) => {
      const kind = KINDS.find((name) => name === row.kind)
      if (!kind) return []
      const [id, rows, bytes] = [numberOf(row, 'id'), numberOf(row, 'rows'), numberOf(row, 'bytes')]
      return [{ id, kind, path: textOf(row, 'path'), rows, bytes, hash: textOf(row, 'hash') }]
    })
  }

  /** What SQLite finds wrong in the file of the catalog itself. */
  faults(deep: boolean): string[] {
    const rows = this.#db.all(deep ? 'PRAGMA integrity_check' : 'PRAGMA quick_check')
    return rows.flatMap((row) => Object.values(row).map(String)).filter((text) => text !== 'ok')
  }

  /**
   * The last step of publishing (durability C6): the piece is at its new generation and holds the rows of `merged`.
   * The old link, and segments with nothing unpublished left, become garbage. Later rows go where `splits` say.
   */
  publish(piece: Piece, merged: readonly number[], before: Piece | undefined, splits: readonly Split[] = []): void {
    this.#db.transaction(() => {
      for (const split of splits) if (split.part === piece.part || !this.#hasRows(split)) this.#split(split)
      this.#db.run(
        'INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
        piece.dataset,
        piece.part,
        piece.generation,
        piece.rows,
        piece.bytes,
        piece.hash,
        piece.visible,
        piece.link,
        piece.published,
      )
      this.#reserve('written_bytes', piece.bytes)
      if (before) this.#db.run('INSERT OR REPLACE INTO garbage VALUES (?, ?)', before.link, piece.published)
      for (const segment of merged) {
        this.#db.run(
          'DELETE FROM segment_parts WHERE dataset = ? AND part = ? AND segment = ?',
          piece.dataset,
          piece.part,
          segment,
        )
        const [left] = this.#db.all('SELECT count(*) AS n FROM segment_parts WHERE segment = ?', segment)
        if (!left || numberOf(left, 'n') > 0) continue
        this.#db.run(
          'INSERT OR REPLACE INTO garbage SELECT path, ? FROM segments WHERE id = ?',
          piece.published,
          segment,
        )
        this.#db.run('DELETE FROM segments WHERE id = ?', segment)
      }
    })
  }

  /** A partition that is split stays so, and never from an earlier slot on. */
  #split({ dataset, part, firstSlot }: Split): void {
    this.#db.run('INSERT OR IGNORE INTO splits VALUES (?, ?, ?)', dataset, part, firstSlot)
  }

  #hasRows({ dataset, part }: Split): boolean {
    const sql =
      'SELECT 1 FROM pieces WHERE dataset = ?1 AND part = ?2 UNION SELECT 1 FROM segment_parts WHERE dataset = ?1 AND part = ?2'
    return this.#db.all(sql, dataset, part).length > 0
  }

  /** See `Split`; also for partitions that have no row yet. */
  addSplits(splits: readonly Split[]): void {
    this.#db.transaction(() => {
      for (const split of splits) this.#split(split)
    })
  }

  splits(): Split[] {
    // A catalog of the first version, opened for reading.
    if (this.#db.all("SELECT name FROM sqlite_master WHERE name = 'splits'").length === 0) return []
    return this.#db.all('SELECT dataset, part, first_slot FROM splits').map((row) => ({
      dataset: numberOf(row, 'dataset'),
      part: numberOf(row, 'part'),
      firstSlot: numberOf(row, 'first_slot'),
    }))
  }

  /** Every hidden file that must stay, relative to the data path. */
  namedFiles(): Set<string> {
    const rows = this.#db.all('SELECT path FROM segments UNION SELECT link FROM pieces UNION SELECT path FROM garbage')
    return new Set(rows.map((row) => textOf(row, 'path')))
  }

  /** Files that no reader can still have a reason to open. */
  garbageBefore(time: Nanos): string[] {
    return this.#db.all('SELECT path FROM garbage WHERE since <= ?', time).map((row) => textOf(row, 'path'))
  }

  forgetGarbage(paths: readonly string[]): void {
    this.#db.transaction(() => {
      for (const path of paths) this.#db.run('DELETE FROM garbage WHERE path = ?', path)
    })
  }

  /** Ends wanting for these datasets at their last proof: what came after it is nobody's loss. */
  endWanted(datasets: readonly string[]): void {
    this.#db.transaction(() => {
      for (const dataset of datasets) {
        const sql = `UPDATE wanted SET until_time = max(from_time, coalesce((SELECT max(until_time) FROM held WHERE held.dataset = wanted.dataset), from_time))
          WHERE dataset = ? AND until_time IS NULL`
        this.#db.run(sql, dataset)
      }
    })
  }

  held(dataset?: string): Held[] {
    const rows =
      dataset === undefined
        ? this.#db.all('SELECT * FROM held ORDER BY dataset, from_time')
        : this.#db.all('SELECT * FROM held WHERE dataset = ? ORDER BY from_time', dataset)
    return rows.map(decodeHeld)
  }

  wanted(dataset?: string): Wanted[] {
    const rows =
      dataset === undefined
        ? this.#db.all('SELECT * FROM wanted ORDER BY dataset, from_time')
        : this.#db.all('SELECT * FROM wanted WHERE dataset = ? ORDER BY from_time', dataset)
    return rows.map(decodeWanted)
  }

  breaks(dataset?: string): LedgerBreak[] {
    const rows =
      dataset === undefined
        ? this.#db.all('SELECT * FROM breaks ORDER BY dataset, at')
        : this.#db.all('SELECT * FROM breaks WHERE dataset = ? ORDER BY at', dataset)
    return rows.map(decodeBreak)
  }

  /** What is held of a dataset between two instants is from now on this alone. Stretches that reach over an edge are cut there. */
  replaceHeld(dataset: string, from: Nanos, until: Nanos, held: readonly Held[]): void {
    this.#db.transaction(() => {
      const put = (run: bigint, start: Nanos, end: Nanos, { proof, before, last }: Held) => {
        if (start < end)
          this.#db.run(
            'INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?)',
            dataset,
            run,
            start,
            end,
            proof,
            before,
            last,
          )
      }
      // Numbers below zero: no frame has them.
      const fresh = () => -BigInt(this.#reserve('repaired', 1))
      for (const old of this.held(dataset)) {
        if (old.until <= from || old.from >= until) continue
        this.#db.run('DELETE FROM held WHERE dataset = ? AND run = ?', dataset, old.run)
        put(old.run, old.from, from, { ...old, last: null })
        put(fresh(), until, old.until, { ...old, before: null })
      }
      for (const each of held) {
        const [start, end] = [each.from > from ? each.from : from, each.until < until ? each.until : until]
        const before = start === each.from ? each.before : null
        put(fresh(), start, end, { ...each, before, last: end === each.until ? each.last : null })
      }
    })
  }

  addBreak(fact: LedgerBreak): void {
    this.#putFact({ fact: 'break', ...fact })
  }

  lost(dataset?: string): Lost[] {
    // A catalog that an earlier version wrote has no such table until it is opened for writing.
    this.#knowsLost ||= this.#db.all("SELECT name FROM sqlite_master WHERE name = 'lost'").length > 0
    if (!this.#knowsLost) return []
    const rows =
      dataset === undefined
        ? this.#db.all('SELECT * FROM lost ORDER BY dataset, from_time')
        : this.#db.all('SELECT * FROM lost WHERE dataset = ? ORDER BY from_time', dataset)
    return rows.map(decodeLost)
  }

  /** A number for a run that begins. */
  newRun(): number {
    return this.#reserve('run', 1)
  }

  /** Keeps a run as it is now. `ended` as milliseconds since 1970, null while it goes on. */
  saveRun(run: StoredRun): void {
    const { id, job, state, ended, body } = run
    this.#db.run('INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)', id, job, state, ended, body)
  }

  /** Runs as they were saved, newest first. */
  runs({ job, state, before, limit }: RunQuery): StoredRun[] {
    if (this.#db.all("SELECT name FROM sqlite_master WHERE name = 'runs'").length === 0) return []
    const where: string[] = []
    const values: (string | number)[] = []
    const add = (condition: string, value: string | number | undefined) => {
      if (value === undefined) return
      where.push(condition)
      values.push(value)
    }
    add('job = ?', job)
    add('state = ?', state)
    add('id < ?', before)
    const only = where.length ? `WHERE ${where.join(' AND ')}` : ''
    const rows = this.#db.all(`SELECT * FROM runs ${only} ORDER BY id DESC LIMIT ?`, ...values, limit)
    return rows.map((row) => ({
      id: numberOf(row, 'id'),
      job: row.job === null ? null : textOf(row, 'job'),
      state: textOf(row, 'state'),
      ended: row.ended === null ? null : numberOf(row, 'ended'),
      body: textOf(row, 'body'),
    }))
  }

  /** Forgets runs that ended before this moment (milliseconds since 1970) in one of these states. */
  forgetRuns(before: number, states: readonly string[]): void {
    for (const state of states) this.#db.run('DELETE FROM runs WHERE state = ? AND ended < ?', state, before)
  }

  /** Remembers a file of another program whose rows are all committed. `origin`: what it says of itself. */
  saveImport(hash: string, path: string, origin: string | null, rows: number, at: Nanos): void {
    this.#db.run('INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?)', hash, path, origin, rows, at)
  }

  /** SHA-256 of every file that was imported. */
  imports(): Set<string> {
    // A catalog that was written before there were any, opened for reading.
    if (this.#db.all("SELECT name FROM sqlite_master WHERE name = 'imports'").length === 0) return new Set()
    return new Set(this.#db.all('SELECT hash FROM imports').map((row) => textOf(row, 'hash')))
  }

  /** Keeps the list, and what it says of each instrument from this moment on. */
  saveInstruments(exchange: string, list: readonly Instrument[], now: Nanos): void {
    this.#db.transaction(() => {
      this.#db.run('INSERT OR REPLACE INTO instruments VALUES (?, ?)', exchange, JSON.stringify(list))
      saveListing(this.#db, exchange, list, now)
    })
  }

  /** What was listed at an instant; none where no list was seen by then. */
  listingAt(exchange: string, at: Nanos): Instrument[] {
    return listingAt(this.#db, exchange, at)
  }

  listedSince(exchange: string): Nanos | undefined {
    return listedSince(this.#db, exchange)
  }

  instruments(exchange: string): string | undefined {
    const [row] = this.#db.all('SELECT list FROM instruments WHERE exchange = ?', exchange)
    return row ? textOf(row, 'list') : undefined
  }

  saveTaskMetrics(key: string, body: string): void {
    this.#db.run('INSERT OR REPLACE INTO task_metrics VALUES (?, ?)', key, body)
  }

  taskMetrics(): Map<string, string> {
    return new Map(
      this.#db.all('SELECT key, body FROM task_metrics').map((row) => [textOf(row, 'key'), textOf(row, 'body')]),
    )
  }

  /** Ends a writer's use so that even a read-only mount can be read (durability C7). */
  closeCleanly(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = delete;')
    } catch {
      // A reader has it open: the write-ahead log stays, which the next opening takes in.
    }
    this.#db.close()
  }

  close(): void {
    this.#db.close()
  }
}
