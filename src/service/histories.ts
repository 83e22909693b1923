import type { z } from 'zod'
import { readStoredRun, withoutProcess } from '../daemon/stored-runs.js'
import { CollectorError, decodeError } from '../model/error.js'
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

/** Where each operation is answered over HTTP; a word in braces is a field of the input. */
const ROUTES: Readonly<Record<HistoryCall, { readonly method: 'GET' | 'POST'; readonly path: string }>> = {
  jobs: { method: 'GET', path: '/api/v1/jobs' },
  'jobs.run': { method: 'POST', path: '/api/v1/jobs/{job}/run' },
  'jobs.pause': { method: 'POST', path: '/api/v1/scheduler' },
  runs: { method: 'GET', path: '/api/v1/runs' },
  'runs.get': { method: 'GET', path: '/api/v1/runs/{id}' },
  'runs.start': { method: 'POST', path: '/api/v1/runs' },
  'runs.plan': { method: 'POST', path: '/api/v1/runs/plan' },
  'runs.cancel': { method: 'POST', path: '/api/v1/runs/{id}/cancel' },
}
const TIMEOUT_MS = 120_000

/** Over the API of a running daemon, with the token that it left for commands of this machine. */
export function remoteHistories(base: string, token: string | undefined): Histories {
  return {
    async call(name, input) {
      const { method, path } = ROUTES[name]
      const fields = new Map<string, unknown>(Object.entries(input))
      const place = path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
        const value = String(fields.get(field))
        fields.delete(field)
        return encodeURIComponent(value)
      })
      const url = new URL(place, base)
      const set = [...fields].filter(([, value]) => value !== undefined)
      if (method === 'GET') for (const [field, value] of set) url.searchParams.set(field, String(value))
      const answer = await fetch(url, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        },
        ...(method === 'POST' ? { body: JSON.stringify(Object.fromEntries(set)) } : {}),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((cause: unknown) => {
        throw new CollectorError('CONNECT_FAILED', `the daemon at ${base} does not answer`, {
          cause,
          remedy: 'Look at it with `dccd status`; restart it if it hangs.',
        })
      })
      const body: unknown = await answer.json()
      if (!answer.ok) throw refusal(body)
      return historyOperations[name].output.parse(body) as never // of the operation it was just checked by
    },
  }
}

function refusal(body: unknown): CollectorError {
  const of = typeof body === 'object' && body !== null ? new Map(Object.entries(body)) : new Map<string, unknown>()
  const text = (field: string) => String(of.get(field) ?? '')
  return decodeError({
    code: text('code'),
    message: text('message') || 'the daemon refused',
    remedy: text('remedy') || undefined,
  })
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
