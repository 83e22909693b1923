import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { CollectorError } from '../model/error.js'

/** What a rebuild needs of journal, derivation and store. */
export interface RebuildPorts {
  /** The lanes that a journal holds, oldest first. */
  lanes(dataPath: string): Promise<readonly number[]>
  /** Derives one lane from its beginning into a store of its own; resolves with the number of records. */
  derive(dataPath: string, lane: number, output: string): Promise<number>
  /** Makes everything in the new folder visible and closes it. */
  publish(output: string): Promise<void>
}

/** How a visible file of the data compares with the one made anew from the journal. */
export interface RebuiltFile {
  readonly path: string
  /** `only_stored`: the journal no longer holds the frames of it; `only_rebuilt`: it is not in the data. */
  readonly result: 'equal' | 'different' | 'only_stored' | 'only_rebuilt'
}

export interface RebuildReport {
  readonly output: string
  readonly lanes: number
  readonly records: number
  readonly files: readonly RebuiltFile[]
}

/**
 * Derives everything that the journal still holds anew, into `output`, by the code that recorded it, and compares the visible files byte by byte. The data
 * itself is only read. Throws USAGE when `output` is not empty.
 */
export async function rebuild(
  dataPath: string,
  output: string,
  ports: RebuildPorts,
  tell: (line: string) => void,
): Promise<RebuildReport> {
  const there = await readdir(output).catch(() => [])
  if (there.length > 0)
    throw new CollectorError('USAGE', `${output} is not empty`, { remedy: 'Give --output a new folder.' })
  const lanes = await ports.lanes(dataPath)
  let records = 0
  for (const [index, lane] of lanes.entries()) {
    const count = await ports.derive(dataPath, lane, output)
    records += count
    tell(`lane ${lane} (${index + 1} of ${lanes.length}): ${count} records`)
  }
  await ports.publish(output)
  const files = await compareTrees(dataPath, output)
  // The ledger of lanes that the journal no longer holds cannot be derived: only a whole journal gives the whole ledger.
  const whole = lanes.every((lane, at) => lane === at + 1)
  const compared = whole ? files : files.filter(({ path }) => !path.includes('/kind=coverage/'))
  return { output, lanes: lanes.length, records, files: compared }
}

async function compareTrees(stored: string, rebuilt: string): Promise<RebuiltFile[]> {
  const [ours, anew] = [await visible(stored), await visible(rebuilt)]
  const paths = [...new Set([...ours, ...anew])].sort()
  const files: RebuiltFile[] = []
  for (const path of paths) {
    if (!anew.has(path)) files.push({ path, result: 'only_stored' })
    else if (!ours.has(path)) files.push({ path, result: 'only_rebuilt' })
    else {
      const equal = (await hash(join(stored, path))) === (await hash(join(rebuilt, path)))
      files.push({ path, result: equal ? 'equal' : 'different' })
    }
  }
  return files
}

async function visible(root: string): Promise<Set<string>> {
  const found = new Set<string>()
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && entry.name !== '.dccd') await walk(path)
      else if (entry.name.endsWith('.parquet')) found.add(relative(root, path))
    }
  }
  await walk(root)
  return found
}

async function hash(path: string): Promise<string> {
  const sum = createHash('sha256')
  for await (const chunk of createReadStream(path)) sum.update(chunk as Uint8Array) // a stream of bytes without an encoding
  return sum.digest('hex')
}
