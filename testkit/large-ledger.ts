import type { Nanos } from '../src/model/time.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { Store } from '../src/store/store.js'
import { FakeClock } from './fake-clock.js'

/** A ledger of years: every dataset was held and lost by turns, up to `until`. */
export interface LargeLedger {
  /** Keys of datasets. */
  readonly datasets: readonly string[]
  /** Held and lost stretches of all of them together. */
  readonly intervals: number
  readonly until: Nanos
  /** Of a stretch. */
  readonly length: Nanos
}

/** Writes such a ledger into a data folder that nobody else has open. */
export async function writeLargeLedger(dataPath: string, large: LargeLedger): Promise<void> {
  const { datasets, intervals, until, length } = large
  const each = Math.floor(intervals / datasets.length)
  const from = until - length * BigInt(each)
  const store = await Store.open({ dataPath, clock: new FakeClock(until), threads: 1 })
  const builder = new ColumnBuilder()
  for (const dataset of datasets) {
    builder.fact({ fact: 'wanted', dataset, from, until })
    for (let at = 0n; at < each; at++) {
      const start = from + length * at
      if (at % 2n === 1n)
        builder.fact({ fact: 'break', dataset, at: start, code: 'CONNECTION_LOST', detail: 'the socket closed' })
      else
        builder.fact({
          fact: 'held',
          dataset,
          run: at,
          from: start,
          until: start + length,
          proof: 'observed',
          before: null,
          last: null,
        })
    }
  }
  await store.submit(await store.allocateLane(), 0, builder.take())
  await store.commit()
  await store.close()
}
