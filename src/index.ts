import { defaultDependencies } from './compose/recording.js'
import type { CollectorConfig } from './config/schema.js'
import type { HealthMonitor } from './daemon/health-monitor.js'
import { StreamManager as ManagerWithDependencies, type StreamDependencies } from './daemon/stream-manager.js'
import { Collector as CollectorWithDependencies } from './service/collector.js'

/** The stream manager with everything it needs by default: `new StreamManager(config)` records into the config's data path. */
export class StreamManager extends ManagerWithDependencies {
  constructor(config: CollectorConfig, health?: HealthMonitor, deps?: StreamDependencies) {
    const warn = (error: Error) => process.emitWarning(error)
    super(config, health, deps ?? defaultDependencies(config, health, { error: warn }, warn))
  }
}

/** A collector with everything it needs by default: `new Collector(config)` records into the config's data path. */
export class Collector extends CollectorWithDependencies {
  constructor(config: CollectorConfig) {
    const warn = (error: Error) => process.emitWarning(error)
    const deps = defaultDependencies(config, undefined, { error: warn }, warn)
    super(new ManagerWithDependencies(config, undefined, deps), deps.recorder)
  }
}

export { Client, type ClientOptions } from './client/client.js'
export type { ServerEvent } from './client/server-events.js'
export { loadConfig } from './config/load.js'
export { createConfig } from './config/parse.js'
export { ConfigError } from './config/problem.js'
export type { CollectorConfig, ConfigInput } from './config/schema.js'
export { HealthMonitor } from './daemon/health-monitor.js'
export type { ApplyReport, StreamDependencies } from './daemon/stream-manager.js'
export type { StreamStatus } from './daemon/stream-status.js'
export { SyncService } from './daemon/sync-service.js'
export { CollectorError, ERRORS, type ErrorCode } from './model/error.js'
export type { MissedEvents } from './service/collector.js'
export type { BookDeltaEvent, BookEvent, LiveEvent, RowEvent } from './service/live-events.js'
export type { LiveTopic } from './service/live-hub.js'
export type { OperationInput, OperationName, OperationOutput } from './service/operations/table.js'
export { type ReadRequest, read } from './store/read.js'
export type { StoredRow } from './store/reader.js'
