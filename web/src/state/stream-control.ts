import type { StreamRow } from '../api/contract.js'
import type { App } from './app-context.js'

export type StreamAction = 'start' | 'stop' | 'restart'

const DONE: Readonly<Record<StreamAction, string>> = { start: 'started', stop: 'stopped', restart: 'restarted' }
/** At once; a hundred streams are not a hundred requests in flight. */
const TOGETHER = 6

/** Starts, stops or restarts streams by their keys and says how it went; what was stopped can be taken back. `known`: the streams as they were. */
export async function controlStreams(
  app: App,
  action: StreamAction,
  keys: readonly string[],
  known: readonly StreamRow[] = app.streams.rows.value,
): Promise<void> {
  const waiting = [...keys]
  const done: string[] = []
  const failures: unknown[] = []
  const work = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      try {
        if (action === 'start') await app.api.post('/streams', nameOf(key, known))
        else await app.api.post(`/streams/${encodeURIComponent(key)}/${action}`)
        done.push(key)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(TOGETHER, keys.length) }, work))
  const undo = action === 'stop' ? () => void controlStreams(app, 'start', done, known) : undefined
  if (done.length > 0)
    app.toasts.done(`${done.length === 1 ? done[0] : `${done.length} streams`} ${DONE[action]}`, '', undo)
  if (failures.length > 0) app.toasts.failed(`${failures.length} could not be ${DONE[action]}`, failures[0])
  await app.streams.load()
}

/** By its key where the config has it; nobody else knows any more what another one was. */
function nameOf(key: string, known: readonly StreamRow[]) {
  const row = known.find((each) => each.key === key)
  if (!row || row.configured) return { key }
  const { exchange, pair, channels, time_step } = row
  return { exchange, pair, channels, time_step }
}

/** Takes a stream out of the config and says so; the config can be put back while nobody else changed it. */
export async function removeStream(app: App, { key, exchange, pair, channels }: StreamRow): Promise<void> {
  const putBack = async (etag: string) => {
    try {
      const now = await app.api.get<{ readonly etag: string }>('/config')
      if (now.etag !== etag) return app.toasts.refused('The config was changed since', 'Add the stream anew.')
      await app.api.post('/config/undo')
      app.toasts.done(`${key} is in the config again`)
      await app.streams.load()
    } catch (error) {
      app.toasts.failed('Nothing was changed', error)
    }
  }
  try {
    const query = { exchange, pairs: pair, channels: channels.join(',') }
    const { etag } = await app.api.delete<{ readonly etag: string }>('/config/streams', query)
    app.toasts.done(`${key} is out of the config`, 'It is stopped; what is stored stays.', () => void putBack(etag))
    await app.streams.load()
  } catch (error) {
    app.toasts.failed('Nothing was changed', error)
  }
}
