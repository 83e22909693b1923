import type { SyncAnswer } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { Failure } from '../../parts/nothing.js'
import { Prose } from '../../parts/prose.js'
import { durationText } from '../../parts/time-text.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'

/** Every remote with how its last copy went, and a copy at once. */
export function Copies() {
  const { api, toasts, mayControl } = useApp()
  const sync = useResource((signal) => api.get<SyncAnswer>('/sync', {}, signal), [], 3000)
  const answer = sync.data
  const copy = async () => {
    try {
      await api.post('/sync')
      toasts.done('The copy has begun')
      sync.reload()
    } catch (error) {
      toasts.failed('Nothing was copied', error)
    }
  }
  return (
    <section class="panel" aria-label="Copies elsewhere">
      <header>
        <h2 class="grow">Copies elsewhere</h2>
        {mayControl.value && (
          <button
            type="button"
            class="button small"
            disabled={!answer || answer.remotes.length === 0 || answer.running}
            onClick={() => void copy()}
          >
            <Icon name="restart" size={13} />
            {answer?.running ? 'Copying …' : 'Copy now'}
          </button>
        )}
      </header>
      <div class="body stack">
        {sync.error && !answer && <Failure error={sync.error} onRetry={sync.reload} />}
        {answer && answer.remotes.length === 0 && (
          <p class="soft">
            Nothing is copied. Name a remote of rclone under <code>storage.remotes</code> in the{' '}
            <a href={placeHref('config')}>config</a>: a NAS, S3, a drive, anything that rclone reaches.
          </p>
        )}
        {answer && answer.remotes.length > 0 && <Remotes answer={answer} />}
      </div>
    </section>
  )
}

function Remotes({ answer }: { answer: SyncAnswer }) {
  return (
    <>
      <p class="soft">
        {answer.sync_interval > 0 ? `Every ${durationText(answer.sync_interval)}` : 'Only when asked'}; last complete:{' '}
        <Instant at={answer.last_sync_at} />
      </p>
      <table class="plain-table">
        <thead>
          <tr>
            <th>Remote</th>
            <th>Last copy</th>
            <th>How it went</th>
          </tr>
        </thead>
        <tbody>
          {answer.remotes.map((remote) => {
            const result = answer.results.find((each) => each.remote === remote)
            return (
              <tr key={remote}>
                <td class="mono">{remote}</td>
                <td class="nowrap">
                  <Instant at={result?.at} />
                </td>
                <td>
                  {result === undefined && <span class="faint">not yet</span>}
                  {result?.ok && <span class="badge good">complete</span>}
                  {result && !result.ok && (
                    <>
                      <span class="badge bad">failed</span>
                      <p class="soft">
                        <Prose text={`${result.error?.message}. ${result.error?.remedy}`} />
                      </p>
                    </>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </>
  )
}
