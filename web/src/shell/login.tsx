import { useState } from 'preact/hooks'
import type { ApiError } from '../api/api-client.js'
import { asApiError } from '../api/api-client.js'
import { useApp } from '../state/app-context.js'

/** Asks for the token where the daemon wants one. */
export function Login({ onDone }: { onDone(): void }) {
  const { api } = useApp()
  const [token, setToken] = useState('')
  const [error, setError] = useState<ApiError>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      await api.post('/session', { token })
      setError(undefined)
      onDone()
    } catch (cause) {
      setError(asApiError(cause))
    } finally {
      setBusy(false)
    }
  }
  return (
    <main class="login">
      <form class="panel body" onSubmit={submit}>
        <div class="body stack">
          <h1>Sign in to dccd</h1>
          <p class="soft">
            This daemon asks for a token: one of <code>settings.ui_auth_token</code> in its config.
          </p>
          <label class="field">
            <span class="name">Token</span>
            <input
              class="input"
              type="password"
              name="token"
              autocomplete="current-password"
              required
              value={token}
              aria-invalid={error ? 'true' : undefined}
              aria-describedby={error ? 'login-error' : undefined}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          </label>
          {error && (
            <p id="login-error" class="bad" role="alert">
              {error.message}. {error.remedy}
            </p>
          )}
          <button type="submit" class="button main" disabled={busy || token === ''}>
            {busy ? 'Signing in …' : 'Sign in'}
          </button>
        </div>
      </form>
    </main>
  )
}
