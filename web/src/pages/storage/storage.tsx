import type { Health, InventoryRow, SyncAnswer } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { Failure, Loading } from '../../parts/nothing.js'
import { bytesText, countText, lagText, shortText } from '../../parts/number-text.js'
import { durationText } from '../../parts/time-text.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { Usage } from './usage.js'

/** What stands on disk, and its copies elsewhere. */
export default function Storage() {
  const { api, toasts, mayControl } = useApp()
  const inventory = useResource((signal) => api.get<readonly InventoryRow[]>('/inventory', {}, signal), [], 15_000)
  const health = useResource((signal) => api.get<Health>('/health', {}, signal), [], 5000)
  const sync = useResource((signal) => api.get<SyncAnswer>('/sync', {}, signal), [], 3000)
  const syncNow = async () => {
    try {
      await api.post('/sync')
      toasts.done('The copy has begun')
      sync.reload()
    } catch (error) {
      toasts.failed('Nothing was copied', error)
    }
  }
  const rows = inventory.data ?? []
  const total = (of: (row: InventoryRow) => number) => rows.reduce((sum, row) => sum + of(row), 0)
  const answer = sync.data
  return (
    <div class="page">
      {inventory.error && <Failure error={inventory.error} onRetry={inventory.reload} />}
      <section class="panel">
        <header>
          <h2 class="grow">On disk</h2>
          <span class="soft">
            {typeof health.data?.journal_lag_ms === 'number' &&
              `durable within ${lagText(health.data.journal_lag_ms)}, `}
            rows safe within {lagText(health.data?.store_lag_ms)}
          </span>
        </header>
        <div class="body stack">
          {inventory.data ? (
            <>
              <p>
                <strong>{bytesText(total(({ bytes }) => bytes))}</strong>{' '}
                <span class="soft">
                  in {countText(total(({ files }) => files))} files of {rows.length} datasets;{' '}
                  {shortText(total((row) => row.rows))} rows, {shortText(total((row) => row.unpublished_rows))} of them
                  not yet published
                </span>
              </p>
              <Usage rows={rows} />
            </>
          ) : (
            <Loading what="the datasets" />
          )}
        </div>
      </section>
      <section class="panel">
        <header>
          <h2 class="grow">Copies elsewhere</h2>
          {mayControl.value && (
            <button
              type="button"
              class="button small"
              disabled={!answer || answer.remotes.length === 0 || answer.running}
              onClick={() => void syncNow()}
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
          {answer && answer.remotes.length > 0 && (
            <>
              <p class="soft">
                Every {durationText(answer.sync_interval)}; last complete: <Instant at={answer.last_sync_at} />
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
                        <td>
                          <Instant at={result?.at} />
                        </td>
                        <td>
                          {result === undefined ? (
                            <span class="faint">not yet</span>
                          ) : result.ok ? (
                            <span class="badge good">complete</span>
                          ) : (
                            <>
                              <span class="badge bad">failed</span>
                              <p class="soft">
                                {result.error?.message}. {result.error?.remedy}
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
          )}
        </div>
      </section>
    </div>
  )
}
