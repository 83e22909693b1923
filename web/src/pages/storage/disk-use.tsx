import type { StorageAnswer } from '../../api/contract.js'
import { Instant } from '../../parts/instant.js'
import { bytesText, countText, shareText } from '../../parts/number-text.js'
import { placeHref } from '../../shell/router.js'

const PARTS = [
  ['data', 'Data', 'series-1', 'Parquet that anybody can read'],
  ['tail', 'Tail', 'series-2', 'rows that are safe and not yet published'],
  ['journal', 'Journal', 'series-3', 'every frame as it was received'],
  ['catalog', 'Catalog', 'series-4', 'what stands where, and the ledger'],
  ['logs', 'Logs', 'series-6', 'of the daemon and of runs'],
  ['other', 'Other', 'series-8', 'a reserve for a full disk, files being written'],
] as const

/** What takes the room, what is left, and how long things are kept. */
export function DiskUse({ facts }: { facts: StorageAnswer }) {
  const { disk, bytes, journal, written, retention } = facts
  const total = PARTS.reduce((sum, [part]) => sum + bytes[part], 0)
  const others = Math.max(0, disk.total_bytes - disk.free_bytes - total)
  const tight = disk.free_bytes < disk.pauses_below_bytes * 2
  const part = (of: number) => `${(of / Math.max(1, disk.total_bytes)) * 100}%`
  return (
    <>
      <p>
        <strong class={tight ? 'warn' : ''}>{bytesText(disk.free_bytes)} free</strong>{' '}
        <span class="soft">
          of {bytesText(disk.total_bytes)} ({shareText(disk.free_bytes / Math.max(1, disk.total_bytes))}); recording
          pauses below {bytesText(disk.pauses_below_bytes)}. This folder takes {bytesText(total)}:{' '}
        </span>
        <span class="mono path">{facts.data_path}</span>
      </p>
      <div
        class="disk-bar"
        role="img"
        aria-label={`The disk: ${bytesText(total)} here, ${bytesText(others)} of others, ${bytesText(disk.free_bytes)} free`}
      >
        <div class="here" style={{ width: part(total) }} title={`here ${bytesText(total)}`} />
        <div class="others" style={{ width: part(others) }} title={`others ${bytesText(others)}`} />
      </div>
      <div class="two-thirds usage">
        <table class="plain-table">
          <thead>
            <tr>
              <th>What</th>
              <th class="usage-bar">
                <span class="hidden-label">Share</span>
              </th>
              <th class="number">Size</th>
            </tr>
          </thead>
          <tbody>
            {PARTS.map(([id, name, tone, about]) => (
              <tr key={id}>
                <td>
                  {name} <span class="faint about">{about}</span>
                </td>
                <td class="usage-bar">
                  <div class="progress">
                    <div
                      style={{ width: `${(bytes[id] / Math.max(1, total)) * 100}%`, background: `var(--${tone})` }}
                    />
                  </div>
                </td>
                <td class="number">{bytesText(bytes[id])}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <dl class="facts">
          <dt>Journal</dt>
          <dd>
            {countText(journal.files)} files, the oldest of <Instant at={journal.oldest_at} />
          </dd>
          <dt>Kept for</dt>
          <dd>
            {retention.journal_keep}
            {retention.journal_max_bytes !== null && `, at most ${bytesText(retention.journal_max_bytes)}`}{' '}
            <a href={placeHref('config')}>Change</a>
          </dd>
          <dt>Goes earlier</dt>
          <dd>
            below{' '}
            {retention.journal_min_free_gb === 'auto' ? 'a share of the disk' : `${retention.journal_min_free_gb} GB`}{' '}
            free
          </dd>
          <dt>Data</dt>
          <dd>is never deleted</dd>
          <dt>Written</dt>
          <dd>
            {bytesText(written.bytes)} of Parquet
            {written.amplification !== null && `, ${written.amplification.toFixed(1)} times what stands there`}
          </dd>
        </dl>
      </div>
    </>
  )
}
