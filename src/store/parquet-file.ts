import { ENCODINGS, type Encoded, encodeLevels, joined } from './parquet-encodings.js'
import { encodeThrift, type ThriftStruct, type ThriftValue } from './thrift.js'

/** How values stand in the file, and what they mean (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift). */
const TYPES = {
  INTEGER: { physical: 1 },
  BIGINT: { physical: 2 },
  /** Nanoseconds since 1970, in no time zone. */
  TIMESTAMP_NS: {
    physical: 2,
    logical: [
      [
        8,
        {
          struct: [
            [1, { bool: false }],
            [2, { struct: [[3, { struct: [] }]] }],
          ],
        },
      ],
    ],
  },
  DOUBLE: { physical: 5 },
  VARCHAR: { physical: 6, converted: 0, logical: [[1, { struct: [] }]] },
} as const satisfies Readonly<
  Record<string, { readonly physical: number; readonly converted?: number; readonly logical?: ThriftStruct }>
>

export type ParquetType = keyof typeof TYPES

/** A column: `present` where not every row has a value, 1 for those that have; `least` and `most` where they are known, plainly encoded. */
export interface ParquetColumn {
  readonly name: string
  readonly type: ParquetType
  readonly present?: Uint8Array | 'none'
  readonly values: Encoded
  readonly least?: Uint8Array
  readonly most?: Uint8Array
}

const MAGIC = Buffer.from('PAR1', 'latin1')

/** Rows that stand together in a file: all groups of it have the same columns. */
export interface ParquetRows {
  readonly rows: number
  readonly columns: readonly ParquetColumn[]
}

/** A whole Parquet file: one page for each column of a group, not compressed. */
export function parquetFile(groups: readonly ParquetRows[]): Uint8Array {
  const parts: Uint8Array[] = [MAGIC]
  let at = MAGIC.length
  const add = (part: Uint8Array) => {
    parts.push(part)
    at += part.length
  }
  const columns = groups[0]?.columns ?? []
  const nullable = columns.map((_, index) => groups.some((group) => group.columns[index]?.present !== undefined))
  const written = groups.map((group): ThriftValue => {
    const start = at
    const chunks = group.columns.map((column, index) => addChunk(column, group.rows, nullable[index] ?? false))
    return {
      struct: [
        [1, { list: chunks }],
        [2, i64(at - start)],
        [3, i64(group.rows)],
      ],
    }
  })
  const schema = columns.map((column, index) => schemaOf(column, nullable[index] ?? false))
  const footer = encodeThrift([
    [1, i32(1)],
    [
      2,
      {
        list: [
          {
            struct: [
              [4, { binary: 'rows' }],
              [5, i32(columns.length)],
            ],
          },
          ...schema,
        ],
      },
    ],
    [3, i64(groups.reduce((sum, { rows }) => sum + rows, 0))],
    [4, { list: written }],
    [6, { binary: 'dccd' }],
  ])
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, footer.length, true)
  return joined([...parts, footer, length, MAGIC])

  function addChunk(column: ParquetColumn, rows: number, isNullable: boolean): ThriftValue {
    const { name, type, present, values, least, most } = column
    const start = at
    const { dictionary } = values
    if (dictionary) {
      add(
        pageHeader(2, dictionary.bytes.length, [
          7,
          [
            [1, i32(dictionary.values)],
            [2, i32(ENCODINGS.plain)],
          ],
        ]),
      )
      add(dictionary.bytes)
    }
    const page = at
    const levels = isNullable ? encodeLevels(rows, present ?? 'all') : new Uint8Array(0)
    const [encoding, rle] = [i32(ENCODINGS[values.encoding]), i32(ENCODINGS.rle)]
    add(
      pageHeader(0, levels.length + values.bytes.length, [
        5,
        [
          [1, i32(rows)],
          [2, encoding],
          [3, rle],
          [4, rle],
        ],
      ]),
    )
    add(levels)
    add(values.bytes)
    const encodings = { list: [encoding, rle, ...(dictionary ? [i32(ENCODINGS.plain)] : [])] }
    const known =
      least && most
        ? ([
            [5, { binary: most }],
            [6, { binary: least }],
          ] as const)
        : []
    const about: ThriftStruct = [
      [1, i32(TYPES[type].physical)],
      [2, encodings],
      [3, { list: [{ binary: name }] }],
      [4, i32(0)],
      [5, i64(rows)],
      [6, i64(at - start)],
      [7, i64(at - start)],
      [9, i64(page)],
      [11, dictionary ? i64(start) : undefined],
      [12, { struct: [[3, i64(nullsOf(rows, present))], ...known] }],
    ]
    return {
      struct: [
        [2, i64(start)],
        [3, { struct: about }],
      ],
    }
  }
}

function nullsOf(rows: number, present: ParquetColumn['present']): number {
  if (present === undefined) return 0
  return present === 'none' ? rows : present.reduce((sum, one) => sum - one, rows)
}

function schemaOf({ name, type }: ParquetColumn, isNullable: boolean): ThriftValue {
  const { physical, ...more } = TYPES[type]
  return {
    struct: [
      [1, i32(physical)],
      [3, i32(isNullable ? 1 : 0)],
      [4, { binary: name }],
      [6, 'converted' in more ? i32(more.converted) : undefined],
      [10, 'logical' in more ? { struct: more.logical } : undefined],
    ],
  }
}

function pageHeader(type: number, bytes: number, [id, own]: readonly [number, ThriftStruct]): Uint8Array {
  return encodeThrift([
    [1, i32(type)],
    [2, i32(bytes)],
    [3, i32(bytes)],
    [id, { struct: own }],
  ])
}

const i32 = (value: number): ThriftValue => ({ i32: value })
const i64 = (value: number): ThriftValue => ({ i64: value })
