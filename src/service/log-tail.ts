import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SECOND } from '../model/time.js'
import { type LogFilter, type LogLine, type LogPort, nanosOf, parseLogLine, passes } from './log-lines.js'

const CHUNK = 64 * 1024
/** At most so much is looked through for lines that match. */
const MOST_BYTES = 64 * 1024 * 1024

/** Lines are in the order of their time but for steps of the clock: what is so much older ends the search. */
const CLOCK_BACK = 3600n * SECOND

/** Reads the log files of a folder back, from the newest line on. */
export function logTail(folder: string): Pick<LogPort, 'tail'> {
  return {
    async tail(filter, signal) {
      const found: LogLine[] = []
      let left = MOST_BYTES
      for (const file of await newestFirst(folder)) {
        left -= await linesFromEnd(file, left, filter, found, signal)
        if (found.length >= filter.tail || left <= 0 || signal.aborted) break
      }
      return found.reverse()
    },
  }
}

async function newestFirst(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => /\.log(\.\d+)?$/.test(name))
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      return { path, time: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 }
    }),
  )
  return files.sort((a, b) => b.time - a.time).map(({ path }) => path)
}

/** Adds lines that match to `found`, newest first, and returns how many bytes were read. */
async function linesFromEnd(
  path: string,
  most: number,
  filter: LogFilter,
  found: LogLine[],
  signal: AbortSignal,
): Promise<number> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return 0
  try {
    const { size } = await file.stat()
    let at = size
    let rest = Buffer.alloc(0)
    while (at > 0 && size - at < most && !signal.aborted) {
      const length = Math.min(CHUNK, at)
      at -= length
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, at)
      const text = Buffer.concat([buffer, rest])
      // The first line may have begun earlier.
      const cut = at === 0 ? 0 : text.indexOf(10) + 1
      rest = cut === 0 && at > 0 ? text : text.subarray(0, cut)
      if (cut === 0 && at > 0) continue
      for (const line of text.subarray(cut).toString('utf8').split('\n').reverse()) {
        const parsed = line === '' ? undefined : parseLogLine(line)
        if (!parsed) continue
        if (filter.since !== undefined && nanosOf(parsed) < filter.since - CLOCK_BACK) return MOST_BYTES
        if (!passes(parsed, filter)) continue
        found.push(parsed)
        if (found.length >= filter.tail) return size - at
      }
    }
    return size - at
  } finally {
    await file.close()
  }
}
