import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LedgerFact } from '../src/model/ledger.js'
import type { BookDeltaRow, OhlcRow, TradeRow } from '../src/model/row.js'
import { dayOf, type Nanos, SECOND } from '../src/model/time.js'
import { type ColumnBatch, ColumnBuilder } from '../src/store/columns.js'

/** 2026-11-23T10:00:00Z */
export const TEN: Nanos = 1_795_428_000n * SECOND
export const TRADES = 'binance trades BTC/USDT'

/** A trade as a stream gives it; `n` numbers frame, id and time. */
export function trade(n: number, more: Partial<TradeRow> = {}): TradeRow {
  const exchange_time = TEN + BigInt(n) * SECOND
  return {
    exchange_time,
    receive_time: exchange_time + 5_000_001n,
    frame: (1n << 36n) + BigInt(n),
    row: 0,
    day: dayOf(exchange_time),
    trade_id: String(n),
    price: '65000.1',
    amount: '0.5',
    taker_side: 'buy',
    source: 'stream',
    ...more,
  }
}

export function delta(n: number, more: Partial<BookDeltaRow> = {}): BookDeltaRow {
  const exchange_time = TEN + BigInt(n) * SECOND
  return {
    exchange_time,
    receive_time: exchange_time + 1n,
    frame: (1n << 36n) + BigInt(n),
    row: 0,
    day: dayOf(exchange_time),
    first_sequence: BigInt(n),
    last_sequence: null,
    is_snapshot: n === 0,
    side: n % 2 === 0 ? 'bid' : 'ask',
    price: String(100 + n),
    amount: '1',
    ...more,
  }
}

export function candle(n: number, more: Partial<OhlcRow> = {}): OhlcRow {
  const open_time = TEN + BigInt(n) * 60n * SECOND
  return {
    open_time,
    exchange_time: null,
    receive_time: open_time + 60n * SECOND,
    frame: (1n << 36n) + BigInt(n),
    row: 0,
    day: dayOf(open_time),
    open: '1',
    high: '2',
    low: '0.5',
    close: '1.5',
    volume: '10',
    quote_volume: null,
    trades: 7n,
    taker_buy_volume: null,
    vwap: null,
    source: 'stream',
    ...more,
  }
}

export function tradesBatch(
  rows: readonly TradeRow[],
  facts: readonly LedgerFact[] = [],
  dataset = TRADES,
): ColumnBatch {
  const builder = new ColumnBuilder()
  for (const row of rows) builder.row('trades', dataset, row)
  for (const fact of facts) builder.fact(fact)
  return builder.take()
}

/** A folder of its own for one test. */
export async function withFolder(work: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'dccd-test-'))
  try {
    await work(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
