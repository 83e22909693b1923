/** A success counts when so many came in a row: the first message after a snapshot may fit a rule that has changed. */
const STREAK = 10

/** What the watch remembers of a rule. */
export interface RuleWatchState {
  readonly failures: number
  readonly streak: number
}

/**
 * Tells a loss from a rule that has changed: what fails again and again without ever holding for a while is not the data. Such a rule is set aside, once,
 * instead of breaking everything that comes.
 */
export class RuleWatch {
  private readonly most: number
  private failures: number
  private streak: number

  /** `most`: failures in a row after which the rule is set aside. */
  constructor(most: number, state: RuleWatchState = { failures: 0, streak: 0 }) {
    this.most = most
    this.failures = state.failures
    this.streak = state.streak
  }

  get state(): RuleWatchState {
    return { failures: this.failures, streak: this.streak }
  }

  /** Set aside. */
  get drifted(): boolean {
    return this.failures >= this.most
  }

  held(): void {
    if (this.drifted) return
    this.streak++
    if (this.streak >= STREAK) this.failures = 0
  }

  /** Whether this failure is the one after which the rule is set aside. */
  failed(): boolean {
    if (this.drifted) return false
    this.streak = 0
    this.failures++
    return this.drifted
  }
}
