import type { Json, Subscription } from '../exchange.js'
import { list, text } from './wire.js'

/**
 * Which topics of the venue serve which subscriptions of one connection. Several may share one: mark price, index price and funding rate often come
 * in one message. A topic is asked for once, and ended when nobody wants it any more.
 */
export class Topics {
  private readonly members = new Map<string, Subscription[]>()
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
    for (const each of subscriptions) {
      const topic = topicOf(each)
      const members = this.members.get(topic)
      if (members) members.push(each)
      else this.members.set(topic, [each])
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

  /** The subscriptions that a topic serves, wanted or not; none where it is not in the plan. */
  of(topic: string): readonly Subscription[] {
    return this.members.get(topic) ?? []
  }

  /** Their ids. */
  idsOf(topic: string): string[] {
    return this.of(topic).map(({ id }) => id)
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
