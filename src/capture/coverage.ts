import type { Capability } from '../model/capability.js'
import type { ErrorCode } from '../model/error.js'
import type { Held, LedgerFact, Proof } from '../model/ledger.js'
import { type Nanos, SECOND } from '../model/time.js'

/** An instant on the dataset's axis, with the monotonic clock beside it for distances. */
export interface Instant {
  readonly time: Nanos
  readonly mono: Nanos
  /** The earliest instant at which it can have come, where that is before `mono`. */
  readonly arrived?: Nanos
  /** How long it took to come by both clocks, where that is known. */
  readonly lag?: Nanos
}

interface Run {
  readonly run: bigint
  readonly from: Nanos
  readonly before: bigint | null
  until: Nanos
  last: bigint | null
}

/** How far a run was proven. */
export interface Proven {
  readonly until: Nanos
  readonly last: bigint | null
}

/** All that coverage remembers of one dataset on one connection. */
export interface CoverageState {
  run: Run | null
  lastEvent: Instant | null
  /** Monotonic time of the confirmation that this listening began with. */
  confirmed: Nanos | null
  /** Last point at which a checksum vouched for everything before. */
  proven: Proven | null
  /** What proved this dataset does not any more. */
  unproven?: boolean
}

/**
 * What of one dataset is held by proof, while one connection listens to it (durability §6). A run begins with an event and grows with
 * events, and with the life of the connection, on the exchange's clock: last event + monotonic distance − 1 s. Where the venue counts, a jump
 * or the end of listening takes that growth back to the last event: only the next number can tell whether anything came after it. A break ends
 * the run; the next event begins another. Never grows by time passing alone.
 */
export class Coverage {
  readonly dataset: string
  readonly state: CoverageState
  private readonly proof: Capability['proof']
  private readonly emit: (fact: LedgerFact) => void
  private dirty = false

  constructor(
    dataset: string,
    proof: Capability['proof'],
    emit: (fact: LedgerFact) => void,
    state: CoverageState = { run: null, lastEvent: null, confirmed: null, proven: null },
  ) {
    this.dataset = dataset
    this.proof = proof
    this.emit = emit
    this.state = state
    this.dirty = state.run !== null
  }

  get heldUntil(): Nanos | undefined {
    return this.state.run?.until
  }

  /** The exchange said that from now on it sends. */
  confirm(mono: Nanos): void {
    this.state.confirmed ??= mono
  }

  /**
   * Something of this dataset came. `frame` names the run if one begins here. `before`/`last`: the venue's counter just before and at this
   * event; a run whose `last` differs from `before` has lost something and ends. Returns how many are missing, if any.
   */
  event(at: Instant, frame: bigint, count?: { readonly before: bigint; readonly last: bigint }): bigint {
    const { state } = this
    const counter = state.unproven ? undefined : count
    let missing = 0n
    // A counter that begins anew says so by naming the one before: then the numbers go back and nothing is missing.
    if (counter && state.run && state.run.last !== null && counter.before !== state.run.last) {
      if (counter.last <= state.run.last) return 0n // seen already
      if (counter.before > state.run.last) {
        missing = counter.before - state.run.last
        this.lost('SEQUENCE_GAP', `${missing} missing after ${state.run.last}`)
      }
    }
    if (state.run) {
      if (at.time > state.run.until) state.run.until = at.time
      if (counter) state.run.last = counter.last
    } else {
      const from = this.begin(at)
      state.run = {
        run: frame,
        from,
        until: at.time > from ? at.time : from,
        before: counter?.before ?? null,
        last: counter?.last ?? null,
      }
    }
    state.lastEvent = at
    this.dirty = true
    return missing
  }

  /**
   * Where a run that begins with this event is held from: just after the event, because others may bear the same time that came before listening began; or the confirmation
   * + 1 s if that was earlier.
   */
  private begin(at: Instant): Nanos {
    const { confirmed } = this.state
    const after = at.time + 1n
    if (confirmed === null) return after
    // An event that came late says that listening began later than the distance to it.
    const lag = at.lag !== undefined && at.lag > 0n ? at.lag : 0n
    const edge = at.time - ((at.arrived ?? at.mono) - confirmed) + SECOND + lag
    return edge < after ? edge : after
  }

  /** A candle is whole in itself: it covers its span. The spans before it, back to the run's end, were listened to. */
  span(from: Nanos, until: Nanos, frame: bigint): void {
    const { state } = this
    if (state.run) {
      if (until > state.run.until) state.run.until = until
    } else state.run = { run: frame, from, until, before: null, last: null }
    this.dirty = true
  }

  /** Where the run ends now: what a comparison that begins here can prove. */
  get mark(): Proven | null {
    const { run } = this.state
    return run && { until: run.until, last: run.last }
  }

  /** Another connection held everything up to here, and this one goes on from the same state: nothing lies between. */
  join(until: Nanos | undefined): void {
    const { run } = this.state
    if (!run || until === undefined || run.from <= until) return
    this.state.run = { ...run, from: until }
    this.dirty = true
  }

  /** A checksum or a comparison matched: everything up to the run's end, or up to an earlier mark of this run, is right. */
  vouch(mark: Proven | null = this.mark): void {
    if (this.state.run && mark) this.state.proven = mark
  }

  /**
   * The connection was alive at `mono`, the earliest instant that this is known of: what it had sent by then has arrived. `newest`: the last event that
   * came on the connection, of whatever dataset. Where it was later than this dataset's own, the exchange has fallen behind, and what it sent by now
   * happened longer ago.
   */
  alive(mono: Nanos, newest?: Instant): void {
    const { run, lastEvent } = this.state
    if (!run || !lastEvent || this.proof === 'unit') return
    const at = ({ time, mono: came }: Instant) => time + (mono - came) - SECOND
    const own = at(lastEvent)
    const until = newest && at(newest) < own ? at(newest) : own
    if (until > run.until) {
      run.until = until
      this.dirty = true
    }
  }

  /** Something may have been lost here: the run ends, and the ledger gets the cause. */
  break(code: ErrorCode, detail: string): void {
    const { run, lastEvent } = this.state
    if (run && run.last !== null && lastEvent) this.shrinkTo(run, lastEvent.time)
    const at = run?.until ?? lastEvent?.time
    this.end()
    if (at !== undefined) this.emit({ fact: 'break', dataset: this.dataset, at, code, detail })
  }

  /**
   * A frame that nobody could read may have been of this dataset. Where the venue counts, only what the counter spans is held from here on, until the
   * next event shows that nothing is missing, or what.
   */
  doubt(): void {
    const { run, lastEvent } = this.state
    if (!run || run.last === null || !lastEvent) return
    this.shrinkTo(run, lastEvent.time)
    this.state.lastEvent = null
  }

  private shrinkTo(run: Run, time: Nanos): void {
    if (time >= run.until) return
    run.until = time > run.from ? time : run.from
    this.dirty = true
  }

  /** Something was lost, and it came after the last event, however long the connection has lived since. */
  lost(code: ErrorCode, detail: string): void {
    const { run, lastEvent } = this.state
    if (run && lastEvent && this.proof !== 'unit') this.shrinkTo(run, lastEvent.time)
    this.break(code, detail)
  }

  /** The book turned out to be wrong: what no checksum had vouched for is not held after all. */
  retract(code: ErrorCode, detail: string): void {
    const { run, proven } = this.state
    if (run) {
      run.until = proven?.until ?? run.from
      run.last = proven?.last ?? run.before
      this.dirty = true
    }
    this.break(code, detail)
  }

  /** The venue's rule that proved this has changed: what comes from here on was listened to, and no more is known of it. */
  unprove(detail: string): void {
    this.state.unproven = true
    this.break('SCHEMA_DRIFT', detail)
  }

  /** Ends the run without a cause of its own. */
  end(): void {
    this.flush()
    this.state.run = null
    this.state.confirmed = null
    this.state.proven = null
  }

  /** Hands over what has changed since the last time. */
  flush(): void {
    const { run } = this.state
    if (!this.dirty || !run) return
    this.dirty = false
    this.emit({ fact: 'held', ...this.held(run) })
  }

  private held(run: Run): Held {
    const proof: Proof = this.proof === 'none' || this.state.unproven ? 'unverifiable' : 'observed'
    return {
      dataset: this.dataset,
      run: run.run,
      from: run.from,
      until: run.until,
      proof,
      before: run.before,
      last: run.last,
    }
  }
}
