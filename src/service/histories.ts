import type { z } from 'zod'
import { readStoredRun, withoutProcess } from '../daemon/stored-runs.js'
import { CollectorError } from '../model/error.js'
import type { RunQuery, StoredRun } from '../store/catalog.js'
import type { Jobs, RunDetail } from './jobs.js'
import { historyOperations } from './operations/history.js'

type Operations = typeof historyOperations
export type HistoryCall = keyof Operations
export type HistoryInput<K extends HistoryCall> = z.input<Operations[K]['input']>
export type HistoryOutput<K extends HistoryCall> = z.output<Operations[K]['output']>

/** Histories as a command asks for them, whoever answers: the same operations and the same JSON as over HTTP. */
export interface Histories {
  call<K extends HistoryCall>(name: K, input: HistoryInput<K>): Promise<HistoryOutput<K>>
}

/** Over the jobs of this process. */
export function localHistories(jobs: Jobs): Histories {
  return {
    async call(name, input) {
      const operation = historyOperations[name]
      const given = operation.input.parse(input) as never // of the operation it was just checked by
      const output = await operation.run({ jobs }, given, new AbortController().signal)
      return operation.output.parse(output) as never // the same
    },
  }
}

/** Over what a data folder keeps, while nothing runs: lists alone. What it calls running is nobody's any more. */
export function keptHistories(runs: (query: RunQuery) => readonly StoredRun[]): Histories {
  const readable = (query: RunQuery): RunDetail[] =>
    runs(query).flatMap(({ body }) => {
      const run = readStoredRun(body)
      return run ? [withoutProcess(run)] : []
    })
  const none = (): never => {
    throw new CollectorError('UNSUPPORTED', 'nothing runs on this data folder')
  }
  return localHistories({
    plan: none,
    start: none,
    cancel: none,
    jobs: async () => [],
    runNow: none,
    paused: async () => true,
    pause: none,
    runs: async ({ limit = 50, job, before, state } = {}) =>
      readable({
        limit: state ? 10_000 : limit,
        ...(job === undefined ? {} : { job }),
        ...(before === undefined ? {} : { before }),
      })
        .filter((run) => state === undefined || run.state === state)
        .slice(0, limit),
    run: async (id) => readable({ before: id + 1, limit: 1 }).find((run) => run.id === id),
  })
}
