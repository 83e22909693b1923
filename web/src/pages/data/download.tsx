import { useState } from 'preact/hooks'
import type { InventoryRow } from '../../api/contract.js'
import { Dialog } from '../../parts/dialog.js'
import { Icon } from '../../parts/icon.js'
import { isTime, TimeField } from '../../parts/time-field.js'
import { isoOf } from '../../parts/time-text.js'
import { useApp } from '../../state/app-context.js'

const FORMATS = [
  ['parquet', 'Parquet, as it is stored'],
  ['csv', 'CSV'],
  ['ndjson', 'JSON, one row a line'],
  ['arrow', 'Arrow'],
  ['xlsx', 'Excel'],
  ['sqlite', 'SQLite'],
  ['tardis', 'CSV as of tardis'],
  ['hftbacktest', 'npz for hftbacktest'],
] as const

/** Takes a dataset, or a part of it, as a file. */
export function Download({ row }: { row: InventoryRow }) {
  const { api } = useApp()
  const [open, setOpen] = useState(false)
  const [format, setFormat] = useState<string>('parquet')
  const [from, setFrom] = useState(
    `${row.first.slice(0, 10).padEnd(10, '-01-01'.slice(row.first.length - 4))}T00:00:00Z`,
  )
  const [until, setUntil] = useState(() => isoOf(Date.now()))
  const { exchange, pair, kind, interval } = row
  const valid = isTime(from) && isTime(until)
  const query = { exchange, pair, kind, interval: interval ?? undefined, from, until, format }
  return (
    <>
      <button type="button" class="button small" onClick={() => setOpen(true)}>
        <Icon name="download" size={13} />
        Download
      </button>
      {open && (
        <Dialog
          title={`Download ${kind} of ${exchange} ${pair}`}
          onClose={() => setOpen(false)}
          foot={
            <a
              class="button main"
              href={api.address('/export', query)}
              aria-disabled={valid ? undefined : 'true'}
              download
              onClick={() => setOpen(false)}
            >
              <Icon name="download" />
              Download
            </a>
          }
        >
          <div class="stack">
            <label class="field">
              <span class="name">Format</span>
              <select class="input" value={format} onChange={(event) => setFormat(event.currentTarget.value)}>
                {FORMATS.map(([value, title]) => (
                  <option key={value} value={value}>
                    {title}
                  </option>
                ))}
              </select>
            </label>
            <TimeField name="From" value={from} onInput={setFrom} />
            <TimeField name="Until, exclusive" value={until} onInput={setUntil} />
            <p class="soft">
              The same by command:{' '}
              <code>{`dccd read ${exchange} ${pair} ${kind} --from ${from} --until ${until} --format csv`}</code>
            </p>
          </div>
        </Dialog>
      )}
    </>
  )
}
