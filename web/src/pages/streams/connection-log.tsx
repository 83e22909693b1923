import { useMemo } from 'preact/hooks'
import type { ConnectionLine, GapRow, LogLine, StreamRow } from '../../api/contract.js'
import { LogLines } from '../../parts/log-lines.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { durationText, isoOf } from '../../parts/time-text.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'

const DAY_MS = 86_400_000

/** What each of them is in words. */
const WORDS: Readonly<Record<ConnectionLine['what'], string>> = {
  connecting: 'connects',
  opened: 'is connected',
  closed: 'connection closed',
  live: 'is live',
  gap: 'missed something',
  refused: 'was refused',
  unanswered: 'question without an answer',
  unsubscribed: 'unsubscribed',
}

/** What happened to the connections of a stream, and what was lost since yesterday. The newest first. */
export function ConnectionLog({ row }: { row: StreamRow }) {
  const { api } = useApp()
  const { key, exchange, pair } = row
  const log = useResource(
    (signal) => api.get<readonly ConnectionLine[]>(`/streams/${encodeURIComponent(key)}/log`, {}, signal),
    [key, row.state, row.reconnects],
    4000,
  )
  const gaps = useResource(
    (signal) =>
      api.get<readonly GapRow[]>('/gaps', { exchange, pair, from: isoOf(Date.now() - DAY_MS), limit: 200 }, signal),
    [key],
    4000,
  )
  const lines = useMemo(
    () =>
      [...(log.data ?? []).map(connectionLine), ...(gaps.data ?? []).map(gapLine)].sort((a, b) =>
        a.time < b.time ? 1 : -1,
      ),
    [log.data, gaps.data],
  )
  if (log.error) return <Failure error={log.error} onRetry={log.reload} />
  if (!log.data) return <Loading what="the log" />
  if (lines.length === 0)
    return (
      <Nothing icon="logs" title="Nothing happened to this stream yet">
        Connections, refusals and gaps of it appear here.
      </Nothing>
    )
  return (
    <>
      <LogLines lines={lines} />
      <p>
        <a href={placeHref('logs', { stream: key })}>Its lines in the log of the daemon</a>
      </p>
    </>
  )
}

function connectionLine({ time, what, connection, channel, code, detail }: ConnectionLine): LogLine {
  const bad = code !== null || what === 'refused' || what === 'gap'
  return {
    time,
    level: what === 'refused' ? 'error' : bad ? 'warn' : 'info',
    message: [channel, WORDS[what]].filter(Boolean).join(' '),
    fields: {
      ...(code === null ? {} : { code }),
      ...(detail === null ? {} : { detail }),
      ...(connection === null ? {} : { connection }),
    },
  }
}

function gapLine({ kind, from_time, seconds, code, detail }: GapRow): LogLine {
  return {
    time: from_time,
    level: 'warn',
    message: `${kind}: ${durationText(seconds)} missing`,
    fields: { code, detail },
  }
}
