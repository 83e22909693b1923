import { zipSync } from 'fflate'
import { CollectorError } from '../model/error.js'
import type { ExportTable, Value } from './table.js'

// What hftbacktest reads (https://hftbacktest.readthedocs.io/en/latest/data.html): an array `data` of these records, little-endian.
const DTYPE =
  "[('ev', '<u8'), ('exch_ts', '<i8'), ('local_ts', '<i8'), ('px', '<f8'), ('qty', '<f8'), ('order_id', '<u8'), ('ival', '<i8'), ('fval', '<f8')]"
const RECORD_BYTES = 64
const DEPTH = 1n
const TRADE = 2n
const CLEAR = 3n
const SNAPSHOT = 4n
const EXCHANGE = 1n << 31n
const LOCAL = 1n << 30n
const BUY = 1n << 29n
const SELL = 1n << 28n

/** Events of one file: it is sorted twice in memory. */
const MOST_EVENTS = 8_000_000

interface Event {
  readonly ev: bigint
  readonly exchange: bigint
  readonly local: bigint
  readonly price: number
  readonly amount: number
}

/**
 * Trades and changes of the book of one pair as an npz file of hftbacktest. A whole book becomes a clear of each side and its levels. Every event stands where
 * the exchange saw it and where we did: one record when both orders agree, two when not. Where the exchange gives no time, ours stands for it, and
 * `fallback` counts those. Throws EXPORT_TOO_LARGE.
 */
export async function hftbacktestBytes(
  trades: ExportTable,
  deltas: ExportTable,
): Promise<{ readonly bytes: Uint8Array; readonly records: number; readonly fallback: number }> {
  const events: Event[] = []
  let fallback = 0
  const add = (ev: bigint, row: Readonly<Record<string, Value>>, amount = Number(row.amount)) => {
    if (events.length >= MOST_EVENTS)
      throw new CollectorError('EXPORT_TOO_LARGE', `there are more than ${MOST_EVENTS} events in this range`)
    const local = typeof row.receive_time === 'bigint' ? row.receive_time : 0n
    if (typeof row.exchange_time !== 'bigint') fallback++
    const exchange = typeof row.exchange_time === 'bigint' ? row.exchange_time : local
    events.push({ ev, exchange, local, price: Number(row.price), amount })
  }
  // Trades first: where a trade and its change of the book are of one instant, the trade comes before.
  for await (const row of trades.rows) add(TRADE | sideOf(row.taker_side ?? null), row)
  let opening: Readonly<Record<string, Value>>[] = []
  const open = () => {
    for (const side of ['bid', 'ask']) {
      const levels = opening.filter((row) => row.side === side)
      const worst = levels.at(-1)
      if (!worst) continue
      add(CLEAR | sideOf(side), worst, 0)
      for (const row of levels) add(SNAPSHOT | sideOf(side), row)
    }
    opening = []
  }
  for await (const row of deltas.rows) {
    if (opening[0] !== undefined && (row.is_snapshot !== true || opening[0].frame !== row.frame)) open()
    if (row.is_snapshot === true) opening.push(row)
    else add(DEPTH | sideOf(row.side ?? null), row)
  }
  open()
  const ordered = inBothOrders(events)
  return {
    bytes: zipSync({ 'data.npy': npy(ordered) }, { level: 6, mtime: 315_532_800_000 }),
    records: ordered.length,
    fallback,
  }
}

function sideOf(side: Value): bigint {
  if (side === 'buy' || side === 'bid') return BUY
  return side === 'sell' || side === 'ask' ? SELL : 0n
}

/** Both orders in one list: an event whose places differ stands at each of them, flagged for the one that sees it there. */
function inBothOrders(events: readonly Event[]): Event[] {
  const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)
  // Stable sorts: at one instant the trades stay in front.
  const seen = [...events].sort((a, b) => compare(a.local, b.local))
  const happened = [...events].sort((a, b) => compare(a.exchange, b.exchange))
  const result: Event[] = []
  let [h, s] = [0, 0]
  for (;;) {
    const [there, here] = [happened[h], seen[s]]
    if (there && there === here) {
      result.push({ ...there, ev: there.ev | EXCHANGE | LOCAL })
      h++
      s++
    } else if (there && (!here || happensFirst(there, here))) {
      result.push({ ...there, ev: there.ev | EXCHANGE })
      h++
    } else if (here) {
      result.push({ ...here, ev: here.ev | LOCAL })
      s++
    } else return result
  }
}

function happensFirst(there: Event, here: Event): boolean {
  return there.exchange < here.exchange || (there.exchange === here.exchange && there.local <= here.local)
}

/** An array of NumPy, format 1.0 (numpy.lib.format). */
function npy(events: readonly Event[]): Uint8Array {
  const text = `{'descr': ${DTYPE}, 'fortran_order': False, 'shape': (${events.length},), }`
  const length = Math.ceil((10 + text.length + 1) / 64) * 64
  const bytes = new Uint8Array(length + events.length * RECORD_BYTES)
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0])
  const view = new DataView(bytes.buffer)
  view.setUint16(8, length - 10, true)
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 11)}\n`), 10)
  events.forEach(({ ev, exchange, local, price, amount }, at) => {
    const start = length + at * RECORD_BYTES
    view.setBigUint64(start, ev, true)
    view.setBigInt64(start + 8, exchange, true)
    view.setBigInt64(start + 16, local, true)
    view.setFloat64(start + 24, price, true)
    view.setFloat64(start + 32, amount, true)
  })
  return bytes
}
