import { type Nanos, SECOND } from '../model/time.js'

/** Ticks come each second; a pause of more than this means that the process did not run. */
const STALL: Nanos = (3n * SECOND) / 2n

/** What is remembered of a lane's time. */
export interface ArrivalState {
  /** Of the last tick and of the last record of any kind. */
  tick: Nanos | null
  last: Nanos | null
  /** A pause whose backlog is being read: where it began, and when it was over. */
  pause: { from: Nanos; over: Nanos } | null
}

/**
 * When a frame can have arrived at this machine. A process that was stopped, or was kept from running, reads afterwards what had come meanwhile and stamps it
 * late: such a frame may have come at any time since the pause began. Proof by distance (durability G3) must use the end of that span that claims less.
 */
export class Arrivals {
  readonly state: ArrivalState

  constructor(state: ArrivalState = { tick: null, last: null, pause: null }) {
    this.state = state
  }

  /** The earliest instant, on the monotonic clock, at which what was stamped `mono` can have arrived. Asked for every record, in order. */
  earliest(mono: Nanos, isTick: boolean): Nanos {
    const { state } = this
    if (state.tick !== null && mono - state.tick > STALL && state.last !== null && mono - state.last > SECOND / 2n)
      state.pause = { from: state.pause?.from ?? state.last, over: mono }
    // A second of running is enough to read what waited in the socket.
    else if (state.pause && isTick && mono - state.pause.over >= SECOND) state.pause = null
    if (isTick) state.tick = mono
    state.last = mono
    return state.pause?.from ?? mono
  }
}
