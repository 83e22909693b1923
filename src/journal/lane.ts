import type { JournalRecord } from '../model/record.js'

/** One worker's way into the journal: from its start to its end. */
export interface LaneWriter {
  readonly lane: number
  /** Takes the record into the lane's buffer and returns its position. Nothing is acknowledged before `durable` has reached it. */
  append(record: JournalRecord): number
  /** Position up to which (inclusive) records are safe on disk; -1 at first. */
  readonly durable: number
  /** Bytes taken and not yet durable: bounded by the owner (durability B1). */
  readonly pendingBytes: number
  /** Resolves once `position` is durable; rejects with STORE_FAILED or DISK_FULL when the journal gave up. */
  whenDurable(position: number): Promise<void>
}
