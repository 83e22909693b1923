import type { Json } from '../exchange.js'
import { counter, fields, integer, list, text } from '../kit/wire.js'

/** A request that was sent and is not answered yet. */
export interface Request {
  readonly id: number
  readonly method: 'SUBSCRIBE' | 'UNSUBSCRIBE'
  /** Subscriptions that it is about. */
  readonly ids: readonly string[]
}

/** Numbers the requests of one connection and remembers those without an answer. */
export class Requests {
  private next: number
  private readonly open: Map<number, Request>

  constructor(state?: Json) {
    const saved = state === undefined ? undefined : fields(state, 'state')
    this.next = saved ? integer(saved.next, 'state.next') : 1
    const open = saved ? list(saved.open, 'state.open').map(request) : []
    this.open = new Map(open.map((each) => [each.id, each]))
  }

  get state(): Json {
    return { next: this.next, open: [...this.open.values()].map(({ id, method, ids }) => ({ id, method, ids })) }
  }

  /** The text of a new request. */
  ask(method: Request['method'], ids: readonly string[], streams: readonly string[]): string {
    const id = this.next++
    this.open.set(id, { id, method, ids })
    return JSON.stringify({ method, params: streams, id })
  }

  /** The request that an answer is for; it counts as answered then. */
  answered(id: unknown): Request | undefined {
    if (typeof id !== 'number') return undefined
    const found = this.open.get(id)
    this.open.delete(id)
    return found
  }
}

function request(value: unknown): Request {
  const { id, method, ids } = fields(value, 'request')
  return {
    id: Number(counter(id, 'id')),
    method: method === 'UNSUBSCRIBE' ? method : 'SUBSCRIBE',
    ids: list(ids, 'ids').map((each) => text(each, 'id')),
  }
}
