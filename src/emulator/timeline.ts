import type { Nanos } from '../model/time.js'
import type { RecordedFrame } from './recording.js'

/** Clients say what they want in several messages: the first frame waits until they have been quiet for this long. */
const SETTLE: Nanos = 500_000_000n
/** At `max`, frames a tick: leaves the process time to write them. */
const MAX_FRAMES = 1000

/** The one clock of a playback: which recorded frames are due. */
export class Timeline {
  private readonly frames: readonly RecordedFrame[]
  private readonly pace: number | 'max'
  private start: Nanos | undefined
  private next = 0

  /** `pace`: how many seconds of the recording pass in one; `max` plays as fast as it can. */
  constructor(frames: readonly RecordedFrame[], pace: number | 'max') {
    this.frames = frames
    this.pace = pace
  }

  get started(): boolean {
    return this.next > 0
  }

  /** Time in the recording. */
  get position(): Nanos {
    return this.frames[Math.max(0, this.next - 1)]?.time ?? 0n
  }

  state(): { readonly played: number; readonly total: number; readonly done: boolean } {
    return { played: this.next, total: this.frames.length, done: this.next === this.frames.length }
  }

  /** A client has asked for something: begins when all have been quiet for a moment. */
  touch(now: Nanos): void {
    if (!this.started) this.start = now + SETTLE
  }

  /** Whether a frame has been passed. */
  passed(frame: RecordedFrame): boolean {
    const at = this.frames.indexOf(frame)
    return at >= 0 && at < this.next
  }

  /** Calls `play` for what is due, in order. */
  advance(now: Nanos, play: (frame: RecordedFrame) => void): void {
    const { start, frames, pace } = this
    if (start === undefined || now < start) return
    const first = frames[0]?.time ?? 0n
    const until = pace === 'max' ? undefined : first + BigInt(Math.round(Number(now - start) * pace))
    for (let count = 0; count < MAX_FRAMES; count++) {
      const frame = frames[this.next]
      if (!frame || (until !== undefined && frame.time > until)) return
      this.next++
      play(frame)
    }
  }
}
