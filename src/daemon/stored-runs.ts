import { z } from 'zod'
import { CHANNELS, isInterval } from '../model/dataset.js'
import { ERRORS, type ErrorCode } from '../model/error.js'
import type { Run, RunDetail } from './jobs.js'

const count = z.number().nonnegative()
const error = z
  .object({
    code: z.string().transform((code): ErrorCode => (Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'INTERNAL')),
    message: z.string(),
    remedy: z.string(),
  })
  .nullable()
const stretch = { from: z.string(), until: z.string() }

/** A run as the catalog keeps it: checked, because a catalog outlives a program. */
const storedRun: z.ZodType<RunDetail> = z.object({
  id: count,
  job: z.string().nullable(),
  kind: z.enum(['backfill', 'repair']),
  request: z.object({
    kind: z.enum(['backfill', 'repair']),
    exchange: z.string().exactOptional(),
    pairs: z.array(z.string()).exactOptional(),
    channels: z.array(z.enum(CHANNELS)).exactOptional(),
    interval: z.string().refine(isInterval).exactOptional(),
    start: z.string().exactOptional(),
    until: z.string().exactOptional(),
    parallel: count.exactOptional(),
    first: z.enum(['oldest', 'newest']).exactOptional(),
    archives: z.enum(['auto', 'never', 'only']).exactOptional(),
    retryLost: z.boolean().exactOptional(),
    refetch: z.boolean().exactOptional(),
  }),
  trigger: z.enum(['manual', 'schedule', 'gap']),
  state: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'stale']),
  created: z.string(),
  started: z.string().nullable(),
  ended: z.string().nullable(),
  rows: count,
  requests: count,
  bytes: count,
  rate: count,
  progress: count,
  etaSeconds: count.nullable(),
  error,
  parts: z.array(
    z.object({
      dataset: z.string(),
      ...stretch,
      wantedSeconds: count,
      doneSeconds: count,
      rows: count,
      requests: count,
      bytes: count,
      lost: z.array(z.object({ ...stretch, reason: z.string() })),
      error,
    }),
  ),
  log: z.array(z.string()),
})

/** A run that the catalog kept; `undefined` when another version wrote it in another form. */
export function readStoredRun(body: string): RunDetail | undefined {
  const read = storedRun.safeParse(JSON.parse(body))
  return read.success ? read.data : undefined
}

/** Whether a run that was kept like this is still somebody's: a process that is gone runs nothing. */
export function withoutProcess<T extends Run>(run: T): T {
  return run.state === 'running' || run.state === 'queued' ? { ...run, state: 'stale', etaSeconds: null, rate: 0 } : run
}
