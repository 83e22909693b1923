import type { CollectorConfig } from '../config/schema.js'
import { type JobOptions, type TaskPlan, taskOf, tasksOf } from '../config/tasks.js'
import { type CatalogEntry, validateAgainst } from '../config/validate-against.js'
import { CollectorError } from '../model/error.js'
import { refuseOverlap } from './desired-set.js'
import { samePlan } from './task-set.js'

/** Turns configs and single orders into tasks, by what the exchanges offer. */
export class TaskPlanner {
  readonly #catalog: readonly CatalogEntry[]

  constructor(catalog: readonly CatalogEntry[]) {
    this.#catalog = catalog
  }

  /** The tasks of a config by key, as far as they can be told; for showing. */
  list(config: CollectorConfig): ReadonlyMap<string, TaskPlan> {
    const plans = tasksOf(config, (exchange) => this.#taskPer(exchange))
    return new Map(plans.map((plan) => [plan.key, plan]))
  }

  /** The tasks of a config by key, to be run. Throws CONFIG_INVALID for what no exchange offers, and for channels recorded twice. */
  plan(config: CollectorConfig): ReadonlyMap<string, TaskPlan> {
    validateAgainst({ config }, this.#catalog)
    const plans = new Map<string, TaskPlan>()
    for (const job of config.stream_jobs)
      for (const [key, plan] of this.list({ ...config, stream_jobs: [job] })) {
        const twin = plans.get(key)
        if (twin && !samePlan(twin, plan))
          throw new CollectorError('CONFIG_INVALID', `two stream_jobs make the task ${key} with different options`, {
            remedy: 'Keep one of them.',
          })
        plans.set(key, plan)
      }
    refuseOverlap(plans.values())
    return plans
  }

  /** One task as `config` would have it. Throws CONFIG_INVALID or UNSUPPORTED for what cannot be. */
  planOne(config: CollectorConfig, job: JobOptions, pair: string, channels: readonly string[]): TaskPlan {
    const plan = taskOf(job, pair, channels)
    const { exchange, time_step, depth } = job
    const entry = { exchange, pairs: [pair], channels: [...channels], time_step, ...(depth !== undefined && { depth }) }
    validateAgainst({ config: { ...config, stream_jobs: [entry] } }, this.#catalog)
    if (plan.channels.length > 1 && this.#taskPer(exchange) === 'channel')
      throw new CollectorError(
        'UNSUPPORTED',
        `${exchange} has one task for each channel, and ${channels.length} were named`,
        {
          remedy: 'Start each channel by itself.',
        },
      )
    return plan
  }

  #taskPer(exchange: string): 'pair' | 'channel' {
    return this.#catalog.find(({ id }) => id === exchange)?.taskPer ?? 'pair'
  }
}
