import type { CollectorConfig } from '../config/schema.js'
import { JobService } from '../daemon/job-service.js'
import type { Past } from '../daemon/job-targets.js'
import type { Recorder } from '../daemon/recorder.js'
import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { exchanges } from '../exchanges/index.js'
import { systemClock } from '../lib/clock.js'
import type { OpenJobs } from '../service/services.js'
import { CatalogView } from '../store/catalog-view.js'
import { createRecorder } from './recording.js'
import type { DaemonLog } from './threads.js'

/** Histories over a recorder. */
export function createJobs(config: CollectorConfig, recorder: Recorder, view: CatalogView, log: DaemonLog): JobService {
  return new JobService(config, {
    clock: systemClock(),
    random: Math.random,
    history: () => recorder.history(),
    store: () => recorder.store(),
    gaps: async () => (await recorder.store()).gaps(),
    savedRuns: async (query) => {
      await recorder.store() // by then there is a catalog
      return view.runs(query)
    },
    commit: () => recorder.commit(),
    past: (exchange) => pastOf(exchanges[exchange]),
    exchanges: Object.keys(exchanges),
    onError: (error) => log.error(error),
  })
}

/** What an exchange has a past of, and where files hold what its requests do not reach. */
function pastOf(adapter: ExchangeAdapter | undefined): readonly Past[] {
  const { history = [], archives = [] } = adapter ?? {}
  return history.map(({ channel, intervals, reach }) => {
    const archive = reach && archives.find((each) => each.channel === channel)
    const day = archive?.periods.find(({ of }) => of === 'day')
    return { channel, ...(intervals ? { intervals } : {}), ...(day ? { filedAfterMs: day.publishedAfterMs } : {}) }
  })
}

/** Histories of a data folder without a daemon: takes the lock until it is closed. */
export async function openJobs(config: CollectorConfig, log: DaemonLog): Promise<OpenJobs> {
  const recorder = createRecorder(config, log, (error) => log.error(error))
  await recorder.open()
  const view = new CatalogView(config.storage.local_path)
  const jobs = createJobs(config, recorder, view, log)
  try {
    await jobs.open()
  } catch (error) {
    view.close()
    await recorder.close()
    throw error
  }
  return {
    jobs,
    async close() {
      await jobs.stop()
      view.close()
      await recorder.close()
    },
  }
}
