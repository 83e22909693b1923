import { join } from 'node:path'
import { recoverLane } from '../capture/recover-lane.js'
import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { readLane, scanJournal } from '../journal/recover.js'
import { systemClock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import type { RebuildPorts } from '../service/rebuild.js'
import { ColumnBuilder } from '../store/columns.js'
import { Store } from '../store/store.js'

/** Columns are handed over when they hold this much. */
const COMMIT_BYTES = 32 * 1024 * 1024

/** A rebuild as it is done: from the files of the journal, by the code of recovery, into a store in another folder. */
export function rebuildPorts(
  adapterOf: (id: string) => ExchangeAdapter,
  onDamage: (damage: unknown) => void = refuse,
): RebuildPorts & { close(): Promise<void> } {
  let store: Store | undefined
  const scan = (dataPath: string) => scanJournal(join(dataPath, '.dccd', 'journal'), { onDamage })
  return {
    lanes: async (dataPath) => [...(await scan(dataPath)).lanes.keys()].sort((a, b) => a - b),
    async derive(dataPath, lane, output) {
      store ??= await openLike(dataPath, output)
      const into = store
      const found = await scan(dataPath)
      const own = await into.allocateLane()
      const builder = new ColumnBuilder()
      let records = 0
      const last = await recoverLane(
        readLane(found, lane, found.lanes.get(lane)?.first ?? 0, { onDamage }),
        adapterOf,
        builder,
        {
          committed: -1,
          onRecord: async (position) => {
            records++
            if (builder.bytes < COMMIT_BYTES) return
            await into.submit(own, position, builder.take())
            await into.commit()
          },
        },
      )
      await into.submit(own, last, builder.take())
      await into.commit()
      return records
    },
    async publish() {
      await store?.publish({ all: true })
      await store?.close()
    },
    /** Leaves everything unpublished. */
    close: async () => store?.close(),
  }
}

/** A store whose files hold the same stretches of time as those of the data. */
async function openLike(dataPath: string, output: string): Promise<Store> {
  const store = await Store.open({ dataPath: output, clock: systemClock() })
  await store.adoptLayout(dataPath)
  return store
}

function refuse(damage: unknown): never {
  throw new CollectorError('JOURNAL_DAMAGED', `the journal cannot be read whole: ${JSON.stringify(damage)}`)
}
