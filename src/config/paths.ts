import { join, resolve } from 'node:path'
import type { CollectorConfig } from './schema.js'

/** `~` and `~/…` become the home folder; a relative path counts from `folder`. */
export function absolutePath(path: string, folder: string, home: string): string {
  if (path === '~') return home
  return resolve(folder, path.startsWith('~/') ? join(home, path.slice(2)) : path)
}

/**
 * The config with absolute paths. `storage.local_path` is the older name of `settings.data_path` and wins when both are given;
 * afterwards both say the same.
 */
export function withAbsolutePaths(config: CollectorConfig, folder: string, home: string): CollectorConfig {
  const path = absolutePath(config.storage.local_path || config.settings.data_path, folder, home)
  const { state_path } = config.storage
  const state = state_path === null ? null : absolutePath(state_path, folder, home)
  return {
    ...config,
    settings: { ...config.settings, data_path: path },
    storage: { ...config.storage, local_path: path, state_path: state },
  }
}
