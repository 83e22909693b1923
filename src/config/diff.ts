import { channelText } from './channel.js'
import type { TaskPlan } from './tasks.js'

/** What a change of config does to tasks, by key, each list in the order of the newer config (`stopped`: of the older). */
export interface TaskDiff {
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  /** The same key with other options. */
  readonly restarted: readonly string[]
  readonly unchanged: readonly string[]
}

export function diffTasks(before: readonly TaskPlan[], after: readonly TaskPlan[]): TaskDiff {
  const older = new Map(before.map((plan) => [plan.key, plan]))
  const newer = new Map(after.map((plan) => [plan.key, plan]))
  const kept = [...newer.values()].flatMap((plan) => {
    const old = older.get(plan.key)
    return old ? [{ key: plan.key, same: optionsText(old) === optionsText(plan) }] : []
  })
  return {
    started: [...newer.keys()].filter((key) => !older.has(key)),
    stopped: [...older.keys()].filter((key) => !newer.has(key)),
    restarted: kept.filter(({ same }) => !same).map(({ key }) => key),
    unchanged: kept.filter(({ same }) => same).map(({ key }) => key),
  }
}

function optionsText({ timeStep, channels }: TaskPlan): string {
  return JSON.stringify([timeStep, channels.map((channel) => [channelText(channel), channel.depth])])
}
