import { join } from 'node:path'
import { createConfig } from '../config/parse.js'
import { StreamManager } from '../daemon/stream-manager.js'
import { systemClock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import { logTail } from '../service/log-tail.js'
import { type ConfigOrigin, Running } from '../service/running.js'
import type { LocalPorts } from '../service/services.js'
import { openStoredData } from '../store/stored-data.js'
import { VERSION } from '../version.js'
import { openLocalAlerts } from './alerting.js'
import { catalog, instrumentLists } from './exchange-calls.js'
import { exportsInTurn } from './exporting.js'
import { defaultDependencies } from './recording.js'
import { sqlInTurn } from './sql-in-turn.js'
import { hiddenFolder } from './threads.js'

/** What operations work on where no daemon runs. A change of the config is saved, and counts from the next start on. */
export async function openLocal(dataPath: string, origin?: ConfigOrigin): Promise<LocalPorts> {
  const config = origin?.parsed.config ?? createConfig({ settings: { data_path: dataPath } })
  const clock = systemClock()
  const deps = defaultDependencies(config, undefined, { error: () => {} }, () => {})
  const idle = new StreamManager(config, undefined, deps)
  const lists = instrumentLists(config, deps.budgets, async (exchange) => {
    const data = await openStoredData(dataPath).catch(() => undefined)
    const saved = data?.instruments(exchange)
    await data?.close()
    return saved
  })
  const none = (): never => {
    throw new CollectorError('UNSUPPORTED', `no dccd runs on ${dataPath}`, { remedy: 'Start it with: dccd start' })
  }
  const ports = new Running({
    version: VERSION,
    catalog,
    config,
    origin,
    manager: {
      status: () => idle.status(),
      startOne: none,
      stopOne: none,
      apply: async (next) => {
        new StreamManager(next, undefined, deps).status()
        return { started: [], stopped: [], restarted: [], unchanged: [], rolledBack: false }
      },
    },
    source: deps.recorder,
    connections: (key) => deps.recorder.connections.of(key),
    sync: deps.sync,
    logs: { ...logTail(join(hiddenFolder(config), 'logs')), follow: () => () => {} },
    alerts: await openLocalAlerts(config, clock),
    openData: openStoredData,
    sql: sqlInTurn(dataPath, clock),
    exportData: exportsInTurn(dataPath),
    instruments: (exchange) => lists.of(exchange),
    uptime: () => 0,
    lags: () => ({ journalMs: 0 }),
    drifts: () => [],
    clock,
  })
  await ports.open()
  return ports
}
