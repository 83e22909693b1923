import { BookKeeper, type KeeperState } from '../src/capture/keeper.js'
import type { BookRules, ExchangeAdapter, Subscription } from '../src/exchanges/exchange.js'
import type { BookDelta, BookSnapshot } from '../src/model/event.js'
import { isRead, type ReadCapture } from './exchange-material.js'

type BookEvent = BookSnapshot | BookDelta

/** What is known of one book of a capture, in order. */
export interface BookTape {
  readonly name: string
  readonly events: readonly BookEvent[]
}

/** The books of a capture; REST snapshots stand where they were received. */
export function bookTapes(adapter: ExchangeAdapter, capture: ReadCapture): BookTape[] {
  const tapes = new Map<string, BookEvent[]>()
  const add = (event: BookEvent) => {
    const tape = tapes.get(event.symbol) ?? []
    tape.push(event)
    tapes.set(event.symbol, tape)
  }
  for (const step of capture.steps) {
    if (isRead(step)) {
      for (const event of step.reading.events)
        if (event.kind === 'book_snapshot' || event.kind === 'book_delta') add(event)
    } else if (step.channel === 'book' && step.detail === 'snapshot' && step.symbol !== null) {
      const subscription: Subscription = { id: 'book', channel: 'book', symbol: step.symbol, pair: 'A/B' }
      const call = adapter.book.snapshot?.(subscription)
      if (call) add(call.read(step.message))
    }
  }
  return [...tapes].map(([symbol, events]) => ({ name: `${capture.name} ${symbol}`, events }))
}

/** How a replay ended. */
export interface Replay {
  readonly applied: number
  readonly stale: number
  readonly snapshots: number
  readonly problems: readonly string[]
  /** The keeper before each event that it applied once the book was whole. */
  readonly states: readonly { readonly at: number; readonly state: KeeperState }[]
}

/** Feeds one event to a keeper. */
export function feed(keeper: BookKeeper, event: BookEvent) {
  return event.kind === 'book_snapshot' ? keeper.snapshot(event) : keeper.delta(event)
}

/** Replays a book by the exchange's rules. `keep`: how many states to keep for experiments, spread over the tape. */
export function replayBook(rules: BookRules, tape: BookTape, depth?: number, keep = 0): Replay {
  const keeper = new BookKeeper(rules, depth)
  const problems: string[] = []
  const states: { at: number; state: KeeperState }[] = []
  let applied = 0
  let stale = 0
  let snapshots = 0
  const every = Math.max(1, Math.floor(tape.events.length / Math.max(1, keep)))
  tape.events.forEach((event, at) => {
    const ready = keeper.ready
    if (ready && event.kind === 'book_delta' && at % every === 0 && states.length < keep)
      states.push({ at, state: keeper.save() })
    const kept = feed(keeper, event)
    if (kept.outcome === 'applied') applied++
    else if (kept.outcome === 'snapshot') {
      snapshots++
      if (kept.event.bids.length === 0 || kept.event.asks.length === 0)
        problems.push(`${at}: a snapshot with an empty side`)
    } else if (kept.outcome === 'ignored' && ready) stale++
    else if (kept.outcome === 'broken') problems.push(`${at}: ${kept.code} ${kept.detail}`)
    if (keeper.crossed) problems.push(`${at}: crossed`)
  })
  return { applied, stale, snapshots, problems, states }
}

/** What came of a book that was fed something else than what was sent: `broken` was noticed, `same` is harmless, `different` is a lie. */
export function disturb(
  rules: BookRules,
  tape: BookTape,
  from: Replay['states'][number],
  depth: number | undefined,
  replaced: (next: readonly BookEvent[]) => readonly BookEvent[],
  reach = 25,
): 'broken' | 'same' | 'different' {
  const next = tape.events.slice(from.at, from.at + reach)
  const right = new BookKeeper(rules, depth, from.state)
  for (const event of next) feed(right, event)
  const wrong = new BookKeeper(rules, depth, from.state)
  for (const event of replaced(next)) if (feed(wrong, event).outcome === 'broken') return 'broken'
  return JSON.stringify(wrong.view()) === JSON.stringify(right.view()) ? 'same' : 'different'
}
