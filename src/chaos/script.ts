import { createHash } from 'node:crypto'

/** What is done to the recording. `exchange`: an id, or `all`. */
export interface Step {
  /** After the start. */
  readonly atMs: number
  readonly what: 'kill' | 'suspend' | 'fault'
  readonly exchange: string
  /** How long it lasts: a suspended process, a fault with a duration. */
  readonly ms: number
  /** Of `fault`: what the emulator is asked for. */
  readonly fault?: Readonly<Record<string, unknown>>
}

/** Pauses between steps: long enough for books to come back, short enough that a five-minute run sees dozens. */
const LEAST_PAUSE_MS = 2500
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
  (draw) => ({ what: 'suspend', ms: 500 + draw(2500) }),
  () => fault('cut', 0, {}),
  () => fault('cut', 0, { connections: 'one' }),
  () => fault('close', 0, { notice: true }),
  (draw) => fault('hang', 1000 + draw(9000), {}),
  (draw) => fault('refuse', 500 + draw(3000), {}),
  (draw) => fault('delay', 1000 + draw(3000), { by_ms: 100 + draw(900) }),
  (draw) => fault('status', 1000 + draw(3000), { status: [429, 500, 503][draw(3)] }),
  (draw) => ({ ...fault('lose', 0, { channel: 'book', count: 1 + draw(3) }), numbered: true }),
  (draw) => fault('repeat', 0, { count: 1 + draw(5) }),
  (draw) => ({ ...fault('reorder', 0, { channel: 'book', count: 1 + draw(3) }), numbered: true }),
  (draw) => fault('corrupt', 0, { channel: 'book', form: ['truncated', 'binary', 'text'][draw(3)] }),
  (draw) => fault('checksum', 0, { channel: 'book', count: 1 + draw(2) }),
]

function fault(name: string, ms: number, fields: Readonly<Record<string, unknown>>): Kind {
  return { what: 'fault', ms, fault: { fault: name, ...fields, ...(ms > 0 ? { ms } : {}) } }
}

/** The steps of a run: the same seed, length and exchanges give the same ones. The last seconds are left in peace. */
export function script(seed: string, totalMs: number, targets: readonly Target[]): Step[] {
  const draw = drawer(seed)
  const steps: Step[] = []
  let atMs = LEAST_PAUSE_MS
  while (targets.length > 0) {
    const { numbered = false, ...step } = KINDS[draw(KINDS.length)]?.(draw) ?? fault('cut', 0, {})
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
