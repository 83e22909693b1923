import type { Instrument } from '../model/instrument.js'
import type { Nanos } from '../model/time.js'
import { parseInstruments } from './saved-instruments.js'
import { bigintOf, type Sqlite, textOf } from './sqlite.js'

/** One row for each form that an instrument was listed in, from when it was first seen so until it was seen otherwise, or not at all. */
export const LISTINGS_TABLE = `
CREATE TABLE IF NOT EXISTS listings (
  exchange TEXT NOT NULL, symbol TEXT NOT NULL, from_time INTEGER NOT NULL, until_time INTEGER, body TEXT NOT NULL,
  PRIMARY KEY (exchange, symbol, from_time)) STRICT, WITHOUT ROWID;
`

/** Keeps what the list says from now on. What did not change writes nothing. */
export function saveListing(db: Sqlite, exchange: string, list: readonly Instrument[], now: Nanos): void {
  const open = new Map(
    db
      .all('SELECT symbol, body FROM listings WHERE exchange = ? AND until_time IS NULL', exchange)
      .map((row) => [textOf(row, 'symbol'), textOf(row, 'body')]),
  )
  const end = (symbol: string) =>
    db.run(
      'UPDATE listings SET until_time = ? WHERE exchange = ? AND symbol = ? AND until_time IS NULL',
      now,
      exchange,
      symbol,
    )
  for (const instrument of list) {
    const { symbol } = instrument
    const body = JSON.stringify(instrument)
    const before = open.get(symbol)
    open.delete(symbol)
    if (before === body) continue
    if (before !== undefined) end(symbol)
    db.run('INSERT OR REPLACE INTO listings VALUES (?, ?, ?, NULL, ?)', exchange, symbol, now, body)
  }
  for (const symbol of open.keys()) end(symbol)
}

/** What was listed at an instant, as far as this data folder saw it. */
export function listingAt(db: Sqlite, exchange: string, at: Nanos): Instrument[] {
  const bodies = db
    .all(
      'SELECT body FROM listings WHERE exchange = ? AND from_time <= ? AND (until_time IS NULL OR until_time > ?) ORDER BY symbol',
      exchange,
      at,
      at,
    )
    .map((row) => textOf(row, 'body'))
  return parseInstruments(`[${bodies.join(',')}]`) ?? []
}

/** Since when lists of an exchange are kept; `undefined` when none is. */
export function listedSince(db: Sqlite, exchange: string): Nanos | undefined {
  const [row] = db.all('SELECT min(from_time) AS since FROM listings WHERE exchange = ?', exchange)
  return row && row.since !== null ? bigintOf(row, 'since') : undefined
}
