import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { serveApi } from '../api/server.js'
import { secretTexts } from '../config/redact.js'
import type { CollectorConfig } from '../config/schema.js'
import { QueryHost } from '../daemon/query-host.js'
import { RunLog } from '../daemon/run-log.js'
import { StreamManager } from '../daemon/stream-manager.js'
import { systemClock } from '../lib/clock.js'
import { asCollectorError, type CollectorError } from '../model/error.js'
import { withoutTokens } from '../service/access.js'
import { parseLogLine } from '../service/log-lines.js'
import { logTail } from '../service/log-tail.js'
import { type ConfigOrigin, Running } from '../service/running.js'
import type { Daemon } from '../service/services.js'
import { CatalogView } from '../store/catalog-view.js'
import { removeDaemonFile, writeDaemonFile, writeDaemonToken } from '../store/daemon-file.js'
import { openStoredData } from '../store/stored-data.js'
import { VERSION } from '../version.js'
import { createAlerting } from './alerting.js'
import { catalog, instrumentLists } from './exchange-calls.js'
import { createJobs } from './histories.js'
import { WEB } from './places.js'
import { defaultDependencies } from './recording.js'
import { sqlInTurn } from './sql-in-turn.js'
import { type DaemonLog, hiddenFolder, spawn } from './threads.js'

/** Starts everything that a config names: recorder, streams, sync, health, API. What was opened before a failure is closed again. */
export async function startDaemon(config: CollectorConfig, told: DaemonLog, origin?: ConfigOrigin): Promise<Daemon> {
  const dccd = hiddenFolder(config)
  const written = new RunLog(join(dccd, 'logs', 'dccd.log'), secretTexts(config, origin?.parsed.secrets))
  const log: DaemonLog = {
    ...told,
    error(error) {
      written.error(error)
      told.error(error)
    },
  }
  const own = join(dccd, 'daemon.json')
  const ownToken = join(dccd, 'daemon.token')
  const clock = systemClock()
  const alerting = createAlerting(config, {
    clock,
    onError: (error) => log.error(error),
    onChange: (what, alert) => ports.events.publish('alert', { what, ...alert }),
  })
  const { health } = alerting
  let fail: (error: CollectorError) => void = () => {}
  const failed = new Promise<CollectorError>((resolve) => {
    fail = resolve
  })
  const deps = defaultDependencies(config, health, log, fail)
  const manager = new StreamManager(config, health, deps)
  const view = new CatalogView(config.storage.local_path)
  const jobs = createJobs(config, deps.recorder, view, log)
  const losses = new Map<string, number>()
  deps.recorder.onReport((report) => {
    written.report(report)
    const { key, instance, gaps, reconnects } = report
    const task = `${key}#${instance}`
    const count = gaps + reconnects
    if (count > (losses.get(task) ?? 0)) jobs.disturbed()
    if (report.state === 'stopped') losses.delete(task)
    else losses.set(task, count)
  })
  const began = clock.mono()
  const { ui_host: host, ui_port: port } = config.settings
  const lists = instrumentLists(config, deps.budgets, async (exchange) =>
    (await deps.recorder.store()).loadInstruments(exchange),
  )
  const queries = new QueryHost(
    withoutTokens(config),
    (config) => spawn({ role: 'query', dataPath: config.storage.local_path, config }, [], log),
    clock,
  )
  const localToken = randomBytes(32).toString('base64url')
  const ports: Running = new Running({
    localToken,
    version: VERSION,
    catalog,
    config,
    origin,
    manager,
    source: deps.recorder,
    connections: (key) => deps.recorder.connections.of(key),
    sync: deps.sync,
    logs: {
      ...logTail(join(dccd, 'logs')),
      follow: (listener) =>
        written.follow((text) => {
          const line = parseLogLine(text)
          if (line) listener(line)
        }),
    },
    alerts: alerting.port,
    jobs,
    onSecrets: (texts) => written.hide(texts),
    onConfig(next) {
      written.info('the config was changed', { streams: next.stream_jobs.length })
      jobs.apply(next).catch((error: unknown) => log.error(asCollectorError(error, 'INTERNAL')))
      alerting.configure(next)
      queries.configure(withoutTokens(next))
    },
    openData: openStoredData,
    gapsOf: (dataset) => view.gapsOf(dataset),
    sql: sqlInTurn(config.storage.local_path, clock),
    exportData: (request, signal) => queries.export(request, signal),
    instruments: (exchange) => lists.of(exchange),
    uptime: () => Number(clock.mono() - began) / 1e9,
    offload: (name, input, signal) => queries.ask(name, input, signal),
    offloadText: (name, input, signal) => queries.askText(name, input, signal),
    drifts: () => deps.recorder.drifts,
    lags: () => {
      const { commitAgeMs: storeMs, journalLagMs: journalMs } = deps.recorder
      return { journalMs, ...(storeMs === undefined ? {} : { storeMs }) }
    },
    clock,
  })
  await alerting.open(() => manager.status())
  await ports.open()
  const api = await serveApi(ports, { host, port, uiFolder: WEB })
  try {
    await deps.recorder.open()
    await writeDaemonToken(ownToken, localToken)
    await writeDaemonFile(own, { pid: process.pid, host, port: api.port, started: new Date().toISOString() })
    await manager.start()
    await jobs.begin()
  } catch (error) {
    await jobs.stop()
    await manager.stop({ deadlineMs: 5000 })
    await alerting.close()
    await ports.close()
    await queries.close()
    view.close()
    await deps.recorder.close()
    await api.close()
    throw error
  }
  return {
    url: api.url,
    dataPath: config.storage.local_path,
    status: () => ports.streams.status(),
    jobs,
    failed,
    async stop(deadlineMs = config.settings.stop_timeout * 1000) {
      await jobs.stop()
      await manager.stop({ deadlineMs })
      await alerting.close()
      written.info('stopped')
      await written.flush()
      await removeDaemonFile(own)
      await removeDaemonFile(ownToken)
      await api.close()
      await ports.close()
      await queries.close()
      view.close()
    },
  }
}
