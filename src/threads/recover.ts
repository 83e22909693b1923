import { recoverLane } from '../capture/recover-lane.js'
import type { RecoverNews, RecoverStart } from '../daemon/capture-messages.js'
import { adapterOf } from '../exchanges/index.js'
import { readLane, scanJournal } from '../journal/recover.js'
import type { Port } from '../lib/rpc.js'
import { ColumnBuilder } from '../store/columns.js'
import { StoreClient } from '../store/store-thread.js'

/** Rows beyond this are committed before the journal is read on. */
const COMMIT_BYTES = 32 * 1024 * 1024

/** Derives from the journal what lanes of earlier workers did not bring into the store. */
export async function recoverThread(port: Port, start: RecoverStart): Promise<void> {
  const store = new StoreClient(start.store)
  const tell = (news: RecoverNews) => port.postMessage(news)
  const onDamage = (damage: unknown) => tell({ news: 'damaged', detail: JSON.stringify(damage) })
  const scan = await scanJournal(start.journal, { onDamage, ...(start.below === null ? {} : { below: start.below }) })
  for (const { lane, committed, until } of start.lanes) {
    const found = scan.lanes.get(lane)
    if (found) {
      const builder = new ColumnBuilder()
      // Rows are derived while those before them are committed: never more than two lots.
      let committing: Promise<unknown> = Promise.resolve()
      const submit = async (position: number) => {
        await committing
        await store.submit(lane, position, builder.take())
      }
      const commit = async (position: number) => {
        await submit(position)
        committing = store.commit()
        // Its failure is met by whoever waits for it next.
        committing.catch(() => {})
      }
      const from = found.states.findLast((position) => position <= committed) ?? found.first
      const last = await recoverLane(readLane(scan, lane, from, { onDamage }), adapterOf, builder, {
        committed,
        ...(until === undefined ? {} : { until }),
        onRecord: (position) => (builder.bytes < COMMIT_BYTES ? undefined : commit(position)),
      })
      await submit(last)
    }
    tell({ news: 'recovered', lane, records: found ? found.last - committed : 0 })
  }
  start.store.close()
}
