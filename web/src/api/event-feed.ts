import { type Signal, signal } from '@preact/signals'

export type FeedState = 'connecting' | 'open' | 'lost'

/**
 * The server-sent events of the daemon. The browser resumes by itself after a cut; after a restart of the daemon, which it gives up on, this opens a
 * new connection that begins after the last id that was heard.
 */
export class EventFeed {
  readonly state: Signal<FeedState> = signal('connecting')
  /** How often a connection was opened; what was read before is stale after another one. */
  readonly opened: Signal<number> = signal(0)
  private readonly address: (lastId: string) => string
  private readonly listeners = new Map<string, Set<(data: unknown) => void>>()
  private source: EventSource | undefined
  private timer: number | undefined
  private failures = 0
  private lastId = ''

  constructor(address: (lastId: string) => string) {
    this.address = address
  }

  /** Hears the events of a name from now on; the answer ends that. */
  on(name: string, listener: (data: unknown) => void): () => void {
    let set = this.listeners.get(name)
    if (!set) {
      set = new Set()
      this.listeners.set(name, set)
      if (this.source) this.attach(this.source, name)
    }
    set.add(listener)
    return () => set.delete(listener)
  }

  open(): void {
    this.close()
    const source = new EventSource(this.address(this.lastId), { withCredentials: true })
    this.source = source
    for (const name of this.listeners.keys()) this.attach(source, name)
    source.onopen = () => {
      this.failures = 0
      this.state.value = 'open'
      this.opened.value++
    }
    source.onerror = () => {
      if (this.source !== source) return
      this.state.value = 'lost'
      if (source.readyState !== EventSource.CLOSED) return
      this.failures++
      this.timer = window.setTimeout(() => this.open(), Math.min(500 * 2 ** this.failures, 8000))
    }
  }

  close(): void {
    window.clearTimeout(this.timer)
    this.source?.close()
    this.source = undefined
  }

  private attach(source: EventSource, name: string): void {
    source.addEventListener(name, (event: MessageEvent<string>) => {
      if (event.lastEventId !== '') this.lastId = event.lastEventId
      let data: unknown
      try {
        data = JSON.parse(event.data)
      } catch {
        return
      }
      for (const listener of this.listeners.get(name) ?? []) listener(data)
    })
  }
}
