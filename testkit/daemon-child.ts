import { argv } from 'node:process'
import type { Worker } from 'node:worker_threads'
import { startDaemon } from '../src/compose/daemon.js'
import { loadConfig } from '../src/config/load.js'

/** What is asked of it, and what it answers: `status` its rows, `threads` the ids of the living threads of a part, the last one newest. */
export type DaemonCall =
  | { readonly id: number; readonly call: 'status' | 'stop' | 'errors' }
  | { readonly id: number; readonly call: 'threads' | 'end'; readonly role: string }

/**
 * daemon-child.js FOLDER: the daemon of the config in this folder, whose threads its parent can end one by one. A process of its own: DuckDB's binding ends
 * the whole process when a thread is ended while it works for it.
 */
async function main(folder: string): Promise<void> {
  const { config } = await loadConfig({ environment: {}, folder })
  const threads: { readonly role: string; readonly thread: Worker; readonly id: number }[] = []
  const errors: string[] = []
  let started = 0
  const daemon = await startDaemon(config, {
    error: ({ code }) => errors.push(code),
    thread(role, thread) {
      const entry = { role, thread, id: started++ }
      threads.push(entry)
      thread.on('exit', () => threads.splice(threads.indexOf(entry), 1))
    },
  })
  const answer = async (asked: DaemonCall): Promise<unknown> => {
    switch (asked.call) {
      case 'status':
        return daemon.status().map(({ state, rows, reconnects }) => ({ state, rows, reconnects }))
      case 'errors':
        return errors
      case 'threads':
        return threads.filter(({ role }) => role === asked.role).map(({ id }) => id)
      case 'end':
        return await threads.findLast(({ role }) => role === asked.role)?.thread.terminate()
      case 'stop':
        return await daemon.stop(20_000)
    }
  }
  // Sent by the test that started it, as it is typed there.
  process.on('message', (asked: DaemonCall) => {
    answer(asked).then(
      (value) => process.send?.({ id: asked.id, value: value ?? null }),
      (error: unknown) => process.send?.({ id: asked.id, error: String(error) }),
    )
  })
  process.send?.({ id: -1, value: null })
}

const [, script = '', folder = ''] = argv
if (script.endsWith('daemon-child.js')) await main(folder)
