import '../../styles/storage.css'
import type { Health, StorageAnswer } from '../../api/contract.js'
import { Failure, Loading } from '../../parts/nothing.js'
import { lagText } from '../../parts/number-text.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { Copies } from './copies.js'
import { DiskUse } from './disk-use.js'
import { Usage } from './usage.js'

/** What stands on disk, how much room is left, and its copies elsewhere. */
export default function Storage() {
  const { api } = useApp()
  const storage = useResource((signal) => api.get<StorageAnswer>('/storage', {}, signal), [], 10_000)
  const health = useResource((signal) => api.get<Health>('/health', {}, signal), [], 5000)
  const facts = storage.data
  return (
    <div class="page">
      {storage.error && <Failure error={storage.error} onRetry={storage.reload} />}
      <section class="panel" aria-label="On disk">
        <header>
          <h2 class="grow">On disk</h2>
          <span class="soft">
            {typeof health.data?.journal_lag_ms === 'number' &&
              `durable within ${lagText(health.data.journal_lag_ms)}, `}
            rows safe within {lagText(health.data?.store_lag_ms)}
          </span>
        </header>
        <div class="body stack">{facts ? <DiskUse facts={facts} /> : <Loading what="what the disk holds" />}</div>
      </section>
      <Copies />
      {facts && (
        <section class="panel" aria-label="Data">
          <header>
            <h2>Data</h2>
          </header>
          <div class="body">
            <Usage rows={facts.data} />
          </div>
        </section>
      )}
    </div>
  )
}
