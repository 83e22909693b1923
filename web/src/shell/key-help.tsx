import { Dialog } from '../parts/dialog.js'
import { useApp } from '../state/app-context.js'
import type { KeyBinding } from './key-map.js'

const TABLE_KEYS: readonly (readonly [string, string])[] = [
  ['Next row, row before', 'j k ↓ ↑'],
  ['Open the row', 'Enter'],
  ['Choose the row', 'x'],
  ['A page on, a page back', 'PgDn PgUp'],
]

const APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent)

export function KeyText({ keys }: { keys: string }) {
  return (
    <span>
      {keys.split(' ').map((key) => (
        <kbd key={key}>{key.replace('mod+', APPLE ? '⌘' : 'Ctrl ').replace('Escape', 'Esc')}</kbd>
      ))}
    </span>
  )
}

/** Every key that does something here and now. */
export function KeyHelp({ onClose }: { onClose(): void }) {
  const { keys } = useApp()
  const groups = new Map<string, KeyBinding[]>()
  for (const each of keys.bindings.value) groups.set(each.group, [...(groups.get(each.group) ?? []), each])
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="keys">
        {[...groups].map(([group, bindings]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {bindings.map((each) => (
                <KeyLine key={each.keys} label={each.label} keys={each.keys} />
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>In a table</h3>
          <dl>
            {TABLE_KEYS.map(([label, each]) => (
              <KeyLine key={label} label={label} keys={each} />
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  )
}

function KeyLine({ label, keys }: { label: string; keys: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>
        <KeyText keys={keys} />
      </dd>
    </>
  )
}
