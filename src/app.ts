import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, type MessagePort, type Transferable, Worker } from 'node:worker_threads'
import { serveApi } from './api/server.js'
import { listInstruments } from './capture/list-instruments.js'
import { listVolumes } from './capture/list-volumes.js'
import { datasetOf } from './capture/listening.js'
import { refusedAnswer } from './capture/refused-answer.js'
import { runChaos } from './chaos/chaos.js'
import { journalKeepMs } from './config/journal-keep.js'
import { createConfig } from './config/parse.js'
import { redact, secretTexts } from './config/redact.js'
import type { CollectorConfig } from './config/schema.js'
import { isRule, mayMean } from './config/selection.js'
import { type TaskPlan, tasksOf } from './config/tasks.js'
import type { CatalogEntry } from './config/validate-against.js'
import { AlertLog } from './daemon/alert-log.js'
import { Alerts } from './daemon/alerts.js'
import type { CaptureStart, RecoverStart } from './daemon/capture-messages.js'
import type { Thread } from './daemon/capture-pool.js'
import { HealthMonitor } from './daemon/health-monitor.js'
import type { HistoryStart } from './daemon/history-messages.js'
import { JobService } from './daemon/job-service.js'
import type { JournalStart } from './daemon/journal-messages.js'
import { QueryHost } from './daemon/query-host.js'
import type { QueryStart } from './daemon/query-messages.js'
import { Recorder } from './daemon/recorder.js'
import { rcloneCopy } from './daemon/remotes/rclone.js'
import { RunLog } from './daemon/run-log.js'
import { SelectionLists } from './daemon/selection-lists.js'
import type { StoreThread } from './daemon/store-host.js'
import type { StoreConnect, StoreOpened, StoreStart } from './daemon/store-messages.js'
import { type StreamDependencies, StreamManager } from './daemon/stream-manager.js'
import type { StreamStatus } from './daemon/stream-status.js'
import { SyncService } from './daemon/sync-service.js'
import { COINS } from './emulator/coins.js'
import { startEmulator, VENUES } from './emulator/emulate.js'
import type { ExchangeAdapter } from './exchanges/exchange.js'
import { exchanges } from './exchanges/index.js'
import { type ExportSource, exportData } from './export/export-data.js'
import { exportStream, type StreamedExport } from './export/export-stream.js'
import { journalNumbers } from './journal/file-summary.js'
import { scanJournal } from './journal/recover.js'
import { systemClock } from './lib/clock.js'
import { serveRpc } from './lib/rpc.js'
import type { Capability } from './model/capability.js'
import { datasetKey, parseDatasetKey } from './model/dataset.js'
import { asCollectorError, CollectorError, decodeError, encodeError } from './model/error.js'
import { Budgets } from './net/budgets.js'
import { requestText } from './net/http.js'
import { postText } from './net/post.js'
import { refusalOf } from './net/refusal.js'
import { rebuildPorts } from './rebuild-ports.js'
import { withoutTokens } from './service/access.js'
import { decode } from './service/decode.js'
import { gapRows } from './service/gaps.js'
import { InstrumentLists, type ListDeps } from './service/instrument-lists.js'
import { parseLogLine } from './service/log-lines.js'
import { logTail } from './service/log-tail.js'
import type { AlertsPort } from './service/ports.js'
import { rebuild } from './service/rebuild.js'
import { type ConfigOrigin, Running } from './service/running.js'
import type { Daemon, LocalPorts, OpenJobs, Services, StoredData } from './service/services.js'
import { verify } from './service/verify.js'
import {
  readDaemonFile,
  readDaemonToken,
  removeDaemonFile,
  writeDaemonFile,
  writeDaemonToken,
} from './store/daemon-file.js'
import { importPredecessor } from './store/import-predecessor.js'
import { DataLock } from './store/lock.js'
import { ReadOnlyData } from './store/reader.js'
import { runSql } from './store/sql.js'
import { StoreClient } from './store/store-thread.js'
import { openStoredData } from './store/stored-data.js'
import { visibleRows } from './store/visible.js'
import { verifyPorts } from './verify-ports.js'
import { VERSION } from './version.js'

/** Where what nobody waits for is told. */
export interface DaemonLog {
  error(error: CollectorError): void
  /** Hears of each thread that is started, and its part; tests end one. */
  thread?(role: string, thread: Worker): void
}

/** What the exchanges offer, for the config and the manager. */
export const catalog: readonly CatalogEntry[] = Object.values(exchanges)

function spawn(
  start: JournalStart | StoreStart | CaptureStart | HistoryStart | RecoverStart | QueryStart,
  transfer: readonly Transferable[],
  log: DaemonLog,
): Worker {
  const thread = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: start,
    transferList: [...transfer],
    name: start.role,
  })
  log.thread?.(start.role, thread)
  return thread
}

function hiddenFolder(config: CollectorConfig): string {
  return join(config.storage.local_path, '.dccd')
}

/** Capture threads beside the API, the journal and the store; one exchange never needs more than one. */
function workerCount(config: CollectorConfig): number {
  const { workers } = config.settings
  return workers === 'auto' ? Math.max(1, Math.min(4, availableParallelism() - 1)) : workers
}

/** The request budgets of a config's data folder. */
function createBudgets(config: CollectorConfig, log: DaemonLog): Budgets {
  const limits = Object.fromEntries(Object.entries(exchanges).map(([id, { limits }]) => [id, limits.rest]))
  const path = join(hiddenFolder(config), 'budgets.json')
  return new Budgets(path, limits, systemClock(), (error) => log.error(error))
}

/** What exchanges list: from the last time that they were asked, else asked now, within their budget. */
function instrumentLists(config: CollectorConfig, budgets: Budgets, saved: ListDeps['saved']): InstrumentLists {
  const clock = systemClock()
  return new InstrumentLists({
    clock,
    saved,
    async fetch(exchange) {
      const ask = askRest(exchange, config.settings.endpoints, budgets, new AbortController().signal)
      return await listInstruments(adapterOf(exchange).instruments, ask)
    },
  })
}

/** The recorder of a config's data folder, in threads of their own. */
function createRecorder(
  config: CollectorConfig,
  log: DaemonLog,
  onFatal: (error: CollectorError) => void,
  budgets = createBudgets(config, log),
  onDisk: (full: CollectorError | undefined) => void = () => {},
): Recorder {
  const dccd = hiddenFolder(config)
  const journalPath = join(dccd, 'journal')
  const keepMs = journalKeepMs(config.journal.keep)
  let threads = 0
  return new Recorder({
    clock: systemClock(),
    lock: () => DataLock.acquire(config.storage.local_path),
    firstJournalFile: async () => {
      const names = await readdir(journalPath).catch((): string[] => [])
      return Math.max(0, ...journalNumbers(names)) + 1
    },
    spawn(start, transfer): Thread {
      const thread = spawn(start, transfer, log)
      // Every request of the process is granted here, whichever thread makes it.
      const name = `${start.role} ${threads++}`
      serveRpc(thread, budgets.methods(name), { encode: encodeError, decode: decodeError })
      thread.on('exit', () => budgets.forget(name))
      return thread
    },
    openStore: (onExit) => openStore(config, log, onExit),
    random: Math.random,
    journalPath,
    syncMs: config.journal.sync_ms,
    dataPath: config.storage.local_path,
    minFree: config.journal.min_free_gb,
    onDisk,
    keep: { keepMs: Number.isFinite(keepMs) ? keepMs : 'forever', maxBytes: config.journal.max_bytes },
    workers: workerCount(config),
    config: JSON.stringify(redact(config)),
    endpoints: config.settings.endpoints,
    exchanges: Object.keys(exchanges),
    isNamed: namedBy(config),
    onError: (error) => log.error(error),
    onFatal,
  })
}

/** Every dataset that these tasks fill with proof. */
function datasetsOf(plans: readonly TaskPlan[]): string[] {
  return plans.flatMap(({ exchange, pair, channels }) =>
    channels.flatMap((each) => {
      const dataset = datasetOf(exchange, { ...each, pair })
      return dataset ? [datasetKey(dataset)] : []
    }),
  )
}

/** Whether a config names a dataset, or may by a rule. */
function namedBy(config: CollectorConfig): (dataset: string) => boolean {
  const named = new Set(datasetsOf(tasksOf(config, (id) => exchanges[id]?.taskPer ?? 'pair')))
  const rules = config.stream_jobs.filter(isRule)
  return (key) => {
    if (named.has(key)) return true
    const dataset = parseDatasetKey(key)
    if (!dataset) return false
    const { exchange, pair } = dataset
    return rules.some(
      (job) =>
        job.exchange === exchange &&
        mayMean(job, pair) &&
        datasetsOf(tasksOf({ stream_jobs: [{ ...job, pairs: [pair] }] }, () => 'pair')).includes(key),
    )
  }
}

/** What exchanges list, for rules of a config; every request within the budgets of the process. */
function createLists(
  config: CollectorConfig,
  recorder: Recorder,
  budgets: Budgets,
  health: HealthMonitor | undefined,
  log: DaemonLog,
): SelectionLists {
  const clock = systemClock()
  const ask = (exchange: string, signal: AbortSignal) => askRest(exchange, config.settings.endpoints, budgets, signal)
  return new SelectionLists({
    clock,
    random: Math.random,
    load: async (exchange) => await (await recorder.store()).loadInstruments(exchange),
    ask: (exchange, signal) => listInstruments(adapterOf(exchange).instruments, ask(exchange, signal)),
    volumes: (exchange, list, signal) => listVolumes(adapterOf(exchange), list, ask(exchange, signal)),
    save: async (exchange, list) => await (await recorder.store()).saveInstruments(exchange, list),
    onFailure(exchange, error) {
      health?.recordFailure(`instruments ${exchange}`, error)
      log.error(error)
    },
    onSuccess: (exchange) => health?.recordSuccess(`instruments ${exchange}`),
  })
}

/** One REST call of an exchange within its budget; gives the body, or throws what a refusal means. */
function askRest(
  exchange: string,
  endpoints: CollectorConfig['settings']['endpoints'],
  budgets: Budgets,
  signal: AbortSignal,
) {
  const clock = systemClock()
  const adapter = adapterOf(exchange)
  const base = endpoints[exchange]?.rest ?? adapter.endpoints.rest
  return async ({ path, weight }: { readonly path: string; readonly weight: number }): Promise<string> => {
    await budgets.take(exchange, weight, 'discovery', signal)
    const answer = await requestText(base + path, { clock }, signal)
    if (answer.status >= 200 && answer.status < 300) return new TextDecoder().decode(answer.body)
    const error = refusedAnswer(adapter, refusalOf, base + path, answer)
    const { code, retry } = error
    if (code === 'RATE_LIMITED' || code === 'BANNED')
      budgets.block(exchange, typeof retry === 'object' ? retry.afterMs : 10_000)
    throw error
  }
}

/** The store in a thread of its own. `onExit` hears when it dies. */
async function openStore(
  config: CollectorConfig,
  log: DaemonLog,
  onExit: (reason: string) => void,
): Promise<StoreThread> {
  const thread = spawn({ role: 'store', dataPath: config.storage.local_path }, [], log)
  let reason = 'it ended by itself'
  await new Promise<void>((resolve, reject) => {
    thread.once('message', (opened: StoreOpened) => {
      if (opened === 'open') resolve()
      else reject(decodeError(opened.failed))
    })
    thread.on('error', (error) => {
      reason = error.message
      reject(asCollectorError(error, 'STORE_FAILED'))
    })
    thread.once('exit', () => reject(new CollectorError('STORE_FAILED', `the store did not open: ${reason}`)))
  })
  let closing = false
  const serve = (port: MessagePort) => thread.postMessage({ connect: port } satisfies StoreConnect, [port])
  const { port1, port2: own } = new MessageChannel()
  serve(port1)
  const client = new StoreClient(own)
  thread.on('exit', () => {
    own.close()
    if (!closing) onExit(reason)
  })
  const {
    allocateLane,
    reserveConnections,
    laneState,
    backedUpLanes,
    closeLane,
    commit,
    publish,
    loadInstruments,
    saveInstruments,
    wantedSince,
    endWanted,
    newRun,
    saveRun,
    runs,
    forgetRuns,
  } = client
  if (await client.isRestored()) {
    const { lanes } = await scanJournal(join(hiddenFolder(config), 'journal'), { onDamage: () => {} })
    await client.adoptLanes([...lanes.keys()])
    const message = 'the catalog was lost: the last backup is in its place, and what came since is derived again'
    log.error(new CollectorError('CATALOG_RESTORED', message))
  }
  return {
    allocateLane,
    reserveConnections,
    laneState,
    backedUpLanes,
    closeLane,
    commit,
    publish,
    loadInstruments,
    saveInstruments,
    wantedSince,
    endWanted,
    newRun,
    saveRun,
    runs,
    forgetRuns,
    gaps: () => client.gaps({}),
    serve,
    async close() {
      closing = true
      await client.close()
      await thread.terminate()
    },
  }
}

/** The dependencies with which `new StreamManager(config)` works. `onFatal`: the recorder cannot go on. */
export function defaultDependencies(
  config: CollectorConfig,
  health: HealthMonitor | undefined,
  log: DaemonLog,
  onFatal: (error: CollectorError) => void,
): StreamDependencies & { readonly recorder: Recorder; readonly sync: SyncService; readonly budgets: Budgets } {
  const clock = systemClock()
  const budgets = createBudgets(config, log)
  const recorder = createRecorder(config, log, onFatal, budgets, (full) => {
    if (full) health?.recordFailure('disk', full, { final: true })
    else health?.recordSuccess('disk')
  })
  const lists = createLists(config, recorder, budgets, health, log)
  const onError = (error: CollectorError) => log.error(error)
  const copy: ConstructorParameters<typeof SyncService>[2]['copy'] = (from, remote, signal) =>
    rcloneCopy(from, remote, { clock }, signal)
  return {
    clock,
    runner: recorder,
    recorder,
    budgets,
    sync: new SyncService(config, health, { clock, copy, onError }),
    catalog,
    lists,
    async onSelected(plans) {
      const wanted = new Set(datasetsOf(plans))
      // Of exchanges whose list has not come yet nobody knows.
      const unknown = (key: string) => !lists.listed(parseDatasetKey(key)?.exchange ?? '')
      await recorder.endWantedUnless((key) => wanted.has(key) || unknown(key))
    },
    onError,
    open: () => recorder.open(),
    close: (signal) => recorder.close(signal),
  }
}

/** Histories over a recorder. */
function createJobs(config: CollectorConfig, recorder: Recorder, log: DaemonLog): JobService {
  return new JobService(config, {
    clock: systemClock(),
    random: Math.random,
    history: () => recorder.history(),
    store: () => recorder.store(),
    commit: () => recorder.commit(),
    past: (exchange) => exchanges[exchange]?.history ?? [],
    exchanges: Object.keys(exchanges),
    onError: (error) => log.error(error),
  })
}

/** Histories of a data folder without a daemon: takes the lock until it is closed. */
async function openJobs(config: CollectorConfig, log: DaemonLog): Promise<OpenJobs> {
  const recorder = createRecorder(config, log, (error) => log.error(error))
  await recorder.open()
  const jobs = createJobs(config, recorder, log)
  try {
    await jobs.open()
  } catch (error) {
    await recorder.close()
    throw error
  }
  return {
    jobs,
    async close() {
      await jobs.stop()
      await recorder.close()
    },
  }
}

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
  const onError = (error: CollectorError) => log.error(error)
  const alerts = new Alerts(config.alerts, {
    clock,
    onError,
    post: (url, message, signal) => postText(url, message, { clock }, signal),
  })
  const alertLog = new AlertLog({
    path: join(dccd, 'alerts.json'),
    clock,
    onError,
    onChange: (what, alert) => ports.events.publish('alert', { what, ...alert }),
  })
  const health = new HealthMonitor({
    path: join(dccd, 'metrics.json'),
    clock,
    onError,
    onAlert(alert) {
      alerts.send(alert)
      alertLog.take(alert)
    },
    alertAfter: config.alerts.max_consecutive_errors,
  })
  let fail: (error: CollectorError) => void = () => {}
  const failed = new Promise<CollectorError>((resolve) => {
    fail = resolve
  })
  const deps = defaultDependencies(config, health, log, fail)
  const manager = new StreamManager(config, health, deps)
  const jobs = createJobs(config, deps.recorder, log)
  const losses = new Map<string, number>()
  deps.recorder.onReport((report) => {
    written.report(report)
    const { key, instance, gaps, reconnects } = report
    const task = `${key}#${instance}`
    const count = gaps + reconnects
    if (count > (losses.get(task) ?? 0)) jobs.disturbed()
    losses.set(task, count)
  })
  const began = clock.mono()
  const { ui_host: host, ui_port: port } = config.settings
  const lists = instrumentLists(config, deps.budgets, async (exchange) =>
    (await deps.recorder.store()).loadInstruments(exchange),
  )
  const queries = new QueryHost(withoutTokens(config), (config) =>
    spawn({ role: 'query', dataPath: config.storage.local_path, config }, [], log),
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
    alerts: alertsPort(alertLog, alerts),
    jobs,
    onSecrets: (texts) => written.hide(texts),
    onConfig(next) {
      written.info('the config was changed', { streams: next.stream_jobs.length })
      jobs.apply(next).catch((error: unknown) => log.error(asCollectorError(error, 'INTERNAL')))
      alerts.configure(next.alerts)
      queries.configure(withoutTokens(next))
      health.alertAfter(next.alerts.max_consecutive_errors)
    },
    openData,
    sql: (dataPath, request, signal) => runSql(dataPath, request, clock, signal),
    exportData: exportChunks,
    instruments: (exchange) => lists.of(exchange),
    uptime: () => Number(clock.mono() - began) / 1e9,
    offload: (name, input) => queries.ask(name, input),
    lags: () => {
      const { commitAgeMs: storeMs, journalLagMs: journalMs } = deps.recorder
      return { journalMs, ...(storeMs === undefined ? {} : { storeMs }) }
    },
    clock,
  })
  await alertLog.open()
  for (const key of alertLog.activeKeys()) health.recall(key)
  // What was removed or stopped fails no more, and is no success either.
  const stopDropping = clock.every(UNWANTED_MS, () => {
    const keys = alertLog.activeKeys()
    if (keys.length === 0) return
    const wanted = new Set(manager.status().flatMap(({ key, state }) => (state === 'stopped' ? [] : [key])))
    const isStream = (key: string) => catalog.some(({ id }) => key.startsWith(`${id}_`))
    for (const key of keys) if (isStream(key) && !wanted.has(key)) health.drop(key)
  })
  await ports.open()
  const api = await serveApi(ports, { host, port, uiFolder: join(import.meta.dirname, '../web') })
  try {
    await deps.recorder.open()
    await writeDaemonToken(ownToken, localToken)
    await writeDaemonFile(own, { pid: process.pid, host, port: api.port, started: new Date().toISOString() })
    await manager.start()
    await jobs.begin()
  } catch (error) {
    stopDropping()
    await jobs.stop()
    await manager.stop({ deadlineMs: 5000 })
    await alertLog.flush()
    await ports.close()
    await queries.close()
    await deps.recorder.close()
    await api.close()
    throw error
  }
  return {
    url: api.url,
    dataPath: config.storage.local_path,
    status: () => manager.status(),
    jobs,
    failed,
    async stop(deadlineMs) {
      stopDropping()
      await jobs.stop()
      await manager.stop({ deadlineMs })
      await alertLog.flush()
      await alerts.close(1000)
      written.info('stopped')
      await written.flush()
      await removeDaemonFile(own)
      await removeDaemonFile(ownToken)
      await api.close()
      await ports.close()
      await queries.close()
    },
  }
}

/** How often alerts are looked through for what nobody wants any more. */
const UNWANTED_MS = 5000

function alertsPort(log: AlertLog, sender: Alerts): AlertsPort {
  return {
    list: () => log.list(),
    acknowledge: (id) => log.acknowledge(id),
    test: (signal) => sender.test(signal),
  }
}

/** What operations work on where no daemon runs. A change of the config is saved, and counts from the next start on. */
async function openLocal(dataPath: string, origin?: ConfigOrigin): Promise<LocalPorts> {
  const config = origin?.parsed.config ?? createConfig({ settings: { data_path: dataPath } })
  const clock = systemClock()
  const deps = defaultDependencies(config, undefined, { error: () => {} }, () => {})
  const idle = new StreamManager(config, undefined, deps)
  const lists = instrumentLists(config, deps.budgets, async (exchange) => {
    const data = await openData(dataPath).catch(() => undefined)
    const saved = data?.instruments(exchange)
    await data?.close()
    return saved
  })
  let unwritten: CollectorError | undefined
  const onError = (error: CollectorError) => {
    unwritten = error
  }
  const alertLog = new AlertLog({ path: join(dataPath, '.dccd', 'alerts.json'), clock, onError })
  await alertLog.open()
  const sender = new Alerts(config.alerts, {
    clock,
    onError,
    post: (url, message, signal) => postText(url, message, { clock }, signal),
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
    alerts: {
      ...alertsPort(alertLog, sender),
      // Nobody else keeps the file at hand.
      async acknowledge(id) {
        const row = alertLog.acknowledge(id)
        unwritten = undefined
        await alertLog.flush()
        if (unwritten) throw unwritten
        return row
      },
    },
    openData,
    sql: (path, request, signal) => runSql(path, request, clock, signal),
    exportData: exportChunks,
    instruments: (exchange) => lists.of(exchange),
    uptime: () => 0,
    lags: () => ({}),
    clock,
  })
  await ports.open()
  return ports
}

/** Streams of a config as they show while nothing runs. */
function idleStreams(config: CollectorConfig): StreamStatus[] {
  const deps = defaultDependencies(config, undefined, { error: () => {} }, () => {})
  return new StreamManager(config, undefined, deps).status()
}

const openData: (dataPath: string) => Promise<StoredData> = openStoredData

function exportSource({ reader }: ReadOnlyData): ExportSource {
  return {
    scan: (dataset, from, until, columns) => reader.scan(dataset, from, until, columns),
    parquet: (...args) => reader.copy(...args),
    symbol: (exchange, pair) => reader.symbol(exchange, pair),
    ledger: () => reader.ledger(),
  }
}

async function* exportChunks(dataPath: string, request: StreamedExport): AsyncGenerator<string | Uint8Array> {
  const data = await ReadOnlyData.open(dataPath)
  try {
    yield* exportStream(exportSource(data), request)
  } finally {
    await data.close()
  }
}

async function daemonOf(dataPath: string) {
  const dccd = join(dataPath, '.dccd')
  const found = await readDaemonFile(join(dccd, 'daemon.json'))
  if (!found || !isAlive(found.pid)) return undefined
  const token = await readDaemonToken(join(dccd, 'daemon.token'))
  return token === undefined ? found : { ...found, token }
}

/** Everything the command line can ask for. `program`: the file of this program's command line, for runs of it in a process of its own. */
export function createServices(program = ''): Services {
  return {
    version: VERSION,
    catalog,
    idleStreams,
    startDaemon: (config, onError, origin) => startDaemon(config, { error: onError }, origin),
    openJobs: (config, onError) => openJobs(config, { error: onError }),
    startEmulator: (request) => startEmulator(request),
    emulated,
    chaos: (request, tell, signal) =>
      runChaos(
        request,
        {
          program: [program],
          preload: new URL('./chaos/preload.js', import.meta.url).href,
          startEmulator,
          emulated: (instruments) =>
            emulated(instruments).map((venue) => ({ ...venue, numbered: numbersBooks(venue.exchange) })),
          async gaps(dataPath) {
            const data = await openData(dataPath)
            try {
              return gapRows(data.gaps({}))
            } finally {
              await data.close()
            }
          },
          visibleRows: (dataPath, exchange, kind, pair) => visibleRows(dataPath, { exchange, kind, pair }),
          wall: () => systemClock().wall(),
        },
        tell,
        signal,
      ),
    rebuild: (dataPath, output, tell) => rebuild(dataPath, output, rebuildPorts(adapterOf), tell),
    importTree: (dataPath, tree, dryRun, tell) => importPredecessor(dataPath, tree, dryRun, systemClock(), tell),
    async export(dataPath, request) {
      const data = await ReadOnlyData.open(dataPath)
      try {
        return await exportData(exportSource(data), request)
      } finally {
        await data.close()
      }
    },
    verify: (dataPath, options, tell) => verify(dataPath, options, verifyPorts(adapterOf), tell),
    sql: (dataPath, request, signal) => runSql(dataPath, request, systemClock(), signal),
    openLocal,
    openData,
    daemonOf,
    async decode(exchange, input, write) {
      return await decode(adapterOf(exchange), input, write)
    },
  }
}

function adapterOf(exchange: string): ExchangeAdapter {
  const adapter = exchanges[exchange]
  if (adapter) return adapter
  throw new CollectorError('UNSUPPORTED', `there is no exchange ${exchange}`, {
    remedy: `Choose one of ${Object.keys(exchanges).join(', ')}.`,
  })
}

/** A channel as a config names it: candles of a minute, or of the shortest length that there is. */
function channelText({ channel, intervals = [] }: Capability): string {
  const [shortest] = intervals
  return shortest === undefined || intervals.includes('1m') ? channel : `${channel}:${shortest}`
}

function emulated(instruments: number) {
  return VENUES.map(({ exchange, instruments: list }) => {
    const pairs = list(COINS.slice(0, instruments)).map(({ pair }) => pair)
    const kindOf = (pair: string) => (pair.endsWith(':perp') ? 'perpetual' : pair.includes(':') ? 'future' : 'spot')
    const streams = (['spot', 'perpetual', 'future'] as const).flatMap((kind) => {
      const own = pairs.filter((pair) => kindOf(pair) === kind)
      const offered = exchanges[exchange]?.capabilities.filter(({ kinds }) => kinds?.includes(kind) ?? true) ?? []
      return own.length ? [{ pairs: own, channels: offered.map(channelText) }] : []
    })
    return { exchange, pairs, streams }
  })
}

/** Whether an exchange numbers the changes of its books, so that a lost one shows. */
function numbersBooks(exchange: string): boolean {
  const book = exchanges[exchange]?.capabilities.find(({ channel }) => channel === 'book')
  return book?.proof === 'counter' || book?.proof === 'chain' || book?.proof === 'connection'
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process: it lives.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
