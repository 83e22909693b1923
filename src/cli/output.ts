import { CollectorError } from '../model/error.js'
import { isoFromNanos, type Nanos } from '../model/time.js'

/** Where a command writes, and what it is told from outside. */
export interface Io {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** To stdout as well, for much of it: resolves once there is room for more. */
  readonly write: (chunk: string | Uint8Array) => Promise<void>
  readonly stdin: AsyncIterable<Uint8Array>
  /** Whether a person looks at stdout, and how wide the screen is. */
  readonly terminal: boolean
  readonly columns: number
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly folder: string
  /** Calls `listener` for each SIGINT or SIGTERM; the returned function ends that. */
  onSignal(listener: () => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

/** Rows as a table: columns aligned, numbers to the right, lines cut to the width of the screen. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  io: Pick<Io, 'terminal' | 'columns'>,
): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const numeric = head.map((_, at) => rows.length > 0 && rows.every((row) => /^[-\d., %:/s]*$/.test(row[at] ?? '')))
  const line = (cells: readonly string[]) => {
    const text = cells
      .map((cell, at) => (numeric[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
    return io.terminal && text.length > io.columns ? `${text.slice(0, Math.max(1, io.columns - 1))}…` : text
  }
  return `${[line(head), ...rows.map(line)].join('\n')}\n`
}

/** A value as JSON: bigints as text, one array or object, indented. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each), 2)}\n`
}

/** An error as two lines: what happened, and what to do. */
export function errorText(error: CollectorError): string {
  return `dccd: ${error.message} [${error.code}]\n      ${error.remedy}\n`
}

/** An instant as people read it: UTC, with no more digits of a second than it has. */
export function timeText(time: Nanos): string {
  return isoFromNanos(time).replace(/\.?0*Z$/, 'Z')
}

/** A number without the noise that sums of doubles leave in their last digit. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(15)))
}

/** A size as people read it. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

export function usage(message: string, remedy?: string): CollectorError {
  return new CollectorError('USAGE', message, remedy === undefined ? {} : { remedy })
}

const USAGE: ReadonlySet<string> = new Set(['USAGE', 'CONFIG_INVALID', 'UNSUPPORTED', 'QUERY_REFUSED', 'QUERY_FAILED'])

/** Exit code of an error: 2 for usage and config, 3 for data that is not what it should be, 1 for all else. */
export function exitCode(error: CollectorError): number {
  if (USAGE.has(error.code)) return 2
  return error.code === 'DATA_FOREIGN' || error.code === 'BAD_MESSAGE' || error.code === 'NO_BOOK' ? 3 : 1
}
