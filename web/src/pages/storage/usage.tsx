import type { StorageAnswer } from '../../api/contract.js'
import { bytesText, shortText } from '../../parts/number-text.js'

type DataUse = StorageAnswer['data'][number]

interface Part {
  readonly name: string
  readonly bytes: number
  readonly rows: number
}

/** What takes the room, by exchange and by kind, the largest first. */
export function Usage({ rows }: { rows: readonly DataUse[] }) {
  return (
    <div class="two-thirds usage">
      <Bars title="By exchange" parts={partsBy(rows, ({ exchange }) => exchange)} />
      <Bars title="By kind" parts={partsBy(rows, ({ kind }) => kind)} />
    </div>
  )
}

function Bars({ title, parts }: { title: string; parts: readonly Part[] }) {
  const most = Math.max(1, ...parts.map(({ bytes }) => bytes))
  return (
    <table class="plain-table">
      <thead>
        <tr>
          <th>{title}</th>
          <th class="usage-bar">
            <span class="hidden-label">Share</span>
          </th>
          <th class="number">Size</th>
          <th class="number">Rows</th>
        </tr>
      </thead>
      <tbody>
        {parts.map(({ name, bytes, rows }) => (
          <tr key={name}>
            <td>{name}</td>
            <td class="usage-bar">
              <div class="progress">
                <div style={{ width: `${(bytes / most) * 100}%` }} />
              </div>
            </td>
            <td class="number">{bytesText(bytes)}</td>
            <td class="number">{shortText(rows)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function partsBy(rows: readonly DataUse[], name: (row: DataUse) => string): Part[] {
  const parts = new Map<string, Part>()
  for (const row of rows) {
    const before = parts.get(name(row)) ?? { name: name(row), bytes: 0, rows: 0 }
    parts.set(name(row), { ...before, bytes: before.bytes + row.bytes, rows: before.rows + row.rows })
  }
  return [...parts.values()].sort((a, b) => b.bytes - a.bytes)
}
