import type { CollectorConfig } from '../config/schema.js'

/** Keys that are read once, when the daemon starts. */
const AT_START: readonly (readonly [string, (config: CollectorConfig) => unknown])[] = [
  ['settings.data_path', ({ storage }) => storage.local_path],
  ['storage.state_path', ({ storage }) => storage.state_path],
  ['settings.ui_host', ({ settings }) => settings.ui_host],
  ['settings.ui_port', ({ settings }) => settings.ui_port],
  ['settings.workers', ({ settings }) => settings.workers],
  ['settings.endpoints', ({ settings }) => settings.endpoints],
  ['journal', ({ journal }) => journal],
]

/** Which keys of a changed config count only after a restart of the daemon. */
export function restartNeeded(before: CollectorConfig, after: CollectorConfig): string[] {
  return AT_START.filter(([, read]) => JSON.stringify(read(before)) !== JSON.stringify(read(after))).map(([key]) => key)
}
