import type { HistoryFeed } from '../exchanges/exchange.js'
import { CollectorError } from '../model/error.js'
import type { Held } from '../model/ledger.js'
import { DAY, isoFromNanos, type Nanos, nanosFromIso, SECOND } from '../model/time.js'
import { openBefore, spanOf, type Target } from './target.js'

/** What happened this recently may not be served yet. */
const SETTLED: Nanos = 5n * SECOND
/** Before this nothing was traded. */
export const ORIGIN: Nanos = 1_230_768_000n * SECOND // 2009-01-01
/** Where nothing is held yet, `last` looks back this many candles, or this long. */
const FIRST_CANDLES = 1000n
const FIRST: Readonly<Record<string, Nanos>> = { trades: DAY }
const FIRST_ELSE: Nanos = 30n * DAY

export interface Range {
  readonly from: Nanos
  readonly until: Nanos
  readonly warnings: readonly string[]
}

/**
 * The range that a target is wanted for. `start`: `last` (from the first instant held on, so that holes inside are filled too), `origin`, ISO
 * time or nanoseconds; `until`: ISO time or nanoseconds, absent: now. Throws USAGE for a range that is reversed or in the future. What is out of
 * the venue's reach is cut off, with a warning. `archived`: since when files of archives reach further.
 */
export function rangeOf(
  target: Target,
  feed: HistoryFeed,
  asked: { readonly start?: string; readonly until?: string },
  held: readonly Held[],
  now: Nanos,
  archived?: Nanos,
): Range {
  const warnings: string[] = []
  const settled = now - SETTLED
  const first = held.reduce<Nanos | undefined>(
    (least, { from }) => (least === undefined || from < least ? from : least),
    undefined,
  )
  const start = asked.start ?? 'last'
  let from =
    start === 'last' ? (first ?? now - firstLook(target)) : start === 'origin' ? ORIGIN : instantOf(start, 'start')
  let until = asked.until === undefined ? settled : instantOf(asked.until, 'until')
  if (from >= now) throw outside(`start ${isoFromNanos(from)} is in the future`)
  if (asked.until !== undefined && until <= from)
    throw outside(`until ${isoFromNanos(until)} is not after start ${isoFromNanos(from)}`)
  if (until > settled) {
    if (until > now) warnings.push(`until ${isoFromNanos(until)} is in the future: what there is up to now is fetched`)
    until = settled
  }
  const span = spanOf(target)
  if (span !== undefined) {
    from = openBefore(target, from)
    until = openBefore(target, until)
  }
  const asks = reachOf(feed, target, now)
  const reach = asks !== undefined && archived !== undefined && archived < asks ? archived : asks
  if (reach !== undefined && from < reach) {
    const floor = span === undefined ? reach : openBefore(target, reach + span)
    const remedy = target.channel === 'ohlc' ? '; older candles can be made from trades: dccd ohlc' : ''
    if (start !== 'last')
      warnings.push(`${target.exchange} serves ${target.channel} only from ${isoFromNanos(floor)} on${remedy}`)
    from = floor
  }
  return { from, until: until > from ? until : from, warnings }
}

function firstLook(target: Target): Nanos {
  const span = spanOf(target)
  return span === undefined ? (FIRST[target.channel] ?? FIRST_ELSE) : span * FIRST_CANDLES
}

/** The earliest instant that the venue answers requests of; `undefined`: all of the past. */
export function reachOf({ reach }: HistoryFeed, target: Target, now: Nanos): Nanos | undefined {
  const span = spanOf(target)
  if (!reach) return undefined
  // A minute of grace: the venue's clock and ours differ, and the request takes its time.
  if ('ms' in reach) return now - BigInt(reach.ms) * 1_000_000n + 60n * SECOND
  return span === undefined ? undefined : now - BigInt(reach.candles) * span
}

function instantOf(text: string, name: string): Nanos {
  const value = /^\d{16,}$/.test(text) ? BigInt(text) : nanosFromIso(text)
  if (value === undefined)
    throw new CollectorError('USAGE', `${name}: ${text} is no time`, {
      remedy: 'Use last, origin, ISO time such as 2026-11-24 or 2026-11-24T10:00:00Z, or nanoseconds.',
    })
  return value
}

function outside(message: string): CollectorError {
  return new CollectorError('USAGE', message, { remedy: 'Choose a range in the past, start before until.' })
}
