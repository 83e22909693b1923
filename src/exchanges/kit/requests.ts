import type { Json } from '../exchange.js'
import { counter, fields, integer, list, text } from './wire.js'

/** A request that was sent and is not answered yet. */
export interface Request {
  readonly number: number
  /** The venue's word for what it asks. */
  readonly method: string
  /** Ids of the subscriptions that it is about and that are not answered yet. */
  readonly ids: readonly string[]
}

/** Numbers the requests of one connection and remembers those without an answer. */
export class Requests {
  private next: number
  private readonly open: Map<number, Request>

  /** `state`: what was saved; anything else is refused with a WireError. */
  constructor(state?: unknown) {
    const saved = state === undefined ? undefined : fields(state, 'state')
    this.next = saved ? integer(saved.next, 'state.next') : 1
    const open = saved ? list(saved.open, 'state.open').map(request) : []
    this.open = new Map(open.map((each) => [each.number, each]))
  }

  get state(): Json {
    return {
      next: this.next,
      open: [...this.open.values()].map(({ number, method, ids }) => ({ number, method, ids })),
    }
  }

  /** The number of a new request. */
  ask(method: string, ids: readonly string[]): number {
    const number = this.next++
    this.open.set(number, { number, method, ids })
    return number
  }

  /** The request that an answer to this number (as number or text) is for; it counts as answered then. */
  answered(number: unknown): Request | undefined {
    const found = this.open.get(typeof number === 'string' ? Number(number) : typeof number === 'number' ? number : -1)
    if (found) this.open.delete(found.number)
    return found
  }

  /** One subscription is answered by itself, whichever request asked for it. */
  settled(method: string, id: string): void {
    for (const each of this.open.values()) {
      if (each.method !== method || !each.ids.includes(id)) continue
      const ids = each.ids.filter((other) => other !== id)
      if (ids.length) this.open.set(each.number, { ...each, ids })
      else this.open.delete(each.number)
    }
  }
}

function request(value: unknown): Request {
  const { number, method, ids } = fields(value, 'request')
  return {
    number: Number(counter(number, 'number')),
    method: text(method, 'method'),
    ids: list(ids, 'ids').map((each) => text(each, 'id')),
  }
}
