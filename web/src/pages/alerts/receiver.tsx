import { useState } from 'preact/hooks'
import { isRecord } from '../../api/api-client.js'
import type { AlertTest, ConfigAnswer } from '../../api/contract.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'

/** Who is told of an alert, and whether that works. */
export function Receiver({ config }: { config: ConfigAnswer | undefined }) {
  const { api, toasts, mayControl } = useApp()
  const [busy, setBusy] = useState(false)
  const alerts = isRecord(config?.config.alerts) ? config.config.alerts : {}
  const most = Number(alerts.max_consecutive_errors ?? 3)
  const named = typeof alerts.webhook_url === 'string'
  const test = async () => {
    setBusy(true)
    try {
      const { receiver, status } = await api.post<AlertTest>('/alerts/test')
      toasts.done(`${receiver} took the test message`, `It answered ${status}.`)
    } catch (error) {
      toasts.failed('The test message did not arrive', error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <section class="panel" aria-label="Who is told">
      <header>
        <h2 class="grow">Who is told</h2>
        {mayControl.value && named && (
          <button type="button" class="button small" disabled={busy} onClick={() => void test()}>
            {busy ? 'Sending …' : 'Send a test'}
          </button>
        )}
        <a class="button small" href={placeHref('config')}>
          Change
        </a>
      </header>
      <div class="body">
        {named ? (
          <p>
            A webhook, {most === 1 ? 'at the first failure' : `after ${most} failures in a row`} and again when it works
            (form: {String(alerts.format ?? 'auto')}). <span class="soft">Its address is kept out of this page.</span>
          </p>
        ) : (
          <p class="soft">
            Nobody. Name a webhook under <code>alerts.webhook_url</code> in the <a href={placeHref('config')}>config</a>
            : a webhook of Slack or Mattermost, or a topic of ntfy.
          </p>
        )}
      </div>
    </section>
  )
}
