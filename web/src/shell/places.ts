import type { ComponentType } from 'preact'
import type { IconName } from '../parts/icon.js'

export interface PageModule {
  readonly default: ComponentType
}

/** A page of the UI: its own part of the bundle. */
export interface PageEntry {
  readonly id: string
  readonly title: string
  readonly icon: IconName
  /** Second key of `g …`. */
  readonly key: string
  load(): Promise<PageModule>
}

export const PAGES: readonly PageEntry[] = [
  {
    id: 'overview',
    title: 'Overview',
    icon: 'overview',
    key: 'o',
    load: () => import('../pages/overview/overview.js'),
  },
  { id: 'streams', title: 'Streams', icon: 'streams', key: 's', load: () => import('../pages/streams/streams.js') },
  { id: 'data', title: 'Data', icon: 'data', key: 'd', load: () => import('../pages/data/data.js') },
  { id: 'history', title: 'History', icon: 'history', key: 'h', load: () => import('../pages/history/history.js') },
  { id: 'storage', title: 'Storage', icon: 'storage', key: 't', load: () => import('../pages/storage/storage.js') },
  { id: 'alerts', title: 'Alerts', icon: 'alerts', key: 'a', load: () => import('../pages/alerts/alerts.js') },
  { id: 'config', title: 'Config', icon: 'config', key: 'c', load: () => import('../pages/config/config.js') },
  { id: 'logs', title: 'Logs', icon: 'logs', key: 'l', load: () => import('../pages/logs/logs.js') },
]
