import type { ComponentChildren } from 'preact'
import { Icon } from './icon.js'

interface Props {
  /** What it is about, for screen readers. */
  readonly label: string
  readonly title: ComponentChildren
  /** Below the title. */
  readonly state: ComponentChildren
  readonly actions: ComponentChildren
  readonly children: ComponentChildren
  onClose(): void
}

/** More about a line of a table, beside it. */
export function Drawer({ label, title, state, actions, children, onClose }: Props) {
  return (
    <aside class="drawer" aria-label={label}>
      <header>
        <div class="grow">
          <h2 class="cut">{title}</h2>
          {state}
        </div>
        {actions}
        <button type="button" class="button plain" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </aside>
  )
}
