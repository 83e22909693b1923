import type { Side } from '../../model/event.js'
import { type Nanos, SECOND } from '../../model/time.js'
import type { ContractMarket } from '../contract-market.js'
import type { MarketChange, MarketInstrument } from '../market.js'
import type { MarketLevel } from '../market-book.js'

const MS: Nanos = 1_000_000n
/** Levels a side of `orderBookL2_25`. */
export const WINDOW = 25

export type Action = 'delete' | 'update' | 'insert'

/** One message of a book: what one action does, and when. */
export interface BookMessage {
  readonly action: Action
  readonly levels: readonly { readonly side: Side; readonly level: MarketLevel }[]
  readonly time: Nanos
}

/** What was told at once. */
export interface Published {
  readonly whole: readonly BookMessage[]
  readonly window: readonly BookMessage[]
}

type Known = Map<string, { readonly side: Side; readonly level: MarketLevel }>

/** What BitMEX makes of one instrument of the market. */
export class BitmexFeed {
  readonly instrument: MarketInstrument
  readonly contract: ContractMarket
  /** Time of the newest state of the book that was told. */
  told: Nanos
  /** What was told last of the top ten, of the best levels, and of the instrument. */
  readonly last = { top: '', quote: '', instrument: new Map<string, unknown>() }
  /** When mark and index price were said last, by what the truth calls them. */
  readonly said = new Map<string, Nanos>()
  /** When the instrument was told last. */
  instrumentTime: Nanos
  private readonly known: Known
  private window: Known
  private gathered = new Map<string, MarketChange>()

  constructor(instrument: MarketInstrument, contract: ContractMarket, start: Nanos) {
    this.instrument = instrument
    this.contract = contract
    this.told = start
    this.instrumentTime = start - (start % SECOND)
    this.known = levelsOf(instrument, Number.MAX_SAFE_INTEGER)
    this.window = levelsOf(instrument, WINDOW)
  }

  gather(changes: readonly MarketChange[]): void {
    for (const change of changes) this.gathered.set(keyOf(change.side, change.price), change)
  }

  /**
   * Tells what has gathered, when there is a millisecond for each message: first what goes, then what changes, then what comes, so that no state
   * between is crossed. The last message has the time of the state.
   */
  publish(now: Nanos): Published | undefined {
    const time = now - (now % MS)
    if (this.gathered.size === 0 || time - this.told < 3n * MS) return undefined
    const whole: Record<Action, BookMessage['levels'][number][]> = { delete: [], update: [], insert: [] }
    for (const [key, { side, price, amount }] of this.gathered) {
      const before = this.known.get(key)
      const entry = { side, level: { price, amount } }
      if (amount === 0) {
        if (before) whole.delete.push(before)
        this.known.delete(key)
        continue
      }
      if (before?.level.amount !== amount) whole[before ? 'update' : 'insert'].push(entry)
      this.known.set(key, entry)
    }
    this.gathered.clear()
    const after = levelsOf(this.instrument, WINDOW)
    const window = changesBetween(this.window, after)
    this.window = after
    this.told = time
    return { whole: inOrder(whole, time), window: inOrder(window, time) }
  }

  /** The best levels of a side as they were told. */
  best(side: Side, count: number): MarketLevel[] {
    const levels = [...this.window.values()].filter((each) => each.side === side).map(({ level }) => level)
    return levels.slice(0, count)
  }

  /** What was told, as it stands: after everything that gathered has been published, the market's own book. */
  levels(depth: number): BookMessage['levels'] {
    if (depth <= WINDOW) return [...this.window.values()]
    return [...this.known.values()]
  }
}

function keyOf(side: Side, price: number): string {
  return `${side} ${price}`
}

function levelsOf({ bids, asks }: MarketInstrument, depth: number): Known {
  const known: Known = new Map()
  for (const side of [asks, bids])
    for (const level of side.best(depth)) known.set(keyOf(side.side, level.price), { side: side.side, level })
  return known
}

function changesBetween(before: Known, after: Known): Record<Action, BookMessage['levels'][number][]> {
  const changes: Record<Action, BookMessage['levels'][number][]> = { delete: [], update: [], insert: [] }
  for (const [key, was] of before) if (!after.has(key)) changes.delete.push(was)
  for (const [key, is] of after) {
    const was = before.get(key)
    if (was?.level.amount !== is.level.amount) changes[was ? 'update' : 'insert'].push(is)
  }
  return changes
}

function inOrder(changes: Record<Action, BookMessage['levels'][number][]>, time: Nanos): BookMessage[] {
  const actions = (['delete', 'update', 'insert'] as const).filter((action) => changes[action].length > 0)
  return actions.map((action, index) => ({
    action,
    levels: changes[action],
    time: time - BigInt(actions.length - 1 - index) * MS,
  }))
}
