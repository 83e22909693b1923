import type { JournalMethods, JournalNews, JournalStart } from '../daemon/journal-messages.js'
import { serveJournal } from '../journal/journal-thread.js'
import { systemClock } from '../lib/clock.js'
import { type Port, serveRpc } from '../lib/rpc.js'
import { decodeError, encodeError } from '../model/error.js'

/** Takes the records of all lanes into the journal. */
export async function journalThread(port: Port, start: JournalStart): Promise<void> {
  const server = await serveJournal({
    dir: start.dir,
    clock: systemClock(),
    syncMs: start.syncMs,
    onState: (state) => {
      const why = state.state === 'ok' ? {} : { code: state.error.code, message: state.error.message }
      port.postMessage({ news: 'journal', state: state.state, ...why } satisfies JournalNews)
    },
  })
  const methods: JournalMethods = {
    attach: (lane, lanePort) => server.attach(lane, lanePort),
    release: async (lanes, { keepMs, maxBytes }) => {
      const progress = new Map(lanes.map(({ lane, committed, done }) => [lane, { committed, done }]))
      return (await server.release(progress, { keepMs, ...(maxBytes === null ? {} : { maxBytes }) })).length
    },
    close: () => server.close(),
  }
  serveRpc(port, methods, { encode: encodeError, decode: decodeError })
}
