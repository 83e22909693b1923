import type { Json, Subscription } from '../exchange.js'
import { list, text } from './wire.js'

/** What a topic serves. */
interface Topic {
  readonly subscriptions: Subscription[]
  readonly ids: string[]
  /** The only one of them, as nearly always: a frame then needs no more than this and its index in the plan. */
  only: Subscription | undefined
  readonly at: number
}

/**
 * Which topics of the venue serve which subscriptions of one connection. Several may share one: mark price, index price and funding rate often come
 * in one message. A topic is asked for once, and ended when nobody wants it any more.
 */
export class Topics {
  private readonly members = new Map<string, Topic>()
  private readonly topicOf: (subscription: Subscription) => string
  private readonly byId: ReadonlyMap<string, Subscription>
  private readonly released: Set<string>

  constructor(
    subscriptions: readonly Subscription[],
    topicOf: (subscription: Subscription) => string,
    state?: unknown,
  ) {
    this.topicOf = topicOf
    this.byId = new Map(subscriptions.map((each) => [each.id, each]))
    this.released = new Set(state === undefined ? [] : list(state, 'released').map((id) => text(id, 'released')))
    for (const [at, each] of subscriptions.entries()) {
      const topic = topicOf(each)
      const members = this.members.get(topic)
      if (members) {
        members.subscriptions.push(each)
        members.ids.push(each.id)
        members.only = undefined
      } else this.members.set(topic, { only: each, at, subscriptions: [each], ids: [each.id] })
    }
  }

  /** Ids of what is not wanted any more. */
  get state(): Json {
    return [...this.released]
  }

  /** Every topic once, in the order of the plan. */
  get names(): string[] {
    return [...this.members.keys()]
  }

  /** What a topic serves, wanted or not; `undefined` where it is not in the plan. */
  get(topic: string): Readonly<Topic> | undefined {
    return this.members.get(topic)
  }

  of(topic: string): readonly Subscription[] {
    return this.members.get(topic)?.subscriptions ?? []
  }

  idsOf(topic: string): readonly string[] {
    return this.members.get(topic)?.ids ?? []
  }

  /**
   * These are not wanted any more: the topics that nobody wants now, and for each the ids that its end is the end of. A topic that others still want goes
   * on, and is not among them.
   */
  release(ids: readonly string[]): { readonly topic: string; readonly ids: readonly string[] }[] {
    const touched = new Set<string>()
    for (const id of ids) {
      const subscription = this.byId.get(id)
      if (!subscription) continue
      this.released.add(id)
      touched.add(this.topicOf(subscription))
    }
    return [...touched]
      .filter((topic) => this.of(topic).every(({ id }) => this.released.has(id)))
      .map((topic) => ({ topic, ids: this.idsOf(topic) }))
  }
}
