import type { ExchangeAdapter } from '../exchanges/exchange.js'
import type { Kind } from '../model/dataset.js'
import type { LedgerFact } from '../model/ledger.js'
import type { PlacedRecord } from '../model/record.js'
import type { Rows } from '../model/row.js'
import { Deriver } from './deriver.js'
import type { Sink } from './sink.js'

/** Lets rows through only once it is opened: what is committed already is derived again, but not stored again. */
class Gate implements Sink {
  open = false
  private readonly sink: Sink

  constructor(sink: Sink) {
    this.sink = sink
  }

  row<K extends Kind>(kind: K, dataset: string, row: Rows[K]): void {
    if (this.open) this.sink.row(kind, dataset, row)
  }

  fact(fact: LedgerFact): void {
    this.sink.fact(fact)
  }
}

export interface LaneRecovery {
  /** Position up to which (inclusive) the lane is stored; -1 when nothing is. */
  readonly committed: number
  /** The lane lives on: derive up to this position (inclusive) only, and end nothing. */
  readonly until?: number
  /** Called after each record, so that the sink can be emptied now and then. */
  readonly onRecord?: (position: number, gateOpen: boolean) => Promise<void> | void
}

/**
 * Derives a lane of a process that ended, from its newest state at or before the committed position (or its beginning) to its end. Rows up to
 * `committed` are not handed over again. Unless the lane lives on, connections that were open at the end become breaks `PROCESS_CRASHED`. Returns the last position.
 */
export async function recoverLane(
  records: AsyncIterable<PlacedRecord>,
  adapter: (exchange: string) => ExchangeAdapter,
  sink: Sink,
  { committed, until, onRecord }: LaneRecovery,
): Promise<number> {
  const gate = new Gate(sink)
  let deriver = new Deriver(adapter, gate)
  let last = committed
  let ended = false
  for await (const { position, record } of records) {
    gate.open = position > committed
    if (record.type === 'state' && position <= committed) {
      const restored = new Deriver(adapter, gate)
      if (restored.restore(record.body)) deriver = restored
    } else deriver.process(record)
    if (record.type === 'end') ended = true
    if (position > last) last = position
    const done = onRecord?.(position, gate.open)
    if (done) await done
    if (position === until) break
  }
  gate.open = true
  if (!ended && until === undefined) deriver.crashed()
  deriver.flush()
  return last
}
