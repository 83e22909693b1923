/** What events are about. `rates` are of the moment: they are not kept for those who come back. */
export const TOPICS = ['status', 'rates', 'progress', 'log', 'gap', 'alert', 'config', 'sync'] as const
export type Topic = (typeof TOPICS)[number]

/** One event, made once for all who listen. */
export interface HubEvent {
  /** Rises by one; undefined for what is of the moment. */
  readonly id: number | undefined
  readonly topic: Topic
  readonly json: string
}

type Listener = (event: HubEvent) => void

const KEPT_EVENTS = 5000
const KEPT_BYTES = 8 * 1024 * 1024

/** Hands events to whoever listens, and keeps the last ones for those who come back. Bounded in number and bytes. */
export class EventHub {
  /** Ids of another run of the daemon are told apart by it. */
  readonly run: string
  readonly #listeners = new Map<Listener, ReadonlySet<Topic>>()
  readonly #kept: HubEvent[] = []
  readonly #greetings = new Map<Topic, () => unknown>()
  #bytes = 0
  #next = 1

  constructor(run: string) {
    this.run = run
  }

  publish(topic: Topic, value: unknown): void {
    const json = JSON.stringify(value)
    const id = topic === 'rates' ? undefined : this.#next++
    const event = { id, topic, json }
    if (id !== undefined) {
      this.#kept.push(event)
      this.#bytes += json.length
      while (this.#kept.length > KEPT_EVENTS || this.#bytes > KEPT_BYTES)
        this.#bytes -= this.#kept.shift()?.json.length ?? 0
    }
    for (const [listener, topics] of this.#listeners) if (topics.has(topic)) listener(event)
  }

  /** Calls `listener` for each event of these topics from now on; the returned function ends that. */
  listen(topics: ReadonlySet<Topic>, listener: Listener): () => void {
    this.#listeners.set(listener, topics)
    return () => this.#listeners.delete(listener)
  }

  /** Says what who begins to listen hears first of a topic that is of the moment. */
  greet(topic: Topic, value: () => unknown): void {
    this.#greetings.set(topic, value)
  }

  /** The first event for who begins to listen to these topics now. */
  greetings(topics: ReadonlySet<Topic>): HubEvent[] {
    return [...this.#greetings].flatMap(([topic, value]) =>
      topics.has(topic) ? [{ id: undefined, topic, json: JSON.stringify(value()) }] : [],
    )
  }

  /** Whether anybody listens to a topic: what is costly to find out is not found out for nobody. */
  wanted(topic: Topic): boolean {
    for (const topics of this.#listeners.values()) if (topics.has(topic)) return true
    return false
  }

  /** The id of an event as it is sent: `run-number`. */
  idText(id: number): string {
    return `${this.run}-${id}`
  }

  /** Id of the newest event that is kept. */
  get last(): number {
    return this.#next - 1
  }

  /** What came after an event; undefined when that is not known any more: it was of another run, or too long ago. */
  since(idText: string, topics: ReadonlySet<Topic>): HubEvent[] | undefined {
    const number = idText.startsWith(`${this.run}-`) ? Number(idText.slice(this.run.length + 1)) : Number.NaN
    if (!Number.isSafeInteger(number) || number < 0 || number > this.last) return undefined
    const first = this.#kept[0]?.id ?? this.#next
    if (number + 1 < first) return undefined
    return this.#kept.filter((event) => (event.id ?? 0) > number && topics.has(event.topic))
  }
}
