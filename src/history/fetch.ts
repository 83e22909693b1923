import type { HistoryFeed, HistoryRequest, Json, PageCover } from '../exchanges/exchange.js'
import { Backoff } from '../lib/backoff.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { Nanos } from '../model/time.js'
import type { Stretch } from './missing.js'
import type { Retries, Target } from './target.js'

/** The stretch that pages have proven together so far, as the page's deriver hands it on: opaque here. */
export type Grown = Json

/** One page that was asked for, journalled and derived. */
export interface Fetched {
  readonly rows: number
  readonly bytes: number
  readonly next: Json | undefined
  readonly grown: Grown | undefined
  readonly covers: readonly PageCover[]
  readonly missing: readonly { readonly from: Nanos; readonly until: Nanos; readonly reason: string }[]
  /** The past of the exchange begins here. */
  readonly begins?: Nanos | undefined
  readonly error: CollectorError | undefined
}

export interface PagePorts {
  /** Asks for one page within the budget, journals the answer and derives it. Throws a CollectorError where there was no answer. */
  page(
    target: Target,
    request: HistoryRequest,
    cursor: Json | undefined,
    grown: Grown | undefined,
    signal: AbortSignal,
  ): Promise<Fetched>
  /** Resolves after `ms`, or when aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  random(): number
}

export interface StretchHooks {
  onPage(page: Fetched): void
  onRetry(error: CollectorError, waitMs: number): void
}

/** Failures in a row until a stretch is given up, where the config does not say; limits and bans do not count, they only take their time. */
const TRIES = 6
const RETRY_MOST_MS = 300_000
/** Pages in a row that neither bring nor prove anything. */
const IDLE_PAGES = 5

/** A stretch of a target as its feed is asked for it. */
export function requestOf(target: Target, instrument: Instrument, stretch: Stretch): HistoryRequest {
  return {
    symbol: instrument.symbol,
    restSymbol: instrument.restSymbol ?? instrument.symbol,
    from: stretch.from,
    until: stretch.until,
    ...(target.interval === undefined ? {} : { interval: target.interval }),
    ...(stretch.after === undefined ? {} : { after: stretch.after }),
    ...(stretch.before === undefined ? {} : { before: stretch.before }),
  }
}

/** Fetches one stretch page by page. What came before a failure or an abort is kept: the ledger has it. Throws what could not be overcome. */
export async function fetchStretch(
  target: Target,
  instrument: Instrument,
  feed: HistoryFeed,
  stretch: Stretch,
  ports: PagePorts,
  hooks: StretchHooks,
  signal: AbortSignal,
): Promise<void> {
  const request = requestOf(target, instrument, stretch)
  const backoff = new Backoff({ random: ports.random })
  let cursor: Json | undefined
  let grown: Grown | undefined
  let failures = 0
  let idle = 0
  for (;;) {
    signal.throwIfAborted()
    let fetched: Fetched
    try {
      fetched = await ports.page(target, request, cursor, grown, signal)
      if (fetched.error) throw fetched.error
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof CollectorError) || error.retry === 'never' || error.code === 'UNKNOWN_INSTRUMENT')
        throw error
      const limited = error.code === 'RATE_LIMITED' || error.code === 'BANNED'
      if (!limited && ++failures >= (target.retries?.tries ?? TRIES)) throw error
      // The budget itself waits as long as the venue said; this is for what is not about the budget.
      const usualMs = limited || !target.retries ? backoff.next() : delayOf(target.retries, failures)
      const waitMs = typeof error.retry === 'object' && !limited ? error.retry.afterMs : usualMs
      hooks.onRetry(error, waitMs)
      await ports.wait(waitMs, signal)
      continue
    }
    failures = 0
    backoff.reset()
    hooks.onPage(fetched)
    if (fetched.next === undefined) return
    idle = fetched.rows === 0 && fetched.covers.length === 0 ? idle + 1 : 0
    if (idle > IDLE_PAGES)
      throw new CollectorError('BAD_MESSAGE', `${feed.channel} of ${target.exchange}: its pages lead nowhere`, {
        retry: 'never',
      })
    cursor = fetched.next
    grown = fetched.grown
  }
}

function delayOf({ delayMs }: Retries, failures: number): number {
  return Math.min(RETRY_MOST_MS, delayMs * 2 ** (failures - 1))
}
