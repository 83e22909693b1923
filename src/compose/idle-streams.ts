import type { CollectorConfig } from '../config/schema.js'
import { StreamManager } from '../daemon/stream-manager.js'
import type { StreamStatus } from '../daemon/stream-status.js'
import { defaultDependencies } from './recording.js'

/** Streams of a config as they show while nothing runs. */
export function idleStreams(config: CollectorConfig): StreamStatus[] {
  const deps = defaultDependencies(config, undefined, { error: () => {} }, () => {})
  return new StreamManager(config, undefined, deps).status()
}
