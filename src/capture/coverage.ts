import type { Capability } from '../model/capability.js'
import type { ErrorCode } from '../model/error.js'
import type { LedgerFact, Proof } from '../model/ledger.js'
import { type Nanos, SECOND } from '../model/time.js'
import { Numbers } from './numbers.js'

/** An instant on the dataset's axis, with the monotonic clock beside it for distances. */
export interface Instant {
  readonly time: Nanos
  readonly mono: Nanos
  /** The earliest instant at which it can have come, where that is before `mono`. */
  readonly arrived?: Nanos
  /** How long it took to come by both clocks, where that is known. */
  readonly lag?: Nanos
}

/** How far a run was proven. */
export interface Proven {
  readonly until: Nanos
  readonly last: bigint | null
}

/** All that coverage remembers of one dataset on one connection, as it is saved. */
export interface CoverageState {
  run: {
    readonly run: bigint
    readonly from: Nanos
    readonly before: bigint | null
    readonly until: Nanos
    readonly last: bigint | null
  } | null
  lastEvent: Instant | null
  /** Monotonic time of the confirmation that this listening began with. */
  confirmed: Nanos | null
  /** Last point at which a checksum vouched for everything before. */
  proven: Proven | null
  /** What proved this dataset does not any more. */
  unproven?: boolean
}

/** Places of its numbers: of the run, of the last event, and the others. */
const RUN = 0
const FROM = 1
const BEFORE = 2
const UNTIL = 3
const LAST = 4
const TIME = 5
const MONO = 6
const ARRIVED = 7
const LAG = 8
const CONFIRMED = 9
const PROVEN_UNTIL = 10
const PROVEN_LAST = 11
export const COVERAGE_NUMBERS = 12

/**
 * What of one dataset is held by proof, while one connection listens to it (durability §6). A run begins with an event and grows with
 * events, and with the life of the connection, on the exchange's clock: last event + monotonic distance − 1 s. Where the venue counts, a jump
 * or the end of listening takes that growth back to the last event: only the next number can tell whether anything came after it. A break ends
 * the run; the next event begins another. Never grows by time passing alone.
 */
export class Coverage {
  readonly dataset: string
  private readonly proof: Capability['proof']
  private readonly emit: (fact: LedgerFact) => void
  private readonly numbers: Numbers
  /** What proved this dataset does not any more. */
  private unproven = false
  private dirty = false

  /** `numbers`: `COVERAGE_NUMBERS` places of its own, without a number. */
  constructor(
    dataset: string,
    proof: Capability['proof'],
    emit: (fact: LedgerFact) => void,
    state?: CoverageState,
    numbers: Numbers = Numbers.make(COVERAGE_NUMBERS),
  ) {
    this.dataset = dataset
    this.proof = proof
    this.emit = emit
    this.numbers = numbers
    if (!state) return
    const { run, lastEvent, confirmed, proven } = state
    this.unproven = state.unproven ?? false
    this.dirty = run !== null
    if (run) this.startRun(run.run, run.from, run.until, run.before, run.last)
    if (lastEvent) this.setLastEvent(lastEvent)
    numbers.set(CONFIRMED, confirmed)
    this.setProven(proven)
  }

  get state(): CoverageState {
    const { numbers } = this
    const run = numbers.get(RUN)
    const from = numbers.get(FROM)
    const until = numbers.get(UNTIL)
    const runs = run !== undefined && from !== undefined && until !== undefined
    const provenUntil = numbers.get(PROVEN_UNTIL)
    return {
      run: runs ? { run, from, before: numbers.get(BEFORE) ?? null, until, last: numbers.get(LAST) ?? null } : null,
      lastEvent: this.lastEvent ?? null,
      confirmed: numbers.get(CONFIRMED) ?? null,
      proven: provenUntil === undefined ? null : { until: provenUntil, last: numbers.get(PROVEN_LAST) ?? null },
      ...(this.unproven ? { unproven: true } : {}),
    }
  }

  get heldUntil(): Nanos | undefined {
    return this.numbers.get(UNTIL)
  }

  /** The last event that came, of whatever run. */
  get lastEvent(): Instant | undefined {
    const { numbers } = this
    const time = numbers.get(TIME)
    const mono = numbers.get(MONO)
    if (time === undefined || mono === undefined) return undefined
    const arrived = numbers.get(ARRIVED)
    const lag = numbers.get(LAG)
    return { time, mono, ...(arrived === undefined ? {} : { arrived }), ...(lag === undefined ? {} : { lag }) }
  }

  private setLastEvent({ time, mono, arrived, lag }: Instant): void {
    const { numbers } = this
    numbers.set(TIME, time)
    numbers.set(MONO, mono)
    numbers.set(ARRIVED, arrived)
    numbers.set(LAG, lag)
  }

  private setProven(proven: Proven | null): void {
    this.numbers.set(PROVEN_UNTIL, proven?.until)
    this.numbers.set(PROVEN_LAST, proven?.last)
  }

  private startRun(run: bigint, from: Nanos, until: Nanos, before?: bigint | null, last?: bigint | null): void {
    const { numbers } = this
    numbers.set(RUN, run)
    numbers.set(FROM, from)
    numbers.set(BEFORE, before)
    numbers.set(UNTIL, until)
    numbers.set(LAST, last)
  }

  /** Something is held now, to which events may join. */
  get runs(): boolean {
    return this.numbers.get(UNTIL) !== undefined
  }

  /** The exchange said that from now on it sends. */
  confirm(mono: Nanos): void {
    if (this.numbers.get(CONFIRMED) === undefined) this.numbers.set(CONFIRMED, mono)
  }

  /**
   * Something of this dataset came. `frame` names the run if one begins here. `before`/`last`: the venue's counter just before and at this
   * event; a run whose `last` differs from `before` has lost something and ends. Returns how many are missing, if any.
   */
  event(at: Instant, frame: bigint, count?: { readonly before: bigint; readonly last: bigint }): bigint {
    const { numbers } = this
    const counter = this.unproven ? undefined : count
    let missing = 0n
    if (counter) {
      const last = numbers.get(LAST)
      // A counter that begins anew says so by naming the one before: then the numbers go back and nothing is missing.
      if (last !== undefined && counter.before !== last) {
        if (counter.last <= last) return 0n // seen already
        if (counter.before > last) {
          missing = counter.before - last
          this.lost('SEQUENCE_GAP', `${missing} missing after ${last}`)
        }
      }
    }
    const until = numbers.get(UNTIL)
    if (until !== undefined) {
      if (at.time > until) numbers.set(UNTIL, at.time)
      if (counter) numbers.set(LAST, counter.last)
    } else {
      const from = this.begin(at)
      this.startRun(frame, from, at.time > from ? at.time : from, counter?.before, counter?.last)
    }
    this.setLastEvent(at)
    this.dirty = true
    return missing
  }

  /**
   * Where a run that begins with this event is held from: just after the event, because others may bear the same time that came before listening began; or the confirmation
   * + 1 s if that was earlier.
   */
  private begin(at: Instant): Nanos {
    const confirmed = this.numbers.get(CONFIRMED)
    const after = at.time + 1n
    if (confirmed === undefined) return after
    // An event that came late says that listening began later than the distance to it.
    const lag = at.lag !== undefined && at.lag > 0n ? at.lag : 0n
    const edge = at.time - ((at.arrived ?? at.mono) - confirmed) + SECOND + lag
    return edge < after ? edge : after
  }

  /** A candle is whole in itself: it covers its span. The spans before it, back to the run's end, were listened to. */
  span(from: Nanos, until: Nanos, frame: bigint): void {
    const held = this.numbers.get(UNTIL)
    if (held === undefined) this.startRun(frame, from, until)
    else if (until > held) this.numbers.set(UNTIL, until)
    this.dirty = true
  }

  /** Where the run ends now: what a comparison that begins here can prove. */
  get mark(): Proven | null {
    const until = this.numbers.get(UNTIL)
    return until === undefined ? null : { until, last: this.numbers.get(LAST) ?? null }
  }

  /** Another connection held everything up to here, and this one goes on from the same state: nothing lies between. */
  join(until: Nanos | undefined): void {
    const from = this.numbers.get(FROM)
    if (from === undefined || until === undefined || from <= until) return
    this.numbers.set(FROM, until)
    this.dirty = true
  }

  /** A checksum or a comparison matched: everything up to the run's end, or up to an earlier mark of this run, is right. */
  vouch(mark: Proven | null = this.mark): void {
    if (this.runs && mark) this.setProven(mark)
  }

  /**
   * The connection was alive at `mono`, the earliest instant that this is known of: what it had sent by then has arrived. `newest`: the last event that
   * came on the connection, of whatever dataset. Where it was later than this dataset's own, the exchange has fallen behind, and what it sent by now
   * happened longer ago.
   */
  alive(mono: Nanos, newest?: Instant): void {
    const held = this.numbers.get(UNTIL)
    const { lastEvent } = this
    if (held === undefined || !lastEvent || this.proof === 'unit') return
    const at = ({ time, mono: came }: Instant) => time + (mono - came) - SECOND
    const own = at(lastEvent)
    const until = newest && at(newest) < own ? at(newest) : own
    if (until > held) {
      this.numbers.set(UNTIL, until)
      this.dirty = true
    }
  }

  /** Something may have been lost here: the run ends, and the ledger gets the cause. */
  break(code: ErrorCode, detail: string): void {
    const time = this.numbers.get(TIME)
    if (this.numbers.get(LAST) !== undefined) this.shrinkTo(time)
    const at = this.heldUntil ?? time
    this.end()
    if (at !== undefined) this.emit({ fact: 'break', dataset: this.dataset, at, code, detail })
  }

  /**
   * A frame that nobody could read may have been of this dataset. Where the venue counts, only what the counter spans is held from here on, until the
   * next event shows that nothing is missing, or what.
   */
  doubt(): void {
    const { numbers } = this
    const time = numbers.get(TIME)
    if (numbers.get(LAST) === undefined || time === undefined) return
    this.shrinkTo(time)
    numbers.set(TIME, null)
  }

  private shrinkTo(time: Nanos | undefined): void {
    const until = this.numbers.get(UNTIL)
    const from = this.numbers.get(FROM)
    if (time === undefined || until === undefined || from === undefined || time >= until) return
    this.numbers.set(UNTIL, time > from ? time : from)
    this.dirty = true
  }

  /** Something was lost, and it came after the last event, however long the connection has lived since. */
  lost(code: ErrorCode, detail: string): void {
    if (this.proof !== 'unit') this.shrinkTo(this.numbers.get(TIME))
    this.break(code, detail)
  }

  /** The book turned out to be wrong: what no checksum had vouched for is not held after all. */
  retract(code: ErrorCode, detail: string): void {
    const { numbers } = this
    if (this.runs) {
      const proven = numbers.get(PROVEN_UNTIL)
      numbers.set(UNTIL, proven ?? numbers.get(FROM))
      numbers.set(LAST, proven === undefined ? numbers.get(BEFORE) : (numbers.get(PROVEN_LAST) ?? numbers.get(BEFORE)))
      this.dirty = true
    }
    this.break(code, detail)
  }

  /** The venue's rule that proved this has changed: what comes from here on was listened to, and no more is known of it. */
  unprove(detail: string): void {
    this.unproven = true
    this.break('SCHEMA_DRIFT', detail)
  }

  /** Ends the run without a cause of its own. */
  end(): void {
    this.flush()
    for (const place of [RUN, FROM, BEFORE, UNTIL, LAST, CONFIRMED, PROVEN_UNTIL, PROVEN_LAST])
      this.numbers.set(place, null)
  }

  /** Hands over what has changed since the last time. */
  flush(): void {
    const { run } = this.dirty ? this.state : {}
    if (!run) return
    this.dirty = false
    const proof: Proof = this.proof === 'none' || this.unproven ? 'unverifiable' : 'observed'
    this.emit({ fact: 'held', dataset: this.dataset, proof, ...run })
  }
}
