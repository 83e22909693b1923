import { computed, signal } from '@preact/signals'
import { render } from 'preact'
import { ApiClient } from './api/api-client.js'
import type { Session } from './api/contract.js'
import { EventFeed } from './api/event-feed.js'
import { LiveFeed } from './api/live-feed.js'
import { Gate } from './shell/gate.js'
import { KeyMap } from './shell/key-map.js'
import { Router } from './shell/router.js'
import { type App, AppProvider } from './state/app-context.js'
import { Preferences } from './state/preferences.js'
import { StreamsStore } from './state/streams-store.js'
import { Toasts } from './state/toasts.js'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/shell.css'

/** Where the API is, seen from where the page is. */
const BASE = new URL('api/v1', location.href.replace(/[#?].*$/, ''))

function createApp(): App {
  const session = signal<Session | undefined>(undefined)
  const api = new ApiClient(BASE.href, () => {
    const known = session.peek()
    if (known?.role) session.value = { ...known, role: null, may_change: false, login_needed: true }
  })
  const feed = new EventFeed((lastId) => api.address('/events', { last_event_id: lastId || undefined }))
  const live = new LiveFeed(() => api.address('/live').replace(/^http/, 'ws'))
  const now = signal(Date.now())
  window.setInterval(() => {
    now.value = Date.now()
  }, 1000)
  return {
    api,
    feed,
    live,
    router: new Router(),
    keys: new KeyMap(),
    preferences: new Preferences(),
    streams: new StreamsStore(api, feed),
    toasts: new Toasts(),
    now,
    session,
    mayControl: computed(() => session.value?.may_change === true),
  }
}

const app = createApp()
app.keys.listen()
const root = document.getElementById('app')
if (root)
  render(
    <AppProvider value={app}>
      <Gate />
    </AppProvider>,
    root,
  )
