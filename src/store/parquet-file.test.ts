import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance, DuckDBTimestampNanosecondsValue } from '@duckdb/node-api'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readParquet } from '../../testkit/parquet.js'
import { withFolder } from '../../testkit/store-rows.js'
import { type Encoded, encodeDoubles, encodeInt32, encodeInt64, encodeTexts } from './parquet-encodings.js'
import { type ParquetColumn, type ParquetType, parquetFile } from './parquet-file.js'

type Cell = bigint | number | string | null

/** So many that blocks, samples and groups of eight end within them. */
const LENGTHS = [1, 2, 7, 8, 9, 31, 33, 127, 128, 129, 130, 257, 1023, 1024, 1025, 2500]

const encode: Readonly<Record<Exclude<ParquetType, 'TIMESTAMP_NS'>, (cells: readonly Cell[]) => Encoded>> = {
  BIGINT: (cells) => encodeInt64(BigInt64Array.from(cells, (cell) => BigInt(cell ?? 0))),
  INTEGER: (cells) => encodeInt32(Int32Array.from(cells, Number)),
  DOUBLE: (cells) => encodeDoubles(Float64Array.from(cells, Number)),
  VARCHAR: (cells) => encodeTexts(cells.map(String)),
}

function column(name: string, type: ParquetType, cells: readonly Cell[]): ParquetColumn {
  const there = cells.filter((cell) => cell !== null)
  const values = encode[type === 'TIMESTAMP_NS' ? 'BIGINT' : type](there)
  if (there.length === cells.length) return { name, type, values }
  if (there.length === 0)
    return { name, type, values: { encoding: 'plain', bytes: new Uint8Array(0) }, present: 'none' }
  return { name, type, values, present: Uint8Array.from(cells, (cell) => Number(cell !== null)) }
}

/** What DuckDB, and a reader that is not DuckDB, see of each column. */
async function read(path: string, groups: readonly (readonly ParquetColumn[])[], rows: readonly number[]) {
  const file = groups.map((columns, index) => ({ rows: rows[index] ?? 0, columns }))
  await writeFile(path, parquetFile(file))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const seen = (await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`)).getColumnsObject()
  connection.closeSync()
  instance.closeSync()
  const other = await readParquet(path)
  const names = Object.keys(seen)
  return {
    duckdb: Object.fromEntries(
      names.map((name) => [
        name,
        seen[name]?.map((cell) => (cell instanceof DuckDBTimestampNanosecondsValue ? cell.nanos : cell)),
      ]),
    ),
    other: Object.fromEntries(names.map((name) => [name, other.map((row) => row[name] ?? null)])),
  }
}

const int64 = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(-1000n, 1000n) },
  fc.bigInt(1_700_000_000_000_000_000n, 1_700_000_100_000_000_000n),
  fc.bigInt(-(2n ** 63n) + 1n, 2n ** 63n - 1n),
)
const cells: Readonly<Record<ParquetType, fc.Arbitrary<Cell>>> = {
  BIGINT: int64,
  TIMESTAMP_NS: fc.bigInt(1_700_000_000_000_000_000n, 1_700_000_000_900_000_000n),
  INTEGER: fc.oneof(fc.integer({ min: -5, max: 5000 }), fc.integer()),
  DOUBLE: fc.oneof(fc.constantFrom(0.1, 1e300, -0, 5e-324, 64_000.01), fc.double({ noNaN: true })),
  VARCHAR: fc.oneof(
    fc.constantFrom('buy', 'sell'),
    fc.bigInt(1n, 10n ** 20n).map(String),
    fc.string({ unit: 'grapheme' }),
  ),
}
const types = ['BIGINT', 'TIMESTAMP_NS', 'INTEGER', 'DOUBLE', 'VARCHAR'] as const

/** A few different cells, or as many as there are rows; some of them null, all, or none. */
function listOf(type: ParquetType, rows: number): fc.Arbitrary<Cell[]> {
  const few = fc.array(cells[type], { minLength: 1, maxLength: 40 })
  const pick = fc.tuple(few, fc.integer({ min: 1, max: 97 }), fc.constantFrom(0, 0, 3, 1), fc.boolean())
  return pick.map(([pool, step, nullEach, rising]) =>
    Array.from({ length: rows }, (_, row): Cell => {
      if (nullEach > 0 && row % nullEach === 0) return null
      const cell = pool[(row * step) % pool.length] ?? null
      if (!rising || rows <= pool.length || cell === null) return cell
      if (type === 'BIGINT' || type === 'TIMESTAMP_NS') return 1_700_000_000_000_000_000n + BigInt(row * step * step)
      if (type === 'VARCHAR') return `${4_000_000_000 + row * step}`
      return type === 'DOUBLE' ? row * 0.01 : row % 1000
    }),
  )
}

it('values of any kind and number are read by DuckDB, and by a reader that is not DuckDB, as they were written', () =>
  withFolder(async (folder) => {
    const file = fc
      .tuple(fc.constantFrom(...LENGTHS), fc.constantFrom(...LENGTHS))
      .chain((rows) =>
        fc.tuple(
          fc.constant(rows),
          fc.tuple(...rows.map((each) => fc.tuple(...types.map((type) => listOf(type, each))))),
        ),
      )
    let number = 0
    await fc.assert(
      fc.asyncProperty(file, async ([rows, groups]) => {
        const columns = groups.map((lists) => types.map((type, index) => column(type, type, lists[index] ?? [])))
        const path = join(folder, `${number++}.parquet`)
        const { duckdb, other } = await read(path, columns, rows)
        for (const [index, type] of types.entries()) {
          const wanted = groups.flatMap((lists) => lists[index] ?? [])
          expect(duckdb[type]).toEqual(wanted)
          expect(other[type]).toEqual(wanted)
        }
      }),
      { numRuns: 40 },
    )
  }))

it('each way to write values is taken where it pays', () => {
  const rising = Array.from({ length: 3000 }, (_, row) => row)
  expect(encodeInt64(BigInt64Array.from(rising, BigInt)).encoding).toBe('delta')
  expect(encodeInt64(BigInt64Array.from(rising, (row) => BigInt(row % 2) * 2n ** 62n)).encoding).toBe('plain')
  expect(encodeDoubles(Float64Array.from(rising, (row) => row % 100)).encoding).toBe('dictionary')
  expect(encodeDoubles(Float64Array.from(rising)).encoding).toBe('plain')
  expect(encodeTexts(rising.map((row) => `${row % 2}`)).encoding).toBe('dictionary')
  expect(encodeTexts(rising.map(String)).encoding).toBe('deltaText')
  expect(encodeTexts(rising.map((row) => `€${row}`)).encoding).toBe('plain')
})
