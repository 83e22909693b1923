import { CHANNELS, type Channel } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { DUMP_DAMAGES, type DumpDamage } from './dump.js'

/**
 * What a fault can be, and which fields it takes beside `exchange` (an id or `all`) and `at_ms` (since the start; absent = now).
 *
 * - `cut`: connections end without a close frame. `close`: with one (`code`, 1001 if absent), as after 24 hours.
 *   `notice`: true has the venue announce it first, where the venue does that; `ms` is how long before the end. Both: `connections` `all` (if absent) or `one` (the oldest); with `symbol` only those that carried it.
 * - `hang`: connections stay open for `ms`, but nothing is sent, answered or heard; what should have been sent is lost.
 * - `maintenance`: for `ms` the venue is in maintenance and says so to open connections, where it has words for that.
 * - `refuse`: for `ms` no connection is accepted, neither WebSocket nor HTTP.
 * - `delay`: for `ms` every frame comes `by_ms` late, in order.
 * - `lose`, `repeat`, `reorder`, `corrupt`, `checksum`: the next `count` (1) frames with data, of `channel` and `symbol` if given.
 *   `reorder` sends one after its successor; `corrupt` takes `form`: `truncated` (if absent), `binary`, `text`, `huge`.
 * - `status`: for `ms` every HTTP request (of a path beginning with `path`, if given) is answered with `status`, and with
 *   `Retry-After: retry_after_s` if given.
 * - `pages`: for `ms` pages of the past are `short` (a third of the rows), `capped` (at most `count` rows, 100), `repeated` (the first rows stand
 *   twice), `unsorted`, or `nasty` (all of it), as `manner` says.
 * - `burst`: `count` trades (1000) of one instant are the next that happens to each instrument, or to `symbol`.
 * - `archives`: for `ms` files of archives (of a path beginning with `path`, if given) are damaged as `damage` says: `absent` (404), `checksum` (another one),
 *   `truncated`, `html` (a page instead of a file), `columns` (in another order), `hole` (ten lines are left out), `changed` (other prices).
 * - `reject`: for `ms` subscriptions are refused, of `channel` and `symbol` if given.
 * - `delist`: for `ms` the list of instruments does not have `symbol`.
 */
const FIELDS = {
  cut: { optional: ['connections', 'symbol'], required: [] },
  close: { optional: ['connections', 'symbol', 'code', 'reason', 'notice', 'ms'], required: [] },
  hang: { optional: ['connections', 'symbol'], required: ['ms'] },
  maintenance: { optional: ['connections', 'symbol'], required: ['ms'] },
  refuse: { optional: [], required: ['ms'] },
  delay: { optional: [], required: ['ms', 'by_ms'] },
  lose: { optional: ['count', 'channel', 'symbol'], required: [] },
  repeat: { optional: ['count', 'channel', 'symbol'], required: [] },
  reorder: { optional: ['count', 'channel', 'symbol'], required: [] },
  corrupt: { optional: ['count', 'channel', 'symbol', 'form'], required: [] },
  checksum: { optional: ['count', 'channel', 'symbol'], required: [] },
  status: { optional: ['path', 'retry_after_s'], required: ['ms', 'status'] },
  pages: { optional: ['count'], required: ['ms', 'manner'] },
  burst: { optional: ['count', 'symbol'], required: [] },
  archives: { optional: ['path'], required: ['ms', 'damage'] },
  reject: { optional: ['channel', 'symbol'], required: ['ms'] },
  delist: { optional: [], required: ['ms', 'symbol'] },
} as const satisfies Record<string, { optional: readonly Field[]; required: readonly Field[] }>

export type FaultName = keyof typeof FIELDS
const FRAME_FAULTS = ['lose', 'repeat', 'reorder', 'corrupt', 'checksum'] as const
export type FrameFaultName = (typeof FRAME_FAULTS)[number]
const MANNERS = ['short', 'capped', 'repeated', 'unsorted', 'nasty'] as const
export type PageManner = (typeof MANNERS)[number]
const FORMS = ['truncated', 'binary', 'text', 'huge'] as const
export type CorruptForm = (typeof FORMS)[number]

export interface Fault {
  readonly fault: FaultName
  /** An exchange id, or `all`. */
  readonly exchange: string
  readonly at_ms?: number
  readonly ms?: number
  readonly by_ms?: number
  readonly count?: number
  readonly connections?: 'all' | 'one'
  readonly channel?: Channel
  readonly symbol?: string
  readonly form?: CorruptForm
  readonly code?: number
  readonly reason?: string
  readonly notice?: boolean
  readonly status?: number
  readonly retry_after_s?: number
  readonly path?: string
  readonly manner?: PageManner
  readonly damage?: DumpDamage
}
type Field = Exclude<keyof Fault, 'fault' | 'exchange' | 'at_ms'>

export function isFrameFault(name: FaultName): name is FrameFaultName {
  return FRAME_FAULTS.some((known) => known === name)
}

const whole = (from: number, to: number) => ({
  expected: `a whole number from ${from} to ${to}`,
  holds: (value: unknown) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
})
const oneOf = (...values: readonly string[]) => ({
  expected: `one of ${values.join(', ')}`,
  holds: (value: unknown) => typeof value === 'string' && values.includes(value),
})
const text = { expected: 'a text', holds: (value: unknown) => typeof value === 'string' && value !== '' }
const DAY_MS = 86_400_000
const RULES: Readonly<Record<Field | 'at_ms', { expected: string; holds(value: unknown): boolean }>> = {
  at_ms: whole(0, 100 * DAY_MS),
  ms: whole(1, DAY_MS),
  by_ms: whole(1, 60_000),
  count: whole(1, 1_000_000),
  connections: oneOf('all', 'one'),
  channel: oneOf(...CHANNELS),
  symbol: text,
  form: oneOf(...FORMS),
  code: {
    expected: '1000, 1001 or 1011 to 1013',
    holds: (value) => [1000, 1001, 1011, 1012, 1013].includes(Number(value)),
  },
  reason: text,
  notice: { expected: 'true or false', holds: (value) => typeof value === 'boolean' },
  status: {
    expected: '429, 418, 403 or 500 to 504',
    holds: (v) => [403, 418, 429, 500, 501, 502, 503, 504].includes(Number(v)),
  },
  retry_after_s: whole(0, 86_400),
  path: text,
  manner: oneOf(...MANNERS),
  damage: oneOf(...DUMP_DAMAGES),
}

/** Reads one fault. Throws USAGE naming the field, what was found and what is expected. */
export function parseFault(value: unknown, exchanges: readonly string[]): Fault {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('a fault', value, 'an object like {"at_ms":1000,"exchange":"binance","fault":"cut"}')
  const entries = new Map<string, unknown>(Object.entries(value))
  const name = Object.keys(FIELDS).find((known): known is FaultName => known === entries.get('fault'))
  if (!name) throw refused('fault', entries.get('fault'), `one of ${Object.keys(FIELDS).join(', ')}`)
  const exchange = entries.get('exchange')
  if (typeof exchange !== 'string' || (exchange !== 'all' && !exchanges.includes(exchange)))
    throw refused('exchange', exchange, `one of ${[...exchanges, 'all'].join(', ')}`)
  const required: readonly Field[] = FIELDS[name].required
  const allowed: readonly (Field | 'at_ms')[] = ['at_ms', ...required, ...FIELDS[name].optional]
  for (const field of required)
    if (!entries.has(field)) throw refused(`${field} of ${name}`, undefined, RULES[field].expected)
  for (const [field, given] of entries) {
    if (field === 'fault' || field === 'exchange') continue
    const known = allowed.find((one) => one === field)
    if (!known) throw refused(`${field} of ${name}`, given, `only ${allowed.join(', ')}`)
    if (!RULES[known].holds(given)) throw refused(`${field} of ${name}`, given, RULES[known].expected)
  }
  return { ...(Object.fromEntries(entries) as Partial<Fault>), fault: name, exchange }
}

/** Reads a fault script: one fault a line; blank lines are skipped. */
export function parseFaultScript(script: string, exchanges: readonly string[]): Fault[] {
  const faults: Fault[] = []
  for (const [i, line] of script.split('\n').entries()) {
    if (line.trim() === '') continue
    try {
      faults.push(parseFault(readJson(line), exchanges))
    } catch (error) {
      if (!(error instanceof CollectorError)) throw error
      throw new CollectorError(error.code, `Line ${i + 1} of the fault script: ${error.message}`, {
        remedy: error.remedy,
      })
    }
  }
  return faults
}

/** Reads the body of `POST /_emulator/faults`: one fault or an array of them. */
export function parseFaultBody(body: string, exchanges: readonly string[]): Fault[] {
  const value = readJson(body)
  return (Array.isArray(value) ? value : [value]).map((one) => parseFault(one, exchanges))
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refused('a fault', text.slice(0, 80), 'JSON')
  }
}

function refused(field: string, found: unknown, expected: string): CollectorError {
  const shown = found === undefined ? 'nothing' : JSON.stringify(found)
  return new CollectorError('USAGE', `${field}: found ${shown}, expected ${expected}.`, {
    remedy: `Give ${field} as ${expected}.`,
  })
}
