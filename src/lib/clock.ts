/**
 * Time as the program sees it. Passed in everywhere, so that tests and replays own it.
 * `wall` steps when the machine's clock is set; `mono` never goes back and is what delays are measured with.
 */
export interface Clock {
  /** UTC, nanoseconds since 1970. Never decreases by less than a step of the system clock. */
  wall(): bigint
  /** Nanoseconds since an arbitrary start. */
  mono(): bigint
  /** Calls `callback` once after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Calls `callback` every `ms`; the returned function cancels it. */
  every(ms: number, callback: () => void): () => void
}

/** The machine's clock. Timers do not keep the process alive: what must stay alive holds a handle of its own. */
export function systemClock(): Clock {
  // Date.now has 1 ms steps; the fraction comes from the monotonic clock, re-anchored when both drift apart (a clock step).
  let anchorWall = BigInt(Date.now()) * 1_000_000n
  let anchorMono = process.hrtime.bigint()
  return {
    wall() {
      const now = anchorWall + (process.hrtime.bigint() - anchorMono)
      const coarse = BigInt(Date.now()) * 1_000_000n
      const off = now - coarse
      if (off > 1_500_000n || off < -500_000n) {
        anchorWall = coarse
        anchorMono = process.hrtime.bigint()
        return coarse
      }
      return now
    },
    mono: () => process.hrtime.bigint(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms)
      timer.unref()
      return () => clearTimeout(timer)
    },
    every(ms, callback) {
      const timer = setInterval(callback, ms)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
