import { type ReadonlySignal, signal } from '@preact/signals'

/** What a key does; `keys` is one key (`?`, `mod+k`) or a sequence (`g s`). */
export interface KeyBinding {
  readonly keys: string
  readonly label: string
  readonly group: string
  run(): void
}

const SEQUENCE_MS = 900

/** Every key of the UI. What was bound last is asked first; nothing is taken while somebody types, but `mod` keys. */
export class KeyMap {
  readonly bindings: ReadonlySignal<readonly KeyBinding[]>
  private readonly held = signal<readonly KeyBinding[]>([])
  private first = ''
  private firstAt = 0

  constructor() {
    this.bindings = this.held
  }

  /** Takes keys until the answer is called. */
  bind(bindings: readonly KeyBinding[]): () => void {
    this.held.value = [...bindings, ...this.held.value]
    return () => {
      this.held.value = this.held.value.filter((each) => !bindings.includes(each))
    }
  }

  listen(): void {
    window.addEventListener('keydown', (event) => this.pressed(event))
  }

  private pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return
    const mod = event.ctrlKey || event.metaKey
    if (event.altKey || (!mod && isTyping(event.composedPath()[0])) || (!mod && document.querySelector('dialog[open]')))
      return
    const key = mod ? `mod+${event.key.toLowerCase()}` : event.key
    const sequence = event.timeStamp - this.firstAt < SEQUENCE_MS ? `${this.first} ${key}` : ''
    const bindings = this.held.peek()
    const found =
      bindings.find(({ keys }) => sequence !== '' && keys === sequence) ?? bindings.find(({ keys }) => keys === key)
    this.first = found ? '' : key
    this.firstAt = found ? 0 : event.timeStamp
    if (!found) return
    event.preventDefault()
    found.run()
  }
}

/** Also in a shadow tree, of which the page sees only the host. */
function isTyping(target: EventTarget | undefined): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
      (target instanceof HTMLInputElement && !/^(checkbox|radio|button|range)$/.test(target.type)))
  )
}
