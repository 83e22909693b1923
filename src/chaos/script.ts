import { createHash } from 'node:crypto'
import { CollectorError } from '../model/error.js'
import { type Control, QUIET } from './control.js'

/** What is done to the recording. `exchange`: an id, or `all`. */
export interface Step {
  /** After the start. */
  readonly atMs: number
  readonly what: 'kill' | 'suspend' | 'machine' | 'fault'
  readonly exchange: string
  /** How long it lasts: a suspended process, a fault with a duration. */
  readonly ms: number
  /** Of `machine`: what its disk or clock does meanwhile. */
  readonly machine?: Control
  /** Of `fault`: what the emulator is asked for. */
  readonly fault?: Readonly<Record<string, unknown>>
}

/** Pauses between steps: long enough for books to come back, short enough that a five-minute run sees dozens. */
export const LEAST_PAUSE_MS = 2500
const MOST_PAUSE_MS = 6500

type Draw = (below: number) => number
interface Kind extends Omit<Step, 'atMs' | 'exchange'> {
  /** Only for exchanges that number the changes of a book: nobody can notice it elsewhere, and no network does it. */
  readonly numbered?: true
}

/** An emulated exchange. `numbered`: each change of a book carries a number or names the one before. */
export interface Target {
  readonly exchange: string
  readonly numbered: boolean
}

const KINDS: readonly ((draw: Draw) => Kind)[] = [
  () => ({ what: 'kill', ms: 0 }),
  () => ({ what: 'kill', ms: 0 }),
  () => ({ what: 'kill', ms: 0 }),
  () => ({ what: 'kill', ms: 0 }),
  () => ({ what: 'kill', ms: 0 }),
  (draw) => ({ what: 'suspend', ms: 500 + draw(2500) }),
  (draw) => ({ what: 'machine', ms: 2000 + draw(4000), machine: { ...QUIET, sync_ms: 200 + draw(1300) } }),
  (draw) => ({ what: 'machine', ms: 1000 + draw(3000), machine: { ...QUIET, full: true } }),
  (draw) => ({ what: 'machine', ms: 2000 + draw(4000), machine: { ...QUIET, clock_ms: 1000 * (draw(7201) - 3600) } }),
  () => fault('cut', 0, {}),
  () => fault('cut', 0, { connections: 'one' }),
  () => fault('close', 0, { notice: true }),
  (draw) => fault('hang', 1000 + draw(9000), {}),
  (draw) => fault('refuse', 500 + draw(3000), {}),
  (draw) => fault('delay', 1000 + draw(3000), { by_ms: 100 + draw(900) }),
  (draw) => fault('status', 1000 + draw(3000), { status: [429, 500, 503][draw(3)] }),
  (draw) => ({ ...fault('lose', 0, { channel: 'book', count: 1 + draw(3) }), numbered: true }),
  // A liquidation bears no number anywhere: told twice it is two, and no network tells it twice.
  (draw) => fault('repeat', 0, { channel: ['trades', 'book'][draw(2)], count: 1 + draw(5) }),
  (draw) => ({ ...fault('reorder', 0, { channel: 'book', count: 1 + draw(3) }), numbered: true }),
  (draw) => fault('corrupt', 0, { channel: 'book', form: ['truncated', 'binary', 'text'][draw(3)] }),
  (draw) => fault('checksum', 0, { channel: 'book', count: 1 + draw(2) }),
]

function fault(name: string, ms: number, fields: Readonly<Record<string, unknown>>): Kind {
  return { what: 'fault', ms, fault: { fault: name, ...fields, ...(ms > 0 ? { ms } : {}) } }
}

/** What can be done, by the names by which a run is told to do some of it alone. */
export const TORMENTS = [
  'kill',
  'suspend',
  'slow_disk',
  'full_disk',
  'clock',
  'cut',
  'close',
  'hang',
  'refuse',
  'delay',
  'status',
  'lose',
  'repeat',
  'reorder',
  'corrupt',
  'checksum',
] as const
export type Torment = (typeof TORMENTS)[number]
const MACHINE: ReadonlySet<Torment> = new Set(['kill', 'suspend', 'slow_disk', 'full_disk', 'clock'])
/** All that connections and exchanges do. */
const NETWORK = TORMENTS.filter((each) => !MACHINE.has(each))

/** Of names of torments and `network`, which is all that connections and exchanges do. Throws USAGE for a name that is none. */
export function tormentsOf(names: readonly string[]): Torment[] {
  return names.flatMap((name) => {
    if (name === 'network') return NETWORK
    const torment = TORMENTS.find((each) => each === name)
    if (torment) return [torment]
    const remedy = `Choose among network, ${TORMENTS.join(', ')}.`
    throw new CollectorError('USAGE', `${name} is nothing that chaos does`, { remedy })
  })
}

/** Which torment a step is. */
export function tormentOf({ what, machine, fault }: Pick<Step, 'what' | 'machine' | 'fault'>): Torment {
  if (what === 'fault') return TORMENTS.find((each) => each === fault?.fault) ?? 'cut'
  if (what !== 'machine') return what
  return machine?.full ? 'full_disk' : machine?.clock_ms ? 'clock' : 'slow_disk'
}

/**
 * The steps of a run: the same seed, length, exchanges and torments give the same ones. The last seconds are left in peace.
 */
export function script(
  seed: string,
  totalMs: number,
  targets: readonly Target[],
  torments: readonly Torment[] = TORMENTS,
): Step[] {
  const draw = drawer(seed)
  const steps: Step[] = []
  let atMs = LEAST_PAUSE_MS
  while (targets.length > 0 && torments.length > 0) {
    const { numbered = false, ...step } = KINDS[draw(KINDS.length)]?.(draw) ?? fault('cut', 0, {})
    if (!torments.includes(tormentOf(step))) continue
    const able = targets.filter((target) => target.numbered || !numbered).map(({ exchange }) => exchange)
    const names = [...able, ...(able.length === targets.length ? ['all'] : [])]
    const exchange = names[draw(Math.max(1, names.length))]
    if (exchange === undefined) continue
    if (atMs + step.ms + MOST_PAUSE_MS > totalMs) break
    steps.push({ atMs, ...step, exchange: step.what === 'fault' ? exchange : 'all' })
    atMs += step.ms + LEAST_PAUSE_MS + draw(MOST_PAUSE_MS - LEAST_PAUSE_MS)
  }
  return steps
}

/** Whole numbers below a bound, from a hash of the seed and a counter. */
function drawer(seed: string): Draw {
  let n = 0
  return (below) => createHash('sha256').update(`${seed} ${n++}`).digest().readUInt32BE() % below
}
