import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalRows, columnList, fileOrder } from './canonical.js'

type Kind = 'trades' | 'ohlc' | 'funding' | 'mark_price' | 'liquidations'
interface Row {
  readonly time: number
  readonly id: string | null
  readonly price: number
  readonly source: 'stream' | 'backfill' | 'archive'
  readonly connection: number
  readonly frame: number
  readonly row: number
}

const instance = DuckDBInstance.create(':memory:')

/** The rows as a table in SQL; receive time follows the frame. */
function table(kind: Kind, rows: readonly Row[]): string {
  const values = rows.map(({ time, id, price, source, connection, frame, row }) => {
    const stamp = (n: number) => `make_timestamp_ns(${n}::BIGINT)`
    const origin = `${(BigInt(connection) << 36n) + BigInt(frame)}::BIGINT, ${row}`
    const number = `${price}::DOUBLE, NULL::VARCHAR`
    const from = `${id === 'x' ? 'NULL::TIMESTAMP_NS' : stamp(time)}, ${stamp(frame)}`
    if (kind === 'mark_price') return `(${from}, ${number}, '${source}', ${origin})`
    if (kind === 'funding')
      return `(${from}, ${number}, ${number}, NULL::TIMESTAMP_NS, 28800::BIGINT, ${price === 1}, '${source}', ${origin})`
    if (kind === 'liquidations')
      return `(${stamp(time)}, ${stamp(frame)}, ${id === null ? 'NULL::VARCHAR' : `'${id}'`}, 'sell', ${number}, ${number}, ${number}, '${source}', ${origin})`
    return kind === 'trades'
      ? `(${stamp(time)}, ${stamp(frame)}, ${id === null ? 'NULL::VARCHAR' : `'${id}'`}, ${price}::DOUBLE, NULL::VARCHAR, 1::DOUBLE, NULL::VARCHAR, 'buy', '${source}', ${origin})`
      : `(${stamp(time)}, NULL::TIMESTAMP_NS, ${stamp(frame)}, ${`${price}::DOUBLE, NULL::VARCHAR, `.repeat(6)}1::BIGINT, ${`${price}::DOUBLE, NULL::VARCHAR, `.repeat(2)}'${source}', ${origin})`
  })
  if (values.length === 0) return `${table(kind, [DUMMY])} WHERE false`
  return `SELECT * FROM (VALUES ${values.join(', ')}) AS t(${columnList(kind)})`
}
const DUMMY: Row = { time: 0, id: null, price: 0, source: 'stream', connection: 1, frame: 0, row: 0 }

let merged: (kind: Kind, ...sources: string[]) => Promise<string[]>
let close: () => void
beforeAll(async () => {
  const connection = await (await instance).connect()
  merged = async (kind, ...sources) => {
    const query = canonicalRows(kind, sources.join(' UNION ALL '))
    const result = await connection.runAndReadAll(`SELECT * FROM (${query}) ORDER BY ${fileOrder(kind)}`)
    return result.getRowsJson().map((row) => JSON.stringify(row))
  }
  close = () => connection.closeSync()
})
afterAll(() => close())

/** One place in the input belongs to one row: a frame and row number never stand for two. */
const distinct = (rows: fc.Arbitrary<Row>) =>
  fc.uniqueArray(rows, { maxLength: 12, selector: ({ connection, frame, row }) => `${connection} ${frame} ${row}` })
const row = (id: fc.Arbitrary<string | null>, connections: number) =>
  fc.record({
    time: fc.integer({ min: 0, max: 3 }),
    id,
    price: fc.integer({ min: 1, max: 2 }),
    source: fc.constantFrom('stream', 'backfill', 'archive'),
    connection: fc.integer({ min: 1, max: connections }),
    frame: fc.integer({ min: 0, max: 5 }),
    row: fc.integer({ min: 0, max: 2 }),
  })

describe('the canonical merge', () => {
  const withId = distinct(row(fc.constantFrom('1', '2', '10', 'x'), 3))
  const oneConnection = distinct(row(fc.constant(null), 1))
  it.each([
    ['trades with an id', 'trades', withId],
    ['trades without an id of one connection', 'trades', oneConnection],
    ['candles', 'ohlc', distinct(row(fc.constant(null), 3))],
    ['liquidations with an id', 'liquidations', withId],
    ['liquidations without an id of one connection', 'liquidations', oneConnection],
    ['mark prices, with and without a time', 'mark_price', withId],
    ['funding rates, charged and standing', 'funding', withId],
  ] as const)('of %s is idempotent, commutative and associative', async (_, kind, rows) => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), async (all, i, j) => {
        const [low, high] = [Math.min(i, j), Math.max(i, j)]
        const [a, b, c] = [all.slice(0, low), all.slice(low, high), all.slice(high)].map((part) => table(kind, part))
        if (!a || !b || !c) throw new Error('three parts')
        const whole = await merged(kind, table(kind, all))
        expect(await merged(kind, c, b, a)).toEqual(whole)
        expect(await merged(kind, canonicalRows(kind, `${a} UNION ALL ${b}`), c)).toEqual(whole)
        expect(await merged(kind, a, canonicalRows(kind, `${b} UNION ALL ${c}`))).toEqual(whole)
        expect(await merged(kind, canonicalRows(kind, table(kind, all)), b)).toEqual(whole)
      }),
      { numRuns: 20 },
    )
  })

  it('stores a trade once whichever way it came, as the stream gave it', async () => {
    const stream = { ...DUMMY, id: '7', price: 1, frame: 50 }
    const page = { ...stream, source: 'backfill' as const, connection: 2, frame: 3, price: 2 }
    const [only, ...more] = await merged('trades', table('trades', [page, stream]))
    expect(more).toEqual([])
    expect(only).toContain('"stream"')
  })

  it('keeps two equal trades without an id in one frame, and not those of a second connection', async () => {
    const twice = [DUMMY, { ...DUMMY, row: 1 }]
    const again = [
      { ...DUMMY, connection: 2, frame: 1 },
      { ...DUMMY, connection: 2, frame: 2 },
    ]
    expect(await merged('trades', table('trades', [...again, ...twice]))).toEqual(
      await merged('trades', table('trades', twice)),
    )
    expect(await merged('trades', table('trades', twice))).toHaveLength(2)
  })

  it('keeps a rate that was charged beside the one that stood at the same instant', async () => {
    const rows = [DUMMY, { ...DUMMY, price: 1, source: 'backfill' as const, connection: 2 }]
    expect(await merged('funding', table('funding', [{ ...DUMMY, price: 2 }, ...rows]))).toHaveLength(2)
  })

  it('orders ids as numbers where they are numbers', async () => {
    const rows = ['10', '9', 'b', 'a'].map((id, frame) => ({ ...DUMMY, id, frame }))
    const ids = (await merged('trades', table('trades', rows))).map((text) => (JSON.parse(text) as unknown[])[2])
    expect(ids).toEqual(['a', 'b', '9', '10'])
  })

  it('lets an archived candle replace a streamed one, and a later one an earlier of the same source', async () => {
    const rows = [
      { ...DUMMY, price: 1, frame: 9 },
      { ...DUMMY, price: 2, source: 'archive' as const, frame: 1 },
      { ...DUMMY, price: 3, source: 'archive' as const, frame: 2 },
    ]
    const [only] = await merged('ohlc', table('ohlc', rows))
    expect((JSON.parse(only ?? '[]') as unknown[])[3]).toBe(3)
  })
})
