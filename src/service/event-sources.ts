import type { Clock } from '../lib/clock.js'
import type { EventHub } from './event-hub.js'
import { runOf } from './operations/history.js'
import type { Ports } from './ports.js'
import { RateHistory } from './rate-history.js'
import { listStreams, type StreamJson, statusJson } from './streams.js'

const LOOK_MS = 1000

/** Fields that change all the time and are sent as `rates`. */
type Steady = Omit<StreamJson, 'last_frame' | 'last_event' | 'rate' | 'lag_ms' | 'lag_p99_ms' | 'rows'>

function steady({ last_frame, last_event, rate, lag_ms, lag_p99_ms, rows, ...rest }: StreamJson): Steady {
  return rest
}

function moment({ key, rate, lag_ms, lag_p99_ms, rows, last_frame, last_event }: StreamJson) {
  return { key, rate, lag_ms, lag_p99_ms, rows, last_frame, last_event }
}

/**
 * Looks once a second at what changed and tells the hub: streams and new gaps of theirs, rates, runs of histories, copies; passes on what is logged. What
 * nobody listens to is looked at less closely. Returns the function that ends it.
 */
export function watchForEvents(
  hub: EventHub,
  ports: Pick<Ports, 'streams' | 'jobs' | 'sync' | 'logs'>,
  clock: Clock,
): () => void {
  let known = new Map<string, { readonly text: string; readonly gaps: number | undefined }>()
  let runs = new Map<number, string>()
  let syncing = ports.sync.running
  let looking = false
  const history = new RateHistory()
  hub.greet('rates', () =>
    listStreams(ports.streams).flatMap((row) =>
      row.state === 'draining' ? [] : [{ ...moment(row), trend: history.of(row.key) }],
    ),
  )

  const lookAtStreams = () => {
    const status = ports.streams.status().filter(({ state }) => state !== 'draining')
    const rows = status.map(statusJson)
    const counted = new Map(status.map(({ key, gaps }) => [key, gaps]))
    const now = new Map(rows.map((row) => [row.key, { text: JSON.stringify(steady(row)), gaps: counted.get(row.key) }]))
    const changed = rows.filter(({ key }) => known.get(key)?.text !== now.get(key)?.text)
    const removed = [...known.keys()].filter((key) => !now.has(key))
    for (const row of changed) {
      const before = known.get(row.key)?.gaps
      if (before !== undefined && row.gaps > before)
        hub.publish('gap', {
          key: row.key,
          exchange: row.exchange,
          pair: row.pair,
          new: row.gaps - before,
          gaps: row.gaps,
          error: row.error,
        })
    }
    if (changed.length + removed.length > 0) hub.publish('status', { partial: true, streams: changed, removed })
    known = now
    history.note(rows)
    if (hub.wanted('rates'))
      hub.publish(
        'rates',
        rows.flatMap((row) => (row.running ? [moment(row)] : [])),
      )
  }

  const lookAtRuns = async () => {
    if (!ports.jobs) return
    const under = [...(await ports.jobs.runs({ state: 'running' })), ...(await ports.jobs.runs({ state: 'queued' }))]
    const now = new Map<number, string>()
    for (const run of under) now.set(run.id, JSON.stringify(runOf(run)))
    for (const id of runs.keys()) {
      const ended = now.has(id) ? undefined : await ports.jobs.run(id)
      if (ended) hub.publish('progress', runOf(ended))
    }
    for (const run of under) if (runs.get(run.id) !== now.get(run.id)) hub.publish('progress', runOf(run))
    runs = now
  }

  const lookAtSync = async () => {
    if (ports.sync.running === syncing) return
    syncing = ports.sync.running
    hub.publish('sync', { running: syncing, last: (await ports.sync.last()) ?? null })
  }

  const stopFollowing = ports.logs.follow((line) => hub.publish('log', line))
  lookAtStreams()
  const stopLooking = clock.every(LOOK_MS, () => {
    lookAtStreams()
    if (looking) return
    looking = true
    void Promise.all([lookAtRuns(), lookAtSync()])
      .catch(() => {})
      .finally(() => {
        looking = false
      })
  })
  return () => {
    stopLooking()
    stopFollowing()
  }
}
