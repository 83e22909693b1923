import type { Nanos } from '../model/time.js'

/** How much a line matters, from least to most. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** One line of the daemon's log. */
export interface LogLine {
  /** ISO time. */
  readonly time: string
  readonly level: LogLevel
  readonly message: string
  /** Everything else that the line says: code, exchange, key and so on. */
  readonly fields: Readonly<Record<string, unknown>>
}

export interface LogFilter {
  /** The newest so many that match. */
  readonly tail: number
  /** This level and those that matter more. */
  readonly level?: LogLevel
  /** Lines that hold this text, whatever the case. */
  readonly search?: string
  /** Lines of this instant or later. */
  readonly since?: Nanos
}

/** The log as it is read back. */
export interface LogPort {
  /** The newest lines that match, oldest first. */
  tail(filter: LogFilter, signal: AbortSignal): Promise<LogLine[]>
  /** Calls `listener` for each line from now on; the returned function ends that. */
  follow(listener: (line: LogLine) => void): () => void
}

/** A line as pino writes it: `{"level":30,"time":1764000000000,"msg":"…"}`; undefined for text of another form. */
export function parseLogLine(text: string): LogLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { level, time, msg, pid: _pid, hostname: _host, ...fields } = Object.fromEntries(Object.entries(value))
  const at = typeof time === 'number' || typeof time === 'string' ? new Date(time) : undefined
  if (!at || Number.isNaN(at.getTime())) return undefined
  return { time: at.toISOString(), level: levelOf(level), message: typeof msg === 'string' ? msg : '', fields }
}

/** The time of a line; lines have milliseconds. */
export function nanosOf({ time }: LogLine): Nanos {
  return BigInt(Date.parse(time)) * 1_000_000n
}

function levelOf(value: unknown): LogLevel {
  if (typeof value === 'number') return LOG_LEVELS[Math.min(5, Math.max(0, Math.floor(value / 10) - 1))] ?? 'info'
  return LOG_LEVELS.find((level) => level === value) ?? 'info'
}

/** Whether a filter lets a line through. */
export function passes(line: LogLine, { level, search, since }: Omit<LogFilter, 'tail'>): boolean {
  if (since !== undefined && nanosOf(line) < since) return false
  if (level !== undefined && LOG_LEVELS.indexOf(line.level) < LOG_LEVELS.indexOf(level)) return false
  if (search === undefined) return true
  return `${line.message} ${JSON.stringify(line.fields)}`.toLowerCase().includes(search.toLowerCase())
}
