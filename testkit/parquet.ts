import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/** Parquet files below a folder that anybody who globs would see; hidden folders are the store's own business. */
export function visibleFiles(folder: string): string[] {
  const found: string[] = []
  for (const name of readdirSync(folder)) {
    if (name === '.dccd') continue
    const path = join(folder, name)
    if (statSync(path).isDirectory()) found.push(...visibleFiles(path))
    else if (name.endsWith('.parquet')) found.push(path)
  }
  return found.sort()
}

/** All rows of a file, read by an engine that is not ours; times as exact nanoseconds. */
export async function readParquet(path: string): Promise<Record<string, unknown>[]> {
  const bytes = readFileSync(path)
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
  return await parquetReadObjects({
    file,
    compressors,
    parsers: { timestampFromNanoseconds: (nanos: bigint) => nanos },
  })
}

/** The rows of every visible file of one dataset, in the order of the files. */
export async function readDataset(
  data: string,
  exchange: string,
  kind: string,
  pair: string,
  interval?: string,
): Promise<Record<string, unknown>[]> {
  const parts = [`exchange=${exchange}`, `kind=${kind}`, `pair=${pair.replace(/[/:]/g, '-')}`]
  const folder = join(data, ...parts, ...(interval === undefined ? [] : [`interval=${interval}`]))
  if (!existsSync(folder)) return []
  const files: Record<string, unknown>[][] = []
  for (const path of visibleFiles(folder)) files.push(await readParquet(path))
  return files.flat()
}
