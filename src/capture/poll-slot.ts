import { setMaxListeners } from 'node:events'
import type { Poll } from '../exchanges/exchange.js'
import { CollectorError } from '../model/error.js'
import type { PlannedSubscription } from './bodies.js'
import type { DerivedConnection } from './derived-connection.js'
import { pause, type SlotPorts, type SlotState, type Tally } from './slot.js'

/** Questions for different symbols are at least this far apart; the first ones need not wait for their turn in the period. */
const SPACING_MS = 250
const RETRY_MS = 1000
const MS = 1_000_000n

/** Subscriptions whose questions are one call. */
interface Group {
  readonly poll: Poll
  readonly everyMs: number
  readonly ids: readonly string[]
}

/**
 * Asks by REST, at a steady pace, for what an exchange does not stream. In the journal it is a connection without a socket: its answers are `rest`
 * records, and a question without an answer by the time of the next is a `decide`.
 */
export class PollSlot {
  readonly subscriptions = new Map<string, PlannedSubscription>()
  readonly tallies = new Map<string, Tally>()
  state: SlotState = 'waiting'
  error: CollectorError | undefined
  private readonly ports: SlotPorts
  private readonly ending = new AbortController()
  private readonly number: number
  private n = 0

  constructor(ports: SlotPorts, planned: readonly PlannedSubscription[]) {
    this.ports = ports
    this.number = ports.nextConnection()
    setMaxListeners(0, this.ending.signal) // one for each question
    for (const sub of planned) {
      this.subscriptions.set(sub.id, sub)
      this.tallies.set(sub.id, { events: 0, rows: 0, gaps: 0, reconnects: 0 })
    }
  }

  /** What derivation knows of the answers. */
  get derived(): DerivedConnection | undefined {
    return this.ports.lane.deriver.connections.get(this.number)
  }

  get connection(): number {
    return this.number
  }

  start(): void {
    const { lane, adapter } = this.ports
    const subscriptions = [...this.subscriptions.values()]
    const body = JSON.stringify({ exchange: adapter.id, path: '', subscriptions, polled: true })
    lane.record({ type: 'open', connection: this.number, wall: lane.clock.wall(), mono: lane.clock.mono(), body })
    this.state = 'open'
    this.ports.changed()
    const groups = this.groups()
    for (const [index, group] of groups.entries())
      void this.follow(group, index * Math.min(SPACING_MS, group.everyMs / groups.length))
  }

  private groups(): Group[] {
    const { polls = [], capabilities } = this.ports.adapter
    return polls.flatMap((poll): Group[] => {
      const everyMs = capabilities.find(({ channel }) => channel === poll.channel)?.poll?.everyMs ?? 60_000
      const ids = [...this.subscriptions.values()].filter(({ channel }) => channel === poll.channel).map(({ id }) => id)
      if (poll.answers === 'all') return ids.length ? [{ poll, everyMs, ids }] : []
      return ids.map((id) => ({ poll, everyMs, ids: [id] }))
    })
  }

  private async follow({ poll, everyMs, ids }: Group, waitMs: number): Promise<void> {
    const { lane } = this.ports
    const { signal } = this.ending
    const period = BigInt(everyMs) * MS
    const wanted = () => ids.flatMap((id) => this.subscriptions.get(id) ?? [])
    let due = lane.clock.mono() + BigInt(Math.round(waitMs)) * MS
    while (!signal.aborted && wanted().length) {
      await pause(lane, Number(due - lane.clock.mono()) / 1e6, signal)
      const asked = wanted()
      if (signal.aborted || !asked.length) return
      await this.ask(poll, asked, due + period)
      due += period
      if (due < lane.clock.mono()) due = lane.clock.mono()
    }
  }

  /** Asks until there is an answer or the next question is due. */
  private async ask(poll: Poll, asked: readonly PlannedSubscription[], until: bigint): Promise<void> {
    const { lane } = this.ports
    const { signal } = this.ending
    const ids = asked.map(({ id }) => id)
    const { path, weight } = poll.call(asked)
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const { url, answer } = await this.ports.request(path, weight, signal, 'live')
        if (signal.aborted) return
        const { asked: at, wall, mono, status, body } = answer
        const purpose = JSON.stringify({ what: 'poll', ids })
        const connection = this.number
        lane.record({ type: 'rest', connection, n: this.n++, asked: at, wall, mono, purpose, url, status, body })
        this.error = undefined
        return
      } catch (error) {
        if (signal.aborted) return
        this.error = error instanceof CollectorError ? error : new CollectorError('CONNECT_FAILED', String(error))
        this.ports.changed()
        const { code, message, retry } = this.error
        const waitMs = Math.max(RETRY_MS * 2 ** failures, typeof retry === 'object' ? retry.afterMs : 0)
        if (retry === 'never' || lane.clock.mono() + BigInt(Math.round(waitMs)) * MS >= until) {
          lane.decide(this.number, { what: 'missed', ids, code, detail: message })
          this.ports.tell(ids, { what: 'unanswered', connection: this.number, code, detail: message })
          await pause(lane, Number(until - lane.clock.mono()) / 1e6, signal)
          return
        }
        await pause(lane, waitMs, signal)
      }
    }
  }

  /** Wishes are about sockets and books. */
  obey(): void {}

  /** Silence is noticed by each question itself. */
  check(): void {}

  /** Ends some subscriptions; the slot closes when none is left. An answer that is under way is not theirs any more. */
  async remove(ids: readonly string[]): Promise<void> {
    const own = ids.filter((id) => this.subscriptions.delete(id))
    if (!own.length || this.state !== 'open') return
    this.ports.lane.decide(this.number, { what: 'unsubscribe', ids: own })
    if (this.subscriptions.size === 0)
      this.end(new CollectorError('UNSUBSCRIBED', 'nothing is asked for here any more'))
  }

  /** Closes for good. */
  end({ code, message }: CollectorError): void {
    if (this.state !== 'open') return
    this.ending.abort()
    this.state = 'closed'
    const { lane } = this.ports
    lane.record({
      type: 'close',
      connection: this.number,
      wall: lane.clock.wall(),
      mono: lane.clock.mono(),
      code,
      detail: message,
    })
    this.ports.changed()
  }
}
