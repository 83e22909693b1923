import { channelText } from '../config/channel.js'
import type { TaskPlan } from '../config/tasks.js'
import { CollectorError } from '../model/error.js'
import { samePlan } from './task-set.js'

/** What a change of config means for the desired set, by key; `unchanged` are the other wanted tasks. */
export interface Change {
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  readonly restarted: readonly string[]
  readonly unchanged: readonly string[]
  readonly edits: readonly Edit[]
}

interface Edit {
  readonly key: string
  readonly old: TaskPlan | undefined
  readonly plan: TaskPlan | undefined
}

/** What shall run: the config's tasks, less those stopped by hand, plus those started by hand. */
export class DesiredSet {
  readonly #plans = new Map<string, TaskPlan>()

  get(key: string): TaskPlan | undefined {
    return this.#plans.get(key)
  }

  keys(): string[] {
    return [...this.#plans.keys()]
  }

  plans(): TaskPlan[] {
    return [...this.#plans.values()]
  }

  /** Adds or replaces plans; throws CONFIG_INVALID and changes nothing where two tasks would record the same channel. */
  want(plans: readonly TaskPlan[]): void {
    const next = new Map(this.#plans)
    for (const plan of plans) next.set(plan.key, plan)
    refuseOverlap(next.values())
    for (const plan of plans) this.#plans.set(plan.key, plan)
  }

  drop(key: string): void {
    this.#plans.delete(key)
  }

  clear(): void {
    this.#plans.clear()
  }

  /**
   * Follows a config from one form to another: new entries are wanted, removed ones not, edited ones with their new options. Entries that
   * were not edited stay as they are, also where they were stopped or started otherwise by hand. Throws and changes nothing as `want` does.
   */
  change(from: ReadonlyMap<string, TaskPlan>, to: ReadonlyMap<string, TaskPlan>): Change {
    const started: string[] = []
    const stopped: string[] = []
    const restarted: string[] = []
    const unchanged: string[] = []
    const edits: Edit[] = []
    for (const key of new Set([...this.#plans.keys(), ...to.keys()])) {
      const before = from.get(key)
      const plan = to.get(key)
      const old = this.#plans.get(key)
      const edited = plan && !(before && samePlan(before, plan))
      if (before && !plan && old) {
        stopped.push(key)
        edits.push({ key, old, plan: undefined })
      } else if (edited && !before && !old) {
        started.push(key)
        edits.push({ key, old, plan })
      } else if (edited && old && !samePlan(old, plan)) {
        restarted.push(key)
        edits.push({ key, old, plan })
      } else if (old) unchanged.push(key)
    }
    const next = new Map(this.#plans)
    for (const { key, plan } of edits) put(next, key, plan)
    refuseOverlap(next.values())
    for (const { key, plan } of edits) put(this.#plans, key, plan)
    return { started, stopped, restarted, unchanged, edits }
  }

  /** Takes a change back, except where somebody has changed the task since. */
  undo({ edits }: Change): void {
    for (const { key, old, plan } of edits) if (this.#plans.get(key) === plan) put(this.#plans, key, old)
  }
}

function put(plans: Map<string, TaskPlan>, key: string, plan: TaskPlan | undefined): void {
  if (plan) plans.set(key, plan)
  else plans.delete(key)
}

/** Throws CONFIG_INVALID where two tasks would write one dataset. */
export function refuseOverlap(plans: Iterable<TaskPlan>): void {
  const owners = new Map<string, TaskPlan>()
  for (const plan of plans)
    for (const channel of plan.channels) {
      const name = channelText(channel)
      const feed = JSON.stringify([plan.exchange, plan.pair, name])
      const other = owners.get(feed)
      if (other && other.key !== plan.key) {
        const message = `${plan.key} and ${other.key} would both record ${name} of ${plan.pair} on ${plan.exchange}`
        throw new CollectorError('CONFIG_INVALID', message, { scope: 'stream', remedy: 'Stop or remove one of them.' })
      }
      owners.set(feed, plan)
    }
}
