import type { Target } from '../history/target.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, type CollectorError } from '../model/error.js'
import type { Gap } from '../model/gaps.js'
import type { Nanos } from '../model/time.js'

export interface HealerPorts {
  readonly clock: Clock
  /** Datasets that have a past, by their key. */
  targets(): ReadonlyMap<string, Target>
  /** Everything received so far is in the store, and the ledger knows of it. */
  commit(): Promise<void>
  gaps(): Promise<readonly Gap[]>
  /** Repairs these datasets; resolves with whether it went well. */
  repair(targets: readonly Target[]): Promise<boolean>
  onError(error: CollectorError): void
}

/** A gap that just ended may not be served yet. */
const SETTLED: Nanos = 6_000_000_000n
/** How soon after a stream said that it lost something the ledger is looked at, and how often anyway. */
const SOON_MS = 7000
const LOOK_MS = 60_000
const RETRY_FIRST_MS = 30_000
const RETRY_MOST_MS = 3_600_000

/**
 * Fills gaps of live streams from the past, as soon as the exchange can answer: looks at the ledger shortly after a stream lost something, and each
 * minute. A dataset whose repair failed waits longer each time.
 */
export class Healer {
  private readonly ports: HealerPorts
  private readonly waits = new Map<string, { failures: number; until: bigint }>()
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
    const open = (await ports.gaps()).filter((gap) => !gap.lost && known.has(gap.dataset))
    const settled = open.filter((gap) => gap.until <= now - SETTLED)
    if (settled.length < open.length) this.lookIn(SOON_MS)
    const mono = clock.mono()
    const due = new Set(settled.map(({ dataset }) => dataset))
    for (const dataset of this.waits.keys())
      if (!open.some((gap) => gap.dataset === dataset)) this.waits.delete(dataset)
    const targets = [...due].flatMap((dataset) => {
      const target = known.get(dataset)
      return target && (this.waits.get(dataset)?.until ?? 0n) <= mono ? [{ dataset, target }] : []
    })
    if (!targets.length || !this.started) return
    const fine = await ports.repair(targets.map(({ target }) => target))
    // What is still open after a repair that went well was not served yet, or lies after its end.
    for (const { dataset } of targets) {
      const failures = (this.waits.get(dataset)?.failures ?? 0) + 1
      const wait = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 10))
      this.waits.set(dataset, {
        failures: fine ? 0 : failures,
        until: clock.mono() + BigInt(fine ? SOON_MS : wait) * 1_000_000n,
      })
    }
  }
}
