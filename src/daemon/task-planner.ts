import { olderStreams } from '../config/older-streams.js'
import type { CollectorConfig, StreamJob } from '../config/schema.js'
import { isPattern, isRule, type Listed, selectPairs } from '../config/selection.js'
import { type JobOptions, type TaskPlan, taskOf, tasksOf } from '../config/tasks.js'
import { type CatalogEntry, validateAgainst } from '../config/validate-against.js'
import { CollectorError } from '../model/error.js'
import { refuseOverlap } from './desired-set.js'
import { samePlan } from './task-set.js'

/** Turns configs and single orders into tasks, by what the exchanges offer. */
export class TaskPlanner {
  readonly #catalog: readonly CatalogEntry[]
  readonly #listed: (exchange: string) => Listed | undefined
  /** What each rule selected last, by the rule as text: it decides who stays where ranks change places. */
  readonly #selected = new Map<string, ReadonlySet<string>>()

  /** `listed`: what an exchange lists, as far as it is known; rules of a config select from it. */
  constructor(catalog: readonly CatalogEntry[], listed: (exchange: string) => Listed | undefined = () => undefined) {
    this.#catalog = catalog
    this.#listed = listed
  }

  /** The tasks of a config by key, as far as they can be told; for showing. */
  list(config: CollectorConfig): ReadonlyMap<string, TaskPlan> {
    return this.#tasks(this.#expanded(config))
  }

  #tasks(config: Pick<CollectorConfig, 'stream_jobs' | 'jobs'>): ReadonlyMap<string, TaskPlan> {
    const plans = tasksOf(config, (exchange) => this.#taskPer(exchange))
    return new Map(plans.map((plan) => [plan.key, plan]))
  }

  /** Rules replaced by the pairs that they select now. A channel of a pair that another entry names is that entry's. */
  #expanded(config: CollectorConfig): CollectorConfig {
    if (!config.stream_jobs.some(isRule)) return config
    const claimed = new Set<string>()
    const names = ({ exchange, channels }: StreamJob, pair: string) =>
      channels.map((channel) => `${exchange} ${pair} ${channel}`)
    const claim = (job: StreamJob, pairs: readonly string[]) => {
      for (const pair of pairs) for (const name of names(job, pair)) claimed.add(name)
    }
    for (const job of config.stream_jobs)
      if (job.top === undefined)
        claim(
          job,
          job.pairs.filter((pair) => !isPattern(pair)),
        )
    const stream_jobs = config.stream_jobs.map((job) => {
      if (!isRule(job)) return job
      const named = job.top === undefined ? job.pairs.filter((pair) => !isPattern(pair)) : []
      const found = this.#select(job).filter((pair) => !names(job, pair).some((name) => claimed.has(name)))
      claim(job, found)
      return { ...job, pairs: [...new Set([...named, ...found])] }
    })
    return { ...config, stream_jobs }
  }

  #select(job: StreamJob): string[] {
    const rule = JSON.stringify([job.exchange, job.pairs, job.kind, job.exclude, job.top])
    const pairs = selectPairs(job, this.#listed(job.exchange), this.#selected.get(rule))
    this.#selected.set(rule, new Set(pairs))
    return pairs
  }

  /** The tasks of a config by key, to be run. Throws CONFIG_INVALID for what no exchange offers, and for channels recorded twice. */
  plan(config: CollectorConfig): ReadonlyMap<string, TaskPlan> {
    validateAgainst({ config }, this.#catalog)
    const plans = new Map<string, TaskPlan>()
    const older = olderStreams(config).map(({ job }) => job)
    for (const job of [...this.#expanded(config).stream_jobs, ...older])
      for (const [key, plan] of this.#tasks({ stream_jobs: [job], jobs: [] })) {
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
    validateAgainst({ config: { ...config, stream_jobs: [entry], jobs: [] } }, this.#catalog)
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
