import { useEffect } from 'preact/hooks'
import type { Session } from '../api/contract.js'
import { useApp } from '../state/app-context.js'
import { Login } from './login.js'
import { Shell } from './shell.js'

/** The login page while the daemon asks for a token, else the UI, with its feeds open. */
export function Gate() {
  const { api, session, feed, streams } = useApp()
  const known = session.value
  const ask = async () => {
    try {
      session.value = await api.get<Session>('/session')
    } catch {
      // No answer is no refusal: the UI is shown and says that the daemon is away.
      session.value ??= { login_needed: false, role: 'control', may_change: true, readonly: false }
    }
  }
  useEffect(() => void ask(), [])
  const inside = known !== undefined && known.role !== null
  useEffect(() => {
    if (!inside) return
    const control = new AbortController()
    void streams.load()
    streams.start(control.signal)
    feed.open()
    return () => {
      control.abort()
      feed.close()
    }
  }, [inside, feed, streams])
  if (!known) return null
  return inside ? <Shell /> : <Login onDone={() => void ask()} />
}
