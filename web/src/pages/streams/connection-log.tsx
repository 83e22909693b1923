import { useMemo } from 'preact/hooks'
import type { GapRow, LogLine, StreamRow } from '../../api/contract.js'
import { LogLines } from '../../parts/log-lines.js'
import { Failure, Nothing } from '../../parts/nothing.js'
import { durationText, isoOf } from '../../parts/time-text.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import type { StateChange } from '../../state/streams-store.js'

const DAY_MS = 86_400_000

/** What happened to a stream: lines of the log that name it, what was lost today, and what this page saw. The newest first. */
export function ConnectionLog({ row }: { row: StreamRow }) {
  const { api, streams } = useApp()
  const { key, exchange, pair } = row
  const log = useResource(
    (signal) => api.get<readonly LogLine[]>('/logs', { search: pair, tail: 200 }, signal),
    [key],
    4000,
  )
  const gaps = useResource(
    (signal) =>
      api.get<readonly GapRow[]>('/gaps', { exchange, pair, from: isoOf(Date.now() - DAY_MS), limit: 200 }, signal),
    [key],
    4000,
  )
  const changes = streams.changesOf(key)
  const lines = useMemo(
    () =>
      [
        ...(log.data ?? []).filter((line) => isAbout(line, row)),
        ...(gaps.data ?? []).map(gapLine),
        ...changes.map(changeLine),
      ].sort((a, b) => (a.time < b.time ? 1 : -1)),
    [log.data, gaps.data, changes],
  )
  if (log.error) return <Failure error={log.error} onRetry={log.reload} />
  if (lines.length === 0)
    return (
      <Nothing icon="logs" title="Nothing happened to this stream today">
        Connections, refusals and gaps of it appear here.
      </Nothing>
    )
  return <LogLines lines={lines} />
}

function isAbout({ message, fields }: LogLine, { key, exchange, pair }: StreamRow): boolean {
  const text = `${message} ${JSON.stringify(fields)}`
  return text.includes(key) || (text.includes(exchange) && text.includes(pair))
}

function gapLine({ kind, from_time, seconds, code, detail }: GapRow): LogLine {
  return {
    time: from_time,
    level: 'warn',
    message: `${kind}: ${durationText(seconds)} missing`,
    fields: { code, detail },
  }
}

function changeLine({ at, from, to, error }: StateChange): LogLine {
  const tone = to === 'failed' ? 'error' : to === 'degraded' ? 'warn' : 'info'
  return {
    time: isoOf(at),
    level: tone,
    message: `from ${from} to ${to}`,
    fields: error ? { code: error.code, message: error.message } : {},
  }
}
