import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { listInstruments } from '../capture/list-instruments.js'
import { listVolumes } from '../capture/list-volumes.js'
import { datasetOf } from '../capture/listening.js'
import { journalKeepMs } from '../config/journal-keep.js'
import { redact } from '../config/redact.js'
import type { CollectorConfig } from '../config/schema.js'
import { isRule, mayMean } from '../config/selection.js'
import { type TaskPlan, tasksOf } from '../config/tasks.js'
import type { Thread } from '../daemon/capture-pool.js'
import type { HealthMonitor } from '../daemon/health-monitor.js'
import { Recorder } from '../daemon/recorder.js'
import { rcloneCopy } from '../daemon/remotes/rclone.js'
import { SelectionLists } from '../daemon/selection-lists.js'
import type { StreamDependencies } from '../daemon/stream-manager.js'
import { SyncService } from '../daemon/sync-service.js'
import { adapterOf, exchanges } from '../exchanges/index.js'
import { journalNumbers } from '../journal/file-summary.js'
import { systemClock } from '../lib/clock.js'
import { serveRpc } from '../lib/rpc.js'
import { datasetKey, parseDatasetKey } from '../model/dataset.js'
import { type CollectorError, decodeError, encodeError } from '../model/error.js'
import type { Budgets } from '../net/budgets.js'
import { fileSystemWeakness } from '../store/file-system.js'
import { DataLock } from '../store/lock.js'
import { placeState } from '../store/state-place.js'
import { askRest, catalog, createBudgets } from './exchange-calls.js'
import { openStore } from './open-store.js'
import { type DaemonLog, hiddenFolder, spawn } from './threads.js'

/** Capture threads beside the API, the journal and the store; one exchange never needs more than one. */
function workerCount(config: CollectorConfig): number {
  const { workers } = config.settings
  return workers === 'auto' ? Math.max(1, Math.min(4, availableParallelism() - 1)) : workers
}

/** The lock of the data folder, with catalog and journal where the config wants them. */
async function takeDataFolder({ storage }: CollectorConfig, log: DaemonLog): Promise<DataLock> {
  const lock = await DataLock.acquire(storage.local_path)
  try {
    if (storage.state_path !== null) await placeState(storage.local_path, storage.state_path)
    const weakness = await fileSystemWeakness(storage.state_path ?? storage.local_path)
    if (weakness) log.error(weakness)
    return lock
  } catch (error) {
    lock.release()
    throw error
  }
}

/** The recorder of a config's data folder, in threads of their own. */
export function createRecorder(
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
    lock: () => takeDataFolder(config, log),
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
        datasetsOf(tasksOf({ stream_jobs: [{ ...job, pairs: [pair] }], jobs: [] }, () => 'pair')).includes(key),
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
