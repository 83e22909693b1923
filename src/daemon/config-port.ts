/** The part of a stream job that the manager reads; the config's own type has it. */
export interface StreamJob {
  readonly exchange: string
  readonly pairs: readonly string[]
  readonly channels: readonly string[]
  /** Seconds between stored book snapshots. */
  readonly time_step: number
}

/** The part of the config that the daemon's parts read; the config's own type has it. */
export interface CollectorConfig {
  readonly settings: { readonly data_path: string }
  readonly storage: {
    readonly remotes: readonly { readonly provider: string; readonly remote: string }[]
    /** Seconds; 0 disables. */
    readonly sync_interval: number
  }
  readonly stream_jobs: readonly StreamJob[]
}
