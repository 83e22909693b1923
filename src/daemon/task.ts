import type { TaskReport, TaskSpec } from '../model/task.js'

export type { TaskReport, TaskSpec, TaskState } from '../model/task.js'

/** Runs tasks: the pool of capture workers, or a double in tests of the manager. */
export interface TaskRunner {
  /** Starts a task and returns at once. Never throws: failures come as reports. */
  start(spec: TaskSpec): void
  /** Asks a task to end: unsubscribe, flush, forget. Resolves when all it received is durable and it writes nothing more. */
  stop(key: string, instance: number): Promise<void>
  /** Everything is about to stop: tasks stopped from now on are still wanted, so what is missed until the next start is a loss. */
  ending?(): void
  /** Registers the receiver of reports; the returned function removes it. */
  onReport(listener: (report: TaskReport) => void): () => void
  /** Commits everything received so far. */
  flush(): Promise<void>
}
