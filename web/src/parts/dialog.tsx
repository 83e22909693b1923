import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from './icon.js'

interface Props {
  readonly title: string
  readonly wide?: boolean
  readonly foot?: ComponentChildren
  readonly children: ComponentChildren
  onClose(): void
}

/** A modal dialog; Escape and a click beside it close it. The browser keeps the focus inside and gives it back. */
export function Dialog({ title, wide, foot, children, onClose }: Props) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    element.current?.showModal()
    element.current?.querySelector<HTMLElement>('.body input, .body select, .body textarea')?.focus()
  }, [])
  return (
    <dialog
      ref={element}
      class={wide ? 'wide' : ''}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
    >
      <div class="dialog">
        <header>
          <h2 class="grow">{title}</h2>
          <button type="button" class="button plain" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div class="body">{children}</div>
        {foot && <footer>{foot}</footer>}
      </div>
    </dialog>
  )
}
