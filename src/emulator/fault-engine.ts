import type { Clock } from '../lib/clock.js'
import type { Channel } from '../model/dataset.js'
import type { Nanos } from '../model/time.js'
import type { DumpDamage } from './dump.js'
import { type Fault, type FrameFaultName, isFrameFault } from './fault.js'
import type { FrameLabel } from './venue.js'

/** What a fault can do to one connection. */
export interface FaultyConnection {
  readonly exchange: string
  readonly number: number
  /** Whether a frame of this instrument was ever sent on it. */
  carries(symbol: string): boolean
  cut(): void
  /** Lets the venue announce that it will end the connection. */
  warn(): void
  maintenance(begins: boolean): void
  close(code: number, reason: string): void
  hang(ms: number): void
}

/** A frame that a fault touched. */
interface TouchedFrame {
  readonly connection: number
  readonly channel: Channel
  readonly symbol: string
  readonly time: Nanos
}

/** A fault as it was carried out: what tests compare the ledger with. */
interface Execution {
  readonly id: number
  readonly fault: Fault
  readonly from: Nanos
  until: Nanos | undefined
  /** Numbers of the connections it touched. */
  readonly connections: number[]
  readonly frames: TouchedFrame[]
  /** Frames or requests it touched; the list above is cut off at a thousand. */
  touched: number
}

const KEPT_EXECUTIONS = 10_000
const KEPT_FRAMES = 1000

/** Carries out faults and remembers what was done. */
export class FaultEngine {
  private readonly clock: Clock
  private readonly started: bigint
  private readonly connections = new Set<FaultyConnection>()
  private readonly executions: Execution[] = []
  private readonly ongoing = new Set<Execution>()
  private readonly waiting = new Set<() => void>()
  private readonly log: ((line: string) => void) | undefined
  private readonly burst: (fault: Fault) => void
  private nextId = 1

  /** `log` gets each fault as a line of JSON when it is over; `burst` lets trades happen to the markets that a fault concerns. */
  constructor(clock: Clock, log?: (line: string) => void, burst: (fault: Fault) => void = () => {}) {
    this.clock = clock
    this.burst = burst
    this.started = clock.mono()
    this.log = log
  }

  /** Carries the faults out, each at its time. */
  schedule(faults: readonly Fault[]): void {
    for (const fault of faults) {
      const elapsedMs = Number(this.clock.mono() - this.started) / 1e6
      const wait = (fault.at_ms ?? 0) - elapsedMs
      if (fault.at_ms === undefined || wait <= 0) this.execute(fault)
      else this.later(wait, () => this.execute(fault))
    }
  }

  /** Drops what has not happened yet, and ends what is going on. */
  close(): void {
    for (const cancel of this.waiting) cancel()
    this.waiting.clear()
    for (const execution of this.ongoing) this.finish(execution)
  }

  join(connection: FaultyConnection): void {
    this.connections.add(connection)
  }

  leave(connection: FaultyConnection): void {
    this.connections.delete(connection)
  }

  /** What has been carried out so far, as JSON-able objects; `until` is null while it goes on. */
  list(): unknown[] {
    return this.executions.map(described)
  }

  /** Whether connections and requests to an exchange are refused now. */
  refusing(exchange: string): boolean {
    const active = this.active(exchange, 'refuse')
    if (active) active.touched++
    return active !== undefined
  }

  rejects(exchange: string, channel: Channel, symbol: string): boolean {
    const active = this.active(exchange, 'reject', (fault) => matches(fault, channel, symbol))
    if (active) active.touched++
    return active !== undefined
  }

  /** The rows of a page of the past as a fault wants them. */
  page<T>(exchange: string, rows: readonly T[]): readonly T[] {
    const active = this.active(exchange, 'pages')
    if (!active || rows.length < 2) return rows
    active.touched++
    return mannered(rows, active.fault)
  }

  /** Whether the list of instruments is to leave this one out. */
  delisted(exchange: string, symbol: string): boolean {
    return this.active(exchange, 'delist', (fault) => fault.symbol === symbol) !== undefined
  }

  /** The answer that a fault wants for an HTTP request. */
  httpStatus(
    exchange: string,
    path: string,
  ): { readonly status: number; readonly retryAfterS: number | undefined } | undefined {
    const active = this.active(exchange, 'status', (fault) => path.startsWith(fault.path ?? ''))
    if (active?.fault.status === undefined) return undefined
    active.touched++
    return { status: active.fault.status, retryAfterS: active.fault.retry_after_s }
  }

  /** How a file of an archive is to be damaged, if it is. */
  dump(exchange: string, path: string): DumpDamage | undefined {
    const active = this.active(exchange, 'archives', (fault) => path.startsWith(fault.path ?? ''))
    if (active) active.touched++
    return active?.fault.damage
  }

  /** How late frames of an exchange come now. */
  delayMs(connection: FaultyConnection): number {
    const active = this.active(connection.exchange, 'delay')
    if (!active) return 0
    active.touched++
    if (!active.connections.includes(connection.number)) active.connections.push(connection.number)
    return active.fault.by_ms ?? 0
  }

  /** What is to be done to this frame, if anything. Counts it. */
  frameFault(
    connection: FaultyConnection,
    label: FrameLabel | undefined,
  ): { name: FrameFaultName; fault: Fault } | undefined {
    const { channel, symbol } = label ?? {}
    if (channel === undefined || symbol === undefined) return undefined
    for (const execution of this.ongoing) {
      const { fault } = execution
      if (!isFrameFault(fault.fault)) continue
      if (!concerns(fault, connection.exchange) || !matches(fault, channel, symbol)) continue
      if (fault.fault === 'checksum' && !label?.spoiled) continue
      execution.touched++
      if (!execution.connections.includes(connection.number)) execution.connections.push(connection.number)
      if (execution.frames.length < KEPT_FRAMES)
        execution.frames.push({ connection: connection.number, channel, symbol, time: this.clock.wall() })
      if (execution.touched >= (fault.count ?? 1)) this.finish(execution)
      return { name: fault.fault, fault }
    }
    return undefined
  }

  private execute(fault: Fault): void {
    const execution: Execution = {
      id: this.nextId++,
      fault,
      from: this.clock.wall(),
      until: undefined,
      connections: [],
      frames: [],
      touched: 0,
    }
    this.executions.push(execution)
    this.ongoing.add(execution)
    if (this.executions.length > KEPT_EXECUTIONS) this.executions.shift()
    if (fault.fault === 'maintenance') this.maintain(execution)
    if (fault.fault === 'burst') this.burst(fault)
    if (fault.fault === 'cut' || fault.fault === 'close' || fault.fault === 'hang')
      for (const connection of this.chosen(fault)) {
        execution.connections.push(connection.number)
        if (fault.fault === 'cut') connection.cut()
        else if (fault.fault === 'hang') connection.hang(fault.ms ?? 0)
        else {
          const close = () => connection.close(fault.code ?? 1001, fault.reason ?? '')
          if (fault.notice) connection.warn()
          if (fault.ms === undefined) close()
          else this.later(fault.ms, close)
        }
      }
    if (fault.ms !== undefined) this.later(fault.ms, () => this.finish(execution))
    else if (!isFrameFault(fault.fault)) this.finish(execution)
  }

  private maintain(execution: Execution): void {
    const concerned = this.chosen(execution.fault)
    for (const connection of concerned) {
      execution.connections.push(connection.number)
      connection.maintenance(true)
    }
    this.later(execution.fault.ms ?? 0, () => {
      for (const connection of concerned) connection.maintenance(false)
    })
  }

  private chosen(fault: Fault): FaultyConnection[] {
    const { symbol } = fault
    const found = [...this.connections].filter(
      (connection) => concerns(fault, connection.exchange) && (symbol === undefined || connection.carries(symbol)),
    )
    return fault.connections === 'one' ? found.slice(0, 1) : found
  }

  /** The one that was asked for last. */
  private active(
    exchange: string,
    name: Fault['fault'],
    also: (fault: Fault) => boolean = () => true,
  ): Execution | undefined {
    return [...this.ongoing].findLast(({ fault }) => fault.fault === name && concerns(fault, exchange) && also(fault))
  }

  private finish(execution: Execution): void {
    if (execution.until !== undefined) return
    execution.until = this.clock.wall()
    this.ongoing.delete(execution)
    this.log?.(JSON.stringify(described(execution)))
  }

  private later(ms: number, callback: () => void): void {
    const cancel = this.clock.after(ms, () => {
      this.waiting.delete(cancel)
      callback()
    })
    this.waiting.add(cancel)
  }
}

export function concerns(fault: Fault, exchange: string): boolean {
  return fault.exchange === 'all' || fault.exchange === exchange
}

function matches(fault: Fault, channel: Channel, symbol: string): boolean {
  return (fault.channel ?? channel) === channel && (fault.symbol ?? symbol) === symbol
}

function described(execution: Execution): unknown {
  const { id, fault, from, until, connections, frames, touched } = execution
  return {
    kind: 'fault',
    id,
    ...fault,
    from: String(from),
    until: until === undefined ? null : String(until),
    connection_numbers: connections,
    touched,
    frames: frames.map((frame) => ({ ...frame, time: String(frame.time) })),
  }
}

/** Always at least one row and in the order of the venue, unless it is to be mixed up. */
function mannered<T>(rows: readonly T[], { manner, count = 100 }: Fault): readonly T[] {
  const short = rows.slice(0, Math.max(1, Math.floor(rows.length / 3)))
  const repeated = (of: readonly T[]) => [...of.slice(0, 5), ...of]
  // Halves change places, and each is turned round.
  const unsorted = (of: readonly T[]) => [...of.slice(of.length >> 1), ...of.slice(0, of.length >> 1).reverse()]
  switch (manner) {
    case 'short':
      return short
    case 'capped':
      return rows.slice(0, count)
    case 'repeated':
      return repeated(rows)
    case 'unsorted':
      return unsorted(rows)
    default:
      return unsorted(repeated(short.slice(0, count)))
  }
}
