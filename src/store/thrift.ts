/**
 * A field of a struct: whole numbers as `i32` or `i64`, texts and bytes, lists of one of these, structs. The subset of Thrift's compact protocol
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md) that the metadata of Parquet takes.
 */
export type ThriftValue =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly bool: boolean }
  | { readonly binary: string | Uint8Array }
  | { readonly list: readonly ThriftValue[] }
  | { readonly struct: ThriftStruct }

/** Values by the number of their field, in rising order; absent ones are left out. */
export type ThriftStruct = readonly (readonly [id: number, value: ThriftValue | undefined])[]

export function encodeThrift(struct: ThriftStruct): Uint8Array {
  const out: number[] = []
  writeStruct(out, struct)
  return Uint8Array.from(out)
}

function writeStruct(out: number[], struct: ThriftStruct): void {
  let before = 0
  for (const [id, value] of struct) {
    if (!value) continue
    const type = 'bool' in value ? (value.bool ? 1 : 2) : typeOf(value)
    if (id - before > 15) throw new Error('numbers of fields are near each other')
    out.push(((id - before) << 4) | type)
    before = id
    if (!('bool' in value)) write(out, value)
  }
  out.push(0)
}

function typeOf(value: ThriftValue): number {
  if ('bool' in value) return 1
  if ('i32' in value) return 5
  if ('i64' in value) return 6
  if ('binary' in value) return 8
  return 'list' in value ? 9 : 12
}

function write(out: number[], value: ThriftValue): void {
  if ('i32' in value) varint(out, value.i32 * 2)
  else if ('i64' in value) varint(out, value.i64 * 2)
  else if ('binary' in value) {
    const bytes = typeof value.binary === 'string' ? Buffer.from(value.binary, 'utf8') : value.binary
    varint(out, bytes.length)
    for (const byte of bytes) out.push(byte)
  } else if ('list' in value) {
    const [first] = value.list
    const type = first ? typeOf(first) : 12
    if (value.list.length < 15) out.push((value.list.length << 4) | type)
    else {
      out.push(0xf0 | type)
      varint(out, value.list.length)
    }
    for (const each of value.list) write(out, each)
  } else if ('struct' in value) writeStruct(out, value.struct)
}

/** Not below zero: nothing in the metadata is. */
function varint(out: number[], value: number): void {
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest & 127) | 128)
  out.push(rest)
}
