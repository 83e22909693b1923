import type { ErrorCode } from '../../model/error.js'
import {
  type ConnectionPlan,
  type Conversation,
  type Json,
  type Reading,
  type Subscription,
  subscriptionId,
} from '../exchange.js'
import { batches } from '../kit/plan.js'
import { bad, confirmed, data as dataOf, notice, released, unknown } from '../kit/reading.js'
import { Requests } from '../kit/requests.js'
import { type Fields, isFields, readJson, WireError } from '../kit/wire.js'
import { errorCode } from './errors.js'
import { eventOf } from './events.js'
import { carries, formOf, streamOf, subscriptionOf } from './streams.js'

/** A request is refused as a whole, so it asks for no more than this; 1024 streams still take only some seconds. */
const STREAMS_PER_REQUEST = 25

/** One connection to Binance spot, on the combined path (`{"stream":…,"data":…}`); raw payloads are understood as well. */
export class BinanceConversation implements Conversation {
  private readonly requests: Requests
  private readonly streams: ReadonlyMap<string, Subscription>
  private readonly subscriptions: ReadonlyMap<string, Subscription>
  private readonly acceptsAll: boolean

  constructor(plan: ConnectionPlan, state?: Json) {
    this.requests = new Requests(state)
    this.streams = new Map(plan.subscriptions.map((each) => [streamOf(each), each]))
    this.subscriptions = new Map(plan.subscriptions.map((each) => [each.id, each]))
    this.acceptsAll = plan.accept === 'all'
  }

  get state(): Json {
    return this.requests.state
  }

  open(): string[] {
    return this.ask('SUBSCRIBE', [...this.subscriptions.values()])
  }

  unsubscribe(ids: readonly string[]): string[] {
    const asked = ids.flatMap((id) => this.subscriptions.get(id) ?? [])
    return this.ask('UNSUBSCRIBE', asked)
  }

  /** Snapshots come by REST. */
  resync(): string[] {
    return []
  }

  private ask(method: 'SUBSCRIBE' | 'UNSUBSCRIBE', subscriptions: readonly Subscription[]): string[] {
    return batches(subscriptions, STREAMS_PER_REQUEST).map((part) => {
      const asked = part.map(({ id }) => id)
      return JSON.stringify({ method, params: part.map(streamOf), id: this.requests.ask(method, asked) })
    })
  }

  read(frame: string): Reading {
    try {
      return this.meaning(readJson(frame))
    } catch (error) {
      return bad(error instanceof Error ? error.message : String(error))
    }
  }

  private meaning(message: unknown): Reading {
    if (Array.isArray(message)) return this.payload(message)
    if (!isFields(message)) throw new WireError('a frame should be an object or a list')
    if ('stream' in message) {
      const { stream, data } = message
      if (typeof stream !== 'string') throw new WireError('stream should be text')
      if (!isFields(data) && !Array.isArray(data)) throw new WireError('data should be an object or a list')
      return this.payload(data, stream)
    }
    if ('result' in message) return this.result(message)
    if ('error' in message || 'code' in message) return this.refusal(message)
    return this.payload(message)
  }

  /** Market data, or word of the venue. `stream`: where the frame names it. */
  private payload(data: unknown, stream?: string): Reading {
    if (isFields(data) && data.e === 'serverShutdown') return notice('serverShutdown', 'reconnect')
    const form = formOf(data)
    const known = stream === undefined ? undefined : this.streams.get(stream)
    if (form === undefined || (stream !== undefined && !carries(stream, form))) {
      const said =
        isFields(data) && typeof data.e === 'string' ? `an event ${data.e}` : 'a payload without a known form'
      const reason = stream === undefined ? said : `${said} on ${stream}`
      return known ? bad(reason, known.id) : unknown(reason)
    }
    const told = isFields(data) ? subscriptionOf(form, data, stream) : undefined
    const asked = known ?? (stream === undefined && told ? this.streams.get(streamOf(told)) : undefined)
    const id = asked?.id ?? (this.acceptsAll && told ? subscriptionId(told) : undefined)
    const of = asked ?? told
    if (id === undefined || of === undefined || !isFields(data)) return notice(form)
    try {
      return dataOf(id, [eventOf(of, data)])
    } catch (error) {
      if (error instanceof WireError) return bad(error.message, id)
      throw error
    }
  }

  /** The answer to a request; `null` means done, anything else answers a question. */
  private result({ id, result }: Fields): Reading {
    const request = result === null ? this.requests.answered(id) : undefined
    if (!request) return notice('result')
    return request.method === 'SUBSCRIBE' ? confirmed(...request.ids) : released(...request.ids)
  }

  /** `{"code":2,"msg":"…","id":1}`, or the same within `error`. */
  private refusal(message: Fields): Reading {
    const inner = isFields(message.error) ? message.error : message
    const said = inner.msg ?? inner.message ?? message.error
    const text = `${typeof said === 'string' ? said : 'no reason given'} (code ${JSON.stringify(inner.code ?? null)})`
    const code: ErrorCode = errorCode(inner.code) ?? 'SUBSCRIBE_REJECTED'
    const request = this.requests.answered(message.id)
    if (request?.method === 'SUBSCRIBE' && (code === 'SUBSCRIBE_REJECTED' || code === 'UNKNOWN_INSTRUMENT'))
      return { kind: 'reject', rejected: request.ids, code, message: text, events: [] }
    return { kind: 'failure', code, message: text, events: [] }
  }
}
