import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { INTERVALS, isInterval } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import { checked } from '../service/check-input.js'
import type { OperationInput, OperationName, OperationOutput } from '../service/operations/table.js'
import { perform } from '../service/perform.js'
import type { Ports } from '../service/ports.js'
import { apiError, errorBody, statusOf } from './error-body.js'
import { goneSignal } from './operation-routes.js'

const streamBody = z.object({
  exchange: z.string().max(40).toLowerCase(),
  pair: z.string().max(60),
  channels: z.array(z.string().max(20)).min(1).max(40),
})
const histoBody = z.object({
  exchange: z.string().max(40).toLowerCase(),
  pair: z.string().max(60),
  span: z.int().min(60).max(31_536_000),
  format: z.string().max(10).default('parquet'),
})
const backfillBody = z.object({
  exchange: z.string().max(40).toLowerCase().nullish(),
  pairs: z.array(z.string().max(60)).max(1000).nullish(),
  start: z.string().max(40).nullish(),
  parallel: z.int().min(1).max(32).nullish(),
})
const configBody = z.record(z.string().max(100), z.unknown())
const tailQuery = z.object({ tail: z.coerce.number().int().min(1).max(10_000).default(200) })

/** States of a run as version 2.4 named them. */
const RUN_STATES: Readonly<Record<string, string>> = {
  queued: 'running',
  running: 'running',
  succeeded: 'done',
  failed: 'error',
  cancelled: 'cancelled',
  stale: 'error',
}

/**
 * The paths of dccd 2.4's API, answered from the same operations as `/api/v1`, so that scripts of that time go on. Fields that it had are there;
 * refusals are ours, with `detail` besides, where it had the message.
 */
export function addCompatRoutes(root: FastifyInstance, ports: Ports): void {
  void root.register(async (app) => {
    app.setErrorHandler((cause: unknown, _request, reply) => {
      const error = apiError(cause)
      void reply.code(statusOf(error)).send({ ...errorBody(error), detail: error.message })
    })
    addStreams(app, ports)
    addConfig(app, ports)
    addHistory(app, ports)
    addRest(app, ports)
  })
}

const CONTROL = { config: { role: 'control' } } as const

async function call<N extends OperationName>(
  ports: Ports,
  name: N,
  input: OperationInput<N>,
  reply?: FastifyReply,
): Promise<OperationOutput<N>> {
  return await perform(ports, name, input, reply ? goneSignal(reply) : new AbortController().signal)
}

function addStreams(app: FastifyInstance, ports: Ports): void {
  app.get('/api/streams', () => call(ports, 'streams.list', {}))
  app.post('/api/streams/start', CONTROL, async (request, reply) => {
    const { exchange, pair, channels } = checked(streamBody, request.body)
    const configured = ports.config().stream_jobs.find((job) => job.exchange === exchange && job.pairs.includes(pair))
    if (!configured)
      throw new CollectorError('NOT_FOUND', `the config has no stream of ${exchange} ${pair}`, {
        remedy: 'Add it to stream_jobs.',
      })
    const { key } = await call(ports, 'streams.start', { exchange, pair, channels, time_step: configured.time_step })
    return reply.code(202).send({ status: 'started', key })
  })
  app.post('/api/streams/stop', CONTROL, async (request) => {
    const { exchange, pair, channels } = checked(streamBody, request.body)
    const wanted = new Set(channels)
    const row = (await call(ports, 'streams.list', {})).find(
      (each) =>
        each.exchange === exchange &&
        each.pair === pair &&
        each.channels.length === wanted.size &&
        each.channels.every((channel) => wanted.has(channel)),
    )
    if (!row) return { status: 'not_running', key: [exchange, pair.replaceAll('/', '_'), ...channels].join('_') }
    return { status: ports.streams.stopOne(row.key) ? 'stopping' : 'not_running', key: row.key }
  })
}

function addConfig(app: FastifyInstance, ports: Ports): void {
  const changesOf = (body: unknown) =>
    Object.entries(checked(configBody, body)).map(([key, value]) => ({ path: [key], value }))
  app.get('/api/config', async () => (await call(ports, 'config.get', {})).config)
  app.post('/api/config/validate', async (request) => {
    const changes = changesOf(request.body)
    const { valid, problems } = await call(ports, 'config.validate', { changes })
    return { valid, error: valid ? null : problems.map(({ message }) => message).join('\n') }
  })
  app.put('/api/config', CONTROL, async (request) => {
    const { etag } = await call(ports, 'config.get', {})
    await call(ports, 'config.patch', { changes: changesOf(request.body), etag })
    return (await call(ports, 'config.get', {})).config
  })
  app.get('/api/jobs', () => {
    const { histo_jobs, stream_jobs } = ports.config()
    return { histo_jobs, stream_jobs }
  })
  app.post('/api/jobs/histo', CONTROL, async (request, reply) => {
    const { exchange, pair, span, format } = checked(histoBody, request.body)
    const { etag } = await call(ports, 'config.get', {})
    const at = ports.config().histo_jobs.length
    const job = { exchange, pairs: [pair], span, format }
    const change = at === 0 ? { path: ['histo_jobs'], value: [job] } : { path: ['histo_jobs', at], value: job }
    await call(ports, 'config.patch', { changes: [change], etag })
    return reply.code(201).send({ exchange, pair, span, format })
  })
  app.delete('/api/jobs/histo/:exchange/:slug/:span', CONTROL, async (request) => {
    const { exchange, slug, span } = request.params as Record<string, string> // made by fastify from the path
    const { etag } = await call(ports, 'config.get', {})
    const jobs = ports.config().histo_jobs
    const index = jobs.findIndex(
      (job) =>
        job.exchange === exchange && String(job.span) === span && job.pairs.some((pair) => slugOf(pair) === slug),
    )
    const job = jobs[index]
    if (!job)
      throw new CollectorError('NOT_FOUND', 'the config has no such job', { remedy: '`GET /api/jobs` lists them.' })
    const left = job.pairs.filter((pair) => slugOf(pair) !== slug)
    const change = left.length ? { path: ['histo_jobs', index, 'pairs'], value: left } : { path: ['histo_jobs', index] }
    await call(ports, 'config.patch', { changes: [change], etag })
    return { status: 'removed' }
  })
}

function slugOf(pair: string): string {
  return pair.replaceAll('/', '-')
}

function addHistory(app: FastifyInstance, ports: Ports): void {
  const record = (run: OperationOutput<'runs.get'>) => ({
    id: String(run.id),
    exchange: run.request.exchange,
    pairs: run.request.pairs,
    start: run.request.start,
    status: RUN_STATES[run.state] ?? run.state,
    progress: Object.fromEntries(
      run.parts.map((part) => [
        part.dataset.split(' ')[2] ?? part.dataset,
        { done: part.done_s, total: part.wanted_s },
      ]),
    ),
    log: run.log.slice(-100),
    started_at: run.started ?? run.created,
    error: run.error?.message ?? null,
  })
  const idOf = (request: FastifyRequest) => Number((request.params as Record<string, string>).id) // a field of the path
  app.post('/api/backfill', CONTROL, async (request, reply) => {
    const { exchange, pairs, start, parallel } = checked(backfillBody, request.body ?? {})
    const asked = {
      ...(exchange && { exchange }),
      ...(pairs && { pairs }),
      ...(start && { start }),
      ...(parallel && { parallel }),
    }
    const { id } = await call(ports, 'runs.start', asked)
    return reply.code(202).send({ id: String(id) })
  })
  app.get('/api/backfill', async () =>
    (await call(ports, 'runs', { limit: 50 })).map((run) => record({ ...run, log: [] })),
  )
  app.get('/api/backfill/:id', async (request) => record(await call(ports, 'runs.get', { id: idOf(request) })))
  app.delete('/api/backfill/:id', CONTROL, async (request) => ({
    status: (await call(ports, 'runs.cancel', { id: idOf(request) })).cancelled ? 'cancelling' : 'not_running',
  }))
  app.post('/api/collect', CONTROL, async (_request, reply) => {
    const { jobs } = await call(ports, 'jobs', {})
    for (const { id } of jobs) await call(ports, 'jobs.run', { job: id })
    return reply.code(202).send({ status: 'started' })
  })
  const scheduler = async () => {
    const { paused, jobs } = await call(ports, 'jobs', {})
    return { running: !paused, jobs: jobs.map(({ id, next }) => ({ id, name: id, next_run: next })) }
  }
  app.get('/api/scheduler', scheduler)
  for (const [word, paused] of [
    ['start', false],
    ['stop', true],
  ] as const)
    app.post(`/api/scheduler/${word}`, CONTROL, async () => {
      await call(ports, 'jobs.pause', { paused })
      return await scheduler()
    })
}

function addRest(app: FastifyInstance, ports: Ports): void {
  app.get('/api/inventory', async (_request, reply) =>
    (await call(ports, 'inventory', {}, reply)).map(({ exchange, pair, kind, interval, first, last, rows, gaps }) => ({
      exchange,
      pair,
      type: kind === 'book_snapshots' || kind === 'book_deltas' ? 'orderbook' : kind,
      span: interval !== null && isInterval(interval) ? INTERVALS[interval] : null,
      first,
      last,
      rows,
      gaps,
    })),
  )
  app.get('/api/metrics', async () => {
    const entries = (await call(ports, 'streams.list', {})).map((row) => [
      `${row.exchange}/${row.pair}`,
      {
        last_run_at: row.last_frame,
        last_success_at: row.last_event,
        rows_collected: row.rows,
        errors_count: row.reconnects + row.gaps,
      },
    ])
    return Object.fromEntries(entries)
  })
  app.get('/api/logs', async (request) => {
    const lines = await call(ports, 'logs', { tail: checked(tailQuery, request.query).tail })
    return { lines: lines.map(({ time, level, message }) => `${time} ${level.toUpperCase()} ${message}`) }
  })
  app.get('/api/storage', async () => {
    const { remotes, sync_interval, last_sync_at } = await call(ports, 'sync', {})
    return { remotes, sync_interval, rclone_available: onPath('rclone'), last_sync: last_sync_at }
  })
  app.post('/api/storage/sync', CONTROL, async (_request, reply: FastifyReply) => {
    if (ports.config().storage.remotes.length === 0)
      throw new CollectorError('USAGE', 'no remote is configured', { remedy: 'Name one under storage.remotes.' })
    await call(ports, 'sync.run', {})
    return reply.code(202).send({ status: 'started' })
  })
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)))
}
