import type { Channel } from '../../model/dataset.js'

/** Tables that can be subscribed, with our channel that each serves. */
export const TABLES: ReadonlyMap<string, Channel | undefined> = new Map<string, Channel | undefined>([
  ['trade', 'trades'],
  ['orderBookL2', 'book'],
  ['orderBookL2_25', 'book'],
  ['orderBook10', 'book'],
  ['quote', 'quotes'],
  ['tradeBin1m', 'ohlc'],
  ['tradeBin5m', 'ohlc'],
  ['tradeBin1h', 'ohlc'],
  ['tradeBin1d', 'ohlc'],
  ['instrument', 'mark_price'],
  ['funding', 'funding'],
  ['liquidation', 'liquidations'],
  ['settlement', undefined],
  ['insurance', undefined],
])

export const KEYS: Readonly<Record<string, readonly string[]>> = {
  orderBookL2: ['symbol', 'id', 'side'],
  orderBookL2_25: ['symbol', 'id', 'side'],
  orderBook10: ['symbol'],
  instrument: ['symbol'],
  liquidation: ['orderID'],
}

export interface Topic {
  readonly table: string
  /** Undefined: all. */
  readonly symbol: string | undefined
}

/** `trade:XBTUSD`, or `trade` for all symbols. */
export function parseTopic(text: string): Topic {
  const [table = '', symbol] = text.split(':')
  return { table, symbol: symbol || undefined }
}

export function message(table: string, action: string, rows: readonly object[]): string {
  return JSON.stringify({ table, action, data: rows })
}

/** The table as it stands, with what describes it. */
export function partial({ table, symbol }: Topic, rows: readonly object[]): string {
  const keys = KEYS[table] ?? []
  const filter = symbol === undefined ? {} : { symbol }
  return JSON.stringify({ table, action: 'partial', keys, types: {}, filter, data: rows })
}
