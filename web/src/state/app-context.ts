import type { ReadonlySignal, Signal } from '@preact/signals'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { ApiClient } from '../api/api-client.js'
import type { Session } from '../api/contract.js'
import type { EventFeed } from '../api/event-feed.js'
import type { LiveFeed } from '../api/live-feed.js'
import type { KeyMap } from '../shell/key-map.js'
import type { Router } from '../shell/router.js'
import type { Preferences } from './preferences.js'
import type { StreamsStore } from './streams-store.js'
import type { Toasts } from './toasts.js'

/** Everything that pages share; made once by `main.tsx`. */
export interface App {
  readonly api: ApiClient
  readonly feed: EventFeed
  readonly live: LiveFeed
  readonly router: Router
  readonly keys: KeyMap
  readonly preferences: Preferences
  readonly streams: StreamsStore
  readonly toasts: Toasts
  /** Now, in milliseconds, once a second. */
  readonly now: ReadonlySignal<number>
  readonly session: Signal<Session | undefined>
  /** Whether the session may change things. */
  readonly mayControl: ReadonlySignal<boolean>
}

const Context = createContext<App | undefined>(undefined)
export const AppProvider = Context.Provider

export function useApp(): App {
  const app = useContext(Context)
  if (!app) throw new Error('there is no app around this part')
  return app
}
