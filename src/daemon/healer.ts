import type { Target } from '../history/target.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, type CollectorError } from '../model/error.js'
import type { Gap } from '../model/gaps.js'
import { DAY, type Nanos } from '../model/time.js'

export interface HealerPorts {
  readonly clock: Clock
  /** Datasets that have a past, by their key. */
  targets(): ReadonlyMap<string, Target>
  /** Everything received so far is in the store, and the ledger knows of it. */
  commit(): Promise<void>
  gaps(): Promise<readonly Gap[]>
  /** Repairs these datasets of one exchange; resolves with whether it went well. */
  repair(targets: readonly Target[]): Promise<boolean>
  /** How long after a day is over a file has it, of what requests reach back for a while only; `undefined`: there is no such file, or none is wanted. */
  filedAfterMs(target: Target): number | undefined
  /** Fills gaps that are lost to requests from files, none that began before `since`. */
  repairFromFiles(targets: readonly Target[], since: Nanos): Promise<boolean>
  onError(error: CollectorError): void
}

/** What is repaired now. */
interface Due {
  readonly dataset: string
  readonly target: Target
}

/** A gap that just ended may not be served yet. */
const SETTLED: Nanos = 6_000_000_000n
/** How soon after a stream said that it lost something the ledger is looked at, and how often anyway. */
const SOON_MS = 7000
const LOOK_MS = 60_000
const RETRY_FIRST_MS = 30_000
const RETRY_MOST_MS = 3_600_000

/** What requests could not give may stand in a file. Looked for again each day, for a week. */
const FILED: ReadonlySet<string> = new Set(['HISTORY_OUT_OF_REACH', 'HISTORY_INCOMPLETE'])
const AGAIN: Nanos = DAY
const FOR: Nanos = 7n * DAY

/**
 * Fills gaps of live streams from the past, as soon as the exchange can answer: looks at the ledger shortly after a stream lost something, and each
 * minute. Exchanges do not wait for one another, and of one there is one repair at a time: two would ask for the same twice. A dataset whose
 * repair failed waits longer each time. Gaps that requests do not reach any more are filled from the file of their day, once there is one.
 */
export class Healer {
  private readonly ports: HealerPorts
  private readonly waits = new Map<string, { failures: number; until: bigint }>()
  /** When a lost gap is looked for in files again, by dataset and beginning. */
  private readonly filed = new Map<string, bigint>()
  private filling: Promise<void> | undefined
  /** Repairs under way, by exchange. */
  private readonly repairs = new Map<string, Promise<void>>()
  private cancel: () => void = () => {}
  private dueAt: bigint | undefined
  private started = false
  private looking: Promise<void> | undefined

  constructor(ports: HealerPorts) {
    this.ports = ports
  }

  start(): void {
    this.started = true
    this.lookIn(SOON_MS)
  }

  async stop(): Promise<void> {
    this.started = false
    this.cancel()
    await this.looking
    await this.filling
    await Promise.all(this.repairs.values())
  }

  /** A stream lost something, or came back. */
  disturbed(): void {
    this.lookIn(SOON_MS)
  }

  private lookIn(ms: number): void {
    if (!this.started) return
    const at = this.ports.clock.mono() + BigInt(ms) * 1_000_000n
    if (this.dueAt !== undefined && this.dueAt <= at) return
    this.cancel()
    this.dueAt = at
    this.cancel = this.ports.clock.after(ms, () => {
      this.dueAt = undefined
      this.looking = this.look()
        .catch((error: unknown) => this.ports.onError(asCollectorError(error, 'INTERNAL')))
        .then(() => {
          this.looking = undefined
          this.lookIn(LOOK_MS)
        })
    })
  }

  private async look(): Promise<void> {
    const { clock, ports } = { clock: this.ports.clock, ports: this.ports }
    await ports.commit()
    const now = clock.wall()
    const known = ports.targets()
    const gaps = (await ports.gaps()).filter(({ dataset }) => known.has(dataset))
    this.lookInFiles(gaps, known, now)
    const open = gaps.filter((gap) => !gap.lost)
    const settled = open.filter((gap) => gap.until <= now - SETTLED)
    if (settled.length < open.length) this.lookIn(SOON_MS)
    const mono = clock.mono()
    const due = new Set(settled.map(({ dataset }) => dataset))
    for (const dataset of this.waits.keys())
      if (!open.some((gap) => gap.dataset === dataset)) this.waits.delete(dataset)
    const byExchange = new Map<string, Due[]>()
    for (const dataset of due) {
      const target = known.get(dataset)
      if (!target || (this.waits.get(dataset)?.until ?? 0n) > mono) continue
      const { exchange } = target
      byExchange.set(exchange, [...(byExchange.get(exchange) ?? []), { dataset, target }])
    }
    if (!this.started) return
    for (const [exchange, targets] of byExchange) {
      const under = this.repairs.get(exchange)
      if (under) void under.then(() => this.lookIn(SOON_MS))
      else
        this.repairs.set(
          exchange,
          this.repair(targets).finally(() => this.repairs.delete(exchange)),
        )
    }
  }

  private async repair(due: readonly Due[]): Promise<void> {
    const { clock, repair, onError } = this.ports
    const fine = await repair(due.map(({ target }) => target)).catch((error: unknown) => {
      onError(asCollectorError(error, 'INTERNAL'))
      return false
    })
    // What is still open after a repair that went well was not served yet, or lies after its end.
    for (const { dataset } of due) {
      const failures = (this.waits.get(dataset)?.failures ?? 0) + 1
      const wait = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 10))
      this.waits.set(dataset, {
        failures: fine ? 0 : failures,
        until: clock.mono() + BigInt(fine ? SOON_MS : wait) * 1_000_000n,
      })
    }
  }

  /** A file takes its time: what is healed by requests does not wait for it. */
  private lookInFiles(gaps: readonly Gap[], known: ReadonlyMap<string, Target>, now: Nanos): void {
    if (this.filling || !this.started) return
    const mono = this.ports.clock.mono()
    const due = new Map<string, Target>()
    const lost = new Set<string>()
    for (const gap of gaps) {
      const target = known.get(gap.dataset)
      const afterMs = target && gap.lost && FILED.has(gap.lost.code) ? this.ports.filedAfterMs(target) : undefined
      if (!target || afterMs === undefined || gap.from < now - FOR) continue
      const key = `${gap.dataset} ${gap.from}`
      lost.add(key)
      const dayOver = (gap.until / DAY + 1n) * DAY
      if (dayOver + BigInt(afterMs) * 1_000_000n > now || (this.filed.get(key) ?? 0n) > mono) continue
      this.filed.set(key, mono + AGAIN)
      due.set(gap.dataset, target)
    }
    for (const key of this.filed.keys()) if (!lost.has(key)) this.filed.delete(key)
    if (due.size === 0) return
    this.filling = this.ports
      .repairFromFiles([...due.values()], now - FOR)
      .catch((error: unknown) => this.ports.onError(asCollectorError(error, 'INTERNAL')))
      .then(() => {
        this.filling = undefined
      })
  }
}
