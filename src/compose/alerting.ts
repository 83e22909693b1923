import { join } from 'node:path'
import type { CollectorConfig } from '../config/schema.js'
import { type AlertChange, AlertLog, type AlertRow } from '../daemon/alert-log.js'
import { Alerts } from '../daemon/alerts.js'
import { HealthMonitor } from '../daemon/health-monitor.js'
import type { StreamStatus } from '../daemon/stream-status.js'
import type { Clock } from '../lib/clock.js'
import type { CollectorError } from '../model/error.js'
import { postText } from '../net/post.js'
import type { AlertsPort } from '../service/ports.js'
import { catalog } from './exchange-calls.js'
import { hiddenFolder } from './threads.js'

/** How often alerts are looked through for what nobody wants any more. */
const UNWANTED_MS = 5000

interface AlertingOptions {
  readonly clock: Clock
  onError(error: CollectorError): void
  onChange(what: AlertChange, alert: AlertRow): void
}

/** Who counts what fails, who keeps it, and who sends it. */
export interface Alerting {
  readonly health: HealthMonitor
  readonly port: AlertsPort
  /** Reads what earlier runs kept. From then on what is removed or stopped fails no more, and is no success either. */
  open(streams: () => readonly StreamStatus[]): Promise<void>
  configure(config: CollectorConfig): void
  close(): Promise<void>
}

export function createAlerting(config: CollectorConfig, { clock, onError, onChange }: AlertingOptions): Alerting {
  const folder = hiddenFolder(config)
  const sender = createSender(config, clock, onError)
  const log = new AlertLog({ path: join(folder, 'alerts.json'), clock, onError, onChange })
  const health = new HealthMonitor({
    path: join(folder, 'metrics.json'),
    clock,
    onError,
    onAlert(alert) {
      sender.send(alert)
      log.take(alert)
    },
    alertAfter: config.alerts.max_consecutive_errors,
  })
  let stop = () => {}
  const dropUnwanted = (streams: readonly StreamStatus[], keys: readonly string[]) => {
    const wanted = new Set(streams.flatMap(({ key, state }) => (state === 'stopped' ? [] : [key])))
    const isStream = (key: string) => catalog.some(({ id }) => key.startsWith(`${id}_`))
    for (const key of keys) if (isStream(key) && !wanted.has(key)) health.drop(key)
  }
  return {
    health,
    port: { list: () => log.list(), acknowledge: (id) => log.acknowledge(id), test: (signal) => sender.test(signal) },
    async open(streams) {
      await log.open()
      for (const key of log.activeKeys()) health.recall(key)
      stop = clock.every(UNWANTED_MS, () => {
        const keys = log.activeKeys()
        if (keys.length) dropUnwanted(streams(), keys)
      })
    },
    configure(next) {
      sender.configure(next.alerts)
      health.alertAfter(next.alerts.max_consecutive_errors)
    },
    async close() {
      stop()
      await sender.close(1000)
      await log.flush()
    },
  }
}

/** Alerts of a data folder whose daemon does not run. */
export async function openLocalAlerts(config: CollectorConfig, clock: Clock): Promise<AlertsPort> {
  let unwritten: CollectorError | undefined
  const onError = (error: CollectorError) => {
    unwritten = error
  }
  const log = new AlertLog({ path: join(hiddenFolder(config), 'alerts.json'), clock, onError })
  const sender = createSender(config, clock, onError)
  await log.open()
  return {
    list: () => log.list(),
    // Nobody else keeps the file at hand.
    async acknowledge(id) {
      const row = log.acknowledge(id)
      unwritten = undefined
      await log.flush()
      if (unwritten) throw unwritten
      return row
    },
    test: (signal) => sender.test(signal),
  }
}

function createSender(config: CollectorConfig, clock: Clock, onError: (error: CollectorError) => void): Alerts {
  return new Alerts(config.alerts, {
    clock,
    onError,
    post: (url, message, signal) => postText(url, message, { clock }, signal),
  })
}
