import type { OperationOutput } from '../service/operations/table.js'
import type { StreamJson } from '../service/streams.js'
import { type Io, table } from './output.js'

/** Streams as a table. `now`: ms since 1970, for ages. */
export function streamsTable(rows: readonly StreamJson[], io: Pick<Io, 'terminal' | 'columns'>, now: number): string {
  const age = (time: string | null) =>
    time === null ? '–' : `${Math.max(0, (now - Date.parse(time)) / 1000).toFixed(1)} s`
  const head = ['STREAM', 'STATE', 'RATE/S', 'ROWS', 'LAST EVENT', 'LAG MS', 'RECONNECTS', 'GAPS', 'NOTE']
  return table(
    head,
    rows.map((row) => [
      row.key,
      row.state,
      row.rate.toFixed(1),
      String(row.rows),
      age(row.last_event),
      row.lag_ms === null ? '–' : row.lag_ms.toFixed(1),
      String(row.reconnects),
      String(row.gaps),
      row.error ? `${row.error.message} [${row.error.code}]` : row.configured ? '' : 'not in the config',
    ]),
    io,
  )
}

/** How exchanges differ from their documentation, a line each; empty when they do not. */
export function driftsText(drifts: OperationOutput<'health'>['drifts']): string {
  return drifts
    .map(
      ({ exchange, channel, what, name, count, first }) =>
        `${exchange} is not as documented: ${channel ?? 'some channel'}: ${what} ${name} (seen ${count} times since ${first}) [SCHEMA_DRIFT]\n`,
    )
    .join('')
}
