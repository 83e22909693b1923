import type { ErrorCode } from '../../model/error.js'
import type { MarketData } from '../../model/event.js'
import {
  type ConnectionPlan,
  type Conversation,
  type Json,
  type Reading,
  type Subscription,
  subscriptionId,
} from '../exchange.js'
import { batches } from './plan.js'
import { bad, confirmed, notice, released, sharedData, unknown } from './reading.js'
import { Requests } from './requests.js'
import { Topics } from './topics.js'
import { type Fields, fields, isFields, readJson, WireError } from './wire.js'

type Asked = Omit<Subscription, 'id' | 'pair'>

/** What one market says in the protocol of combined streams. */
export interface StreamDialect {
  /** A request is refused as a whole, so it asks for no more streams than this. */
  readonly streamsPerRequest: number
  streamOf(subscription: Asked): string
  /** The form of a payload by its own fields; `undefined` when it is none that the venue documents. */
  formOf(payload: unknown): string | undefined
  /** Whether a stream of this name carries payloads of this form. */
  carries(stream: string, form: string): boolean
  /** What could be asked for to get this payload; none where we have no channel for it. `stream`: where the frame names one. */
  askedBy(form: string, payload: Fields, stream: string | undefined): readonly Asked[]
  /** What a payload holds for a subscription to its stream. Throws a WireError. */
  events(of: Asked, payload: Fields): readonly MarketData[]
  errorCode(code: unknown): ErrorCode | undefined
}

/**
 * One connection in the protocol of combined streams that Binance brought up: requests by number (`{"method":"SUBSCRIBE","params":[…],"id":1}`), data as
 * `{"stream":…,"data":…}`; raw payloads are understood as well. `resync` is empty: snapshots come by REST.
 */
export class StreamConversation implements Conversation {
  private readonly dialect: StreamDialect
  private readonly requests: Requests
  private readonly topics: Topics
  private readonly acceptsAll: boolean

  constructor(dialect: StreamDialect, plan: ConnectionPlan, state?: Json) {
    this.dialect = dialect
    const saved = state === undefined ? undefined : fields(state, 'state')
    this.requests = new Requests(saved?.requests)
    this.topics = new Topics(plan.subscriptions, (each) => dialect.streamOf(each), saved?.released)
    this.acceptsAll = plan.accept === 'all'
  }

  get state(): Json {
    return { requests: this.requests.state, released: this.topics.state }
  }

  open(): string[] {
    return this.ask(
      'SUBSCRIBE',
      this.topics.names.map((topic) => ({ topic, ids: this.topics.idsOf(topic) })),
    )
  }

  unsubscribe(ids: readonly string[]): string[] {
    return this.ask('UNSUBSCRIBE', this.topics.release(ids))
  }

  resync(): string[] {
    return []
  }

  private ask(
    method: 'SUBSCRIBE' | 'UNSUBSCRIBE',
    streams: readonly { readonly topic: string; readonly ids: readonly string[] }[],
  ): string[] {
    return batches(streams, this.dialect.streamsPerRequest).map((part) => {
      const ids = part.flatMap((each) => each.ids)
      return JSON.stringify({ method, params: part.map(({ topic }) => topic), id: this.requests.ask(method, ids) })
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
    const { dialect, topics } = this
    const form = dialect.formOf(data)
    const named = stream === undefined ? undefined : topics.get(stream)
    if (form === undefined || (stream !== undefined && !dialect.carries(stream, form))) {
      const said =
        isFields(data) && typeof data.e === 'string' ? `an event ${data.e}` : 'a payload without a known form'
      const reason = stream === undefined ? said : `${said} on ${stream}`
      return named ? bad(reason, named.ids[0]) : unknown(reason)
    }
    if (!isFields(data)) return notice(form)
    const told = named ? [] : dialect.askedBy(form, data, stream)
    const served = named ?? topics.get(stream === undefined && told[0] ? dialect.streamOf(told[0]) : '')
    try {
      if (served?.only)
        return { kind: 'data', subscription: served.only.id, at: served.at, events: dialect.events(served.only, data) }
      const asked = served?.subscriptions ?? (this.acceptsAll ? told : [])
      const events = asked.flatMap((of) => dialect.events(of, data))
      return sharedData(served?.ids ?? asked.map(subscriptionId), events) ?? notice(form)
    } catch (error) {
      const whose = served?.ids[0] ?? (this.acceptsAll && told[0] ? subscriptionId(told[0]) : undefined)
      if (error instanceof WireError) return bad(error.message, whose)
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
    const code: ErrorCode = this.dialect.errorCode(inner.code) ?? 'SUBSCRIBE_REJECTED'
    const request = this.requests.answered(message.id)
    if (request?.method === 'SUBSCRIBE' && (code === 'SUBSCRIBE_REJECTED' || code === 'UNKNOWN_INSTRUMENT'))
      return { kind: 'reject', rejected: request.ids, code, message: text, events: [] }
    return { kind: 'failure', code, message: text, events: [] }
  }
}
