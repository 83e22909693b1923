import type { App } from './app-context.js'

export type StreamAction = 'start' | 'stop' | 'restart'

const DONE: Readonly<Record<StreamAction, string>> = { start: 'started', stop: 'stopped', restart: 'restarted' }
/** At once; a hundred streams are not a hundred requests in flight. */
const TOGETHER = 6

/** Starts, stops or restarts streams by their keys and says how it went. */
export async function controlStreams(app: App, action: StreamAction, keys: readonly string[]): Promise<void> {
  const waiting = [...keys]
  const failures: unknown[] = []
  const work = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
      try {
        if (action === 'start') await app.api.post('/streams', { key })
        else await app.api.post(`/streams/${encodeURIComponent(key)}/${action}`)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(TOGETHER, keys.length) }, work))
  const done = keys.length - failures.length
  if (done > 0) app.toasts.done(`${done === 1 ? keys[0] : `${done} streams`} ${DONE[action]}`)
  if (failures.length > 0) app.toasts.failed(`${failures.length} could not be ${DONE[action]}`, failures[0])
  await app.streams.load()
}
