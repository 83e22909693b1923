import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { isFields } from '../src/exchanges/kit/wire.js'
import { type FrameRecord, parseFrameRecord } from '../src/model/frame-record.js'

/** A record with what only tests need of it. */
export interface Recorded extends FrameRecord {
  /** `recorded`, or what kind of example it is. */
  readonly kind: string
  readonly channel: string
  readonly detail: string
  readonly symbol: string | null
  readonly api: string
  readonly origin: string
  readonly n: number
  /** What a documented frame must give, by the documentation's words; and what in it is invented to be strange. */
  readonly expected: { readonly taker_side?: string; readonly strange?: string }
  /** What it is known by in the output of tests. */
  readonly place: string
}

/** Where recordings of real traffic are, unless `DCCD_FIXTURES` says otherwise: beside the checkout, or beside the folder of a worktree. */
const BESIDE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'shared', 'fixtures')

/** The folder of recordings; `undefined` where there is none. */
export function fixturesFolder(): string | undefined {
  const { DCCD_FIXTURES } = process.env
  const candidates = DCCD_FIXTURES
    ? [DCCD_FIXTURES]
    : [BESIDE, BESIDE.replace(/shared.fixtures$/, join('..', 'shared', 'fixtures'))]
  return candidates.find(existsSync)
}

/** The file of an exchange's recordings; `undefined` where there is none. */
export function recordingFile(name: string): string | undefined {
  const folder = fixturesFolder()
  if (folder === undefined) return undefined
  return [join(folder, `${name}.ndjson.gz`), join(folder, `${name}.ndjson`)].find((file) => existsSync(file))
}

/** Every record of an exchange, in the order of the file; `undefined` where the folder or the file is absent. */
export function readRecordings(name: string): Recorded[] | undefined {
  const file = recordingFile(name)
  return file === undefined ? undefined : readRecords(file)
}

/** Every record of the files in a folder, by name of file. None when the folder is absent. */
export function readRecordFolder(folder: string): Recorded[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((name) => /\.ndjson(\.gz)?$/.test(name))
  return files.sort().flatMap((name) => readRecords(join(folder, name)))
}

function readRecords(file: string): Recorded[] {
  const raw = readFileSync(file)
  const lines = (file.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8').trimEnd().split('\n')
  return lines.map((line, index) => {
    const record = parseFrameRecord(line)
    if (!record) throw new Error(`${file}:${index + 1} is no record`)
    const more = new Map<string, unknown>(Object.entries(JSON.parse(line)))
    const text = (name: string) => String(more.get(name) ?? '')
    const symbol = more.get('symbol')
    const expected = more.get('expected')
    const told = new Map<string, unknown>(Object.entries(isFields(expected) ? expected : {}))
    const side = told.get('taker_side')
    const strange = told.get('strange')
    return {
      ...record,
      kind: text('kind'),
      channel: text('channel'),
      detail: text('detail'),
      symbol: typeof symbol === 'string' ? symbol : null,
      api: text('api'),
      origin: text('origin'),
      n: Number(more.get('n') ?? 0),
      expected: {
        ...(typeof side === 'string' ? { taker_side: side } : {}),
        ...(typeof strange === 'string' ? { strange } : {}),
      },
      place: `${file.slice(file.lastIndexOf('/') + 1)}:${index + 1}`,
    }
  })
}

/** A capture: its lines over all connections in the order in which they came. */
export interface Capture {
  readonly name: string
  readonly records: readonly Recorded[]
}

/** The captures among records, each sorted by receive time (numerically: the digits vary in number); equal times keep their order. */
export function capturesOf(records: readonly Recorded[]): Capture[] {
  const byName = new Map<string, Recorded[]>()
  for (const record of records) {
    if (record.capture === null) continue
    const members = byName.get(record.capture) ?? []
    members.push(record)
    byName.set(record.capture, members)
  }
  const key = ({ recv }: Recorded) => {
    const [seconds = '', fraction = ''] = (recv ?? '').replace('Z', '').split('.')
    return seconds + fraction.padEnd(9, '0')
  }
  return [...byName].map(([name, members]) => ({
    name,
    records: members
      .map((record) => ({ record, at: key(record) }))
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
      .map(({ record }) => record),
  }))
}
