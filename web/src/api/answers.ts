// Made from docs/reference/openapi.json by `npm run docs`: what each operation of the HTTP API answers.
export interface Answers {
  readonly 'health': {
    readonly status: 'ok' | 'degraded'
    readonly version: string
    readonly uptime_s: number
    readonly streams: Readonly<Record<string, number>>
    readonly journal_lag_ms: number
    readonly store_lag_ms: number | null
    readonly drifts: readonly ({
      readonly exchange: string
      readonly channel: string | null
      readonly what: 'field' | 'word' | 'type' | 'message' | 'rule'
      readonly name: string
      readonly count: number
      readonly first: string
      readonly last: string
      readonly frame: string | null
    })[]
  }
  readonly 'capabilities': readonly ({
    readonly exchange: string
    readonly task_per: 'pair' | 'channel'
    readonly channels: readonly ({
      readonly channel: string
      readonly depths: readonly (number)[] | null
      readonly intervals: readonly (string)[] | null
      readonly proof: string
      readonly axis: 'exchange' | 'receive'
    })[]
  })[]
  readonly 'instruments': {
    readonly total: number
    readonly next_cursor: string | null
    readonly instruments: readonly ({
      readonly exchange: string
      readonly pair: string
      readonly symbol: string
      readonly kind: string
      readonly base: string
      readonly quote: string
      readonly status: 'trading' | 'halted' | 'closed'
      readonly price_increment: string | null
      readonly amount_increment: string | null
      readonly amount_unit: string
      readonly settle: string | null
      readonly contract: 'linear' | 'inverse' | 'quanto' | null
      readonly contract_size: string | null
      readonly contract_unit: 'base' | 'quote' | null
      readonly list_time: string | null
      readonly expiry_time: string | null
    })[]
  }
  readonly 'logs': readonly ({
    readonly time: string
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
    readonly message: string
    readonly fields: Readonly<Record<string, unknown>>
  })[]
  readonly 'alerts': readonly ({
    readonly id: number
    readonly active: boolean
    readonly key: string
    readonly severity: 'warning' | 'critical'
    readonly code: string
    readonly scope: string
    readonly message: string
    readonly remedy: string
    readonly count: number
    readonly since: string
    readonly last_at: string
    readonly resolved_at: string | null
    readonly acknowledged_at: string | null
  })[]
  readonly 'alerts.ack': {
    readonly id: number
    readonly active: boolean
    readonly key: string
    readonly severity: 'warning' | 'critical'
    readonly code: string
    readonly scope: string
    readonly message: string
    readonly remedy: string
    readonly count: number
    readonly since: string
    readonly last_at: string
    readonly resolved_at: string | null
    readonly acknowledged_at: string | null
  }
  readonly 'alerts.test': {
    readonly receiver: string
    readonly status: number
  }
  readonly 'sync': {
    readonly remotes: readonly (string)[]
    readonly sync_interval: number
    readonly running: boolean
    readonly last_sync_at: string | null
    readonly results: readonly ({
      readonly remote: string
      readonly ok: boolean
      readonly at: string
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
    })[]
  }
  readonly 'sync.run': {
    readonly started: boolean
  }
  readonly 'streams.list': readonly ({
    readonly key: string
    readonly exchange: string
    readonly pair: string
    readonly channels: readonly (string)[]
    readonly time_step: number
    readonly running: boolean
    readonly state: 'waiting' | 'connecting' | 'subscribing' | 'live' | 'degraded' | 'draining' | 'failed' | 'stopped'
    readonly last_frame: string | null
    readonly last_event: string | null
    readonly rate: number
    readonly lag_ms: number | null
    readonly lag_p99_ms: number | null
    readonly reconnects: number
    readonly gaps: number
    readonly rows: number
    readonly error: {
      readonly code: string
      readonly message: string
      readonly remedy: string
    } | null
    readonly configured: boolean
  })[]
  readonly 'streams.start': {
    readonly key: string
    readonly stream: {
      readonly key: string
      readonly exchange: string
      readonly pair: string
      readonly channels: readonly (string)[]
      readonly time_step: number
      readonly running: boolean
      readonly state: 'waiting' | 'connecting' | 'subscribing' | 'live' | 'degraded' | 'draining' | 'failed' | 'stopped'
      readonly last_frame: string | null
      readonly last_event: string | null
      readonly rate: number
      readonly lag_ms: number | null
      readonly lag_p99_ms: number | null
      readonly reconnects: number
      readonly gaps: number
      readonly rows: number
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly configured: boolean
    } | null
  }
  readonly 'streams.stop': {
    readonly key: string
    readonly stream: {
      readonly key: string
      readonly exchange: string
      readonly pair: string
      readonly channels: readonly (string)[]
      readonly time_step: number
      readonly running: boolean
      readonly state: 'waiting' | 'connecting' | 'subscribing' | 'live' | 'degraded' | 'draining' | 'failed' | 'stopped'
      readonly last_frame: string | null
      readonly last_event: string | null
      readonly rate: number
      readonly lag_ms: number | null
      readonly lag_p99_ms: number | null
      readonly reconnects: number
      readonly gaps: number
      readonly rows: number
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly configured: boolean
    } | null
    readonly stopped: boolean
  }
  readonly 'streams.restart': {
    readonly key: string
    readonly stream: {
      readonly key: string
      readonly exchange: string
      readonly pair: string
      readonly channels: readonly (string)[]
      readonly time_step: number
      readonly running: boolean
      readonly state: 'waiting' | 'connecting' | 'subscribing' | 'live' | 'degraded' | 'draining' | 'failed' | 'stopped'
      readonly last_frame: string | null
      readonly last_event: string | null
      readonly rate: number
      readonly lag_ms: number | null
      readonly lag_p99_ms: number | null
      readonly reconnects: number
      readonly gaps: number
      readonly rows: number
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly configured: boolean
    } | null
  }
  readonly 'streams.log': readonly ({
    readonly time: string
    readonly what: 'connecting' | 'opened' | 'closed' | 'live' | 'gap' | 'refused' | 'unanswered' | 'unsubscribed'
    readonly connection: number | null
    readonly channel: string | null
    readonly code: string | null
    readonly detail: string | null
  })[]
  readonly 'inventory': readonly ({
    readonly exchange: string
    readonly kind: string
    readonly pair: string
    readonly interval: string | null
    readonly rows: number
    readonly unpublished_rows: number
    readonly files: number
    readonly bytes: number
    readonly first: string
    readonly last: string
    readonly first_event: string | null
    readonly last_event: string | null
    readonly published: string | null
    readonly held_until: string | null
    readonly coverage: number | null
    readonly held_s: number
    readonly missing_s: number
    readonly gaps: number
  })[]
  readonly 'coverage': {
    readonly from_time: string | null
    readonly until_time: string | null
    readonly resolution_s: number
    readonly truncated: boolean
    readonly datasets: readonly ({
      readonly exchange: string
      readonly kind: string
      readonly pair: string
      readonly interval: string | null
      readonly intervals: readonly ({
        readonly from: string
        readonly until: string
        readonly from_time: string
        readonly until_time: string
        readonly state: 'observed' | 'backfilled' | 'unverifiable' | 'missing'
        readonly code: string | null
        readonly detail: string | null
        readonly held_s: number
        readonly missing_s: number
      })[]
    })[]
  }
  readonly 'storage': {
    readonly data_path: string
    readonly disk: {
      readonly free_bytes: number
      readonly total_bytes: number
      readonly pauses_below_bytes: number
    }
    readonly bytes: {
      readonly data: number
      readonly journal: number
      readonly tail: number
      readonly catalog: number
      readonly logs: number
      readonly other: number
    }
    readonly data: readonly ({
      readonly exchange: string
      readonly kind: string
      readonly datasets: number
      readonly files: number
      readonly rows: number
      readonly bytes: number
    })[]
    readonly journal: {
      readonly files: number
      readonly bytes: number
      readonly oldest_at: string | null
    }
    readonly written: {
      readonly bytes: number
      readonly kept_bytes: number
      readonly amplification: number | null
    }
    readonly retention: {
      readonly journal_keep: string
      readonly journal_max_bytes: number | null
      readonly journal_min_free_gb: string | number
      readonly data_min_free_gb: number
    }
  }
  readonly 'gaps': readonly ({
    readonly exchange: string
    readonly kind: string
    readonly pair: string
    readonly interval: string | null
    readonly from: string
    readonly until: string
    readonly from_time: string
    readonly until_time: string
    readonly seconds: number
    readonly missing: string | null
    readonly code: string
    readonly detail: string
    readonly lost: string | null
  })[]
  readonly 'read': {
    readonly rows: readonly (Readonly<Record<string, string | number | boolean | null>>)[]
    readonly next_cursor: string | null
  }
  readonly 'export': unknown
  readonly 'sql': {
    readonly columns: readonly ({
      readonly name: string
      readonly type: string
    })[]
    readonly rows: readonly (readonly (unknown)[])[]
    readonly truncated: boolean
  }
  readonly 'book': {
    readonly exchange: string
    readonly pair: string
    readonly at: string
    readonly time: string | null
    readonly sequence: string | null
    readonly proof: 'verified' | 'unverifiable' | 'pending' | 'missing'
    readonly bids: readonly (readonly [string, string])[]
    readonly asks: readonly (readonly [string, string])[]
  }
  readonly 'candles': {
    readonly source: 'trades' | 'exchange'
    readonly truncated: boolean
    readonly candles: readonly ({
      readonly time: number
      readonly open: number
      readonly high: number
      readonly low: number
      readonly close: number
      readonly volume: number
      readonly quote_volume: number | null
      readonly trades: number | null
      readonly taker_buy_volume: number | null
      readonly vwap: number | null
    })[]
  }
  readonly 'config.get': {
    readonly file: string | null
    readonly etag: string
    readonly yaml: string | null
    readonly config: Readonly<Record<string, unknown>>
    readonly in_force: boolean
    readonly warnings: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly problems: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
  }
  readonly 'config.replace': {
    readonly etag: string
    readonly diff: string
    readonly warnings: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly applied: {
      readonly started: readonly (string)[]
      readonly stopped: readonly (string)[]
      readonly restarted: readonly (string)[]
      readonly unchanged: readonly (string)[]
      readonly rolled_back: boolean
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly restart_needed: readonly (string)[]
    }
  }
  readonly 'config.patch': {
    readonly etag: string
    readonly diff: string
    readonly warnings: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly applied: {
      readonly started: readonly (string)[]
      readonly stopped: readonly (string)[]
      readonly restarted: readonly (string)[]
      readonly unchanged: readonly (string)[]
      readonly rolled_back: boolean
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly restart_needed: readonly (string)[]
    }
  }
  readonly 'config.schema': Readonly<Record<string, unknown>>
  readonly 'config.validate': {
    readonly valid: boolean
    readonly yaml: string | null
    readonly problems: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly warnings: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly diff: string
    readonly plan: {
      readonly started: readonly (string)[]
      readonly stopped: readonly (string)[]
      readonly restarted: readonly (string)[]
      readonly unchanged: readonly (string)[]
      readonly restart_needed: readonly (string)[]
    } | null
  }
  readonly 'config.undo': {
    readonly etag: string
    readonly diff: string
    readonly warnings: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly applied: {
      readonly started: readonly (string)[]
      readonly stopped: readonly (string)[]
      readonly restarted: readonly (string)[]
      readonly unchanged: readonly (string)[]
      readonly rolled_back: boolean
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly restart_needed: readonly (string)[]
    }
  }
  readonly 'config.reload': {
    readonly etag: string
    readonly diff: string
    readonly warnings: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly applied: {
      readonly started: readonly (string)[]
      readonly stopped: readonly (string)[]
      readonly restarted: readonly (string)[]
      readonly unchanged: readonly (string)[]
      readonly rolled_back: boolean
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly restart_needed: readonly (string)[]
    }
  }
  readonly 'config.add': {
    readonly etag: string
    readonly diff: string
    readonly warnings: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly applied: {
      readonly started: readonly (string)[]
      readonly stopped: readonly (string)[]
      readonly restarted: readonly (string)[]
      readonly unchanged: readonly (string)[]
      readonly rolled_back: boolean
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly restart_needed: readonly (string)[]
    }
  }
  readonly 'config.remove': {
    readonly etag: string
    readonly diff: string
    readonly warnings: readonly ({
      readonly path: string
      readonly line: number
      readonly column: number
      readonly message: string
      readonly found?: string
      readonly expected?: string
      readonly nearest?: string
      readonly source?: string
    })[]
    readonly applied: {
      readonly started: readonly (string)[]
      readonly stopped: readonly (string)[]
      readonly restarted: readonly (string)[]
      readonly unchanged: readonly (string)[]
      readonly rolled_back: boolean
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
      readonly restart_needed: readonly (string)[]
    }
  }
  readonly 'jobs': {
    readonly paused: boolean
    readonly jobs: readonly ({
      readonly id: string
      readonly trigger: 'once' | 'interval' | 'cron' | 'manual'
      readonly schedule: string
      readonly next: string | null
      readonly running: number | null
      readonly last: {
        readonly id: number
        readonly job: string | null
        readonly kind: 'backfill' | 'repair'
        readonly trigger: 'manual' | 'schedule' | 'gap'
        readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'stale'
        readonly request: {
          readonly exchange: string | null
          readonly pairs: readonly (string)[] | null
          readonly channels: readonly (string)[] | null
          readonly interval: string | null
          readonly start: string | null
          readonly until: string | null
        }
        readonly created: string
        readonly started: string | null
        readonly ended: string | null
        readonly rows: number
        readonly requests: number
        readonly bytes: number
        readonly rate: number
        readonly progress: number
        readonly eta_s: number | null
        readonly error: {
          readonly code: string
          readonly message: string
          readonly remedy: string
        } | null
        readonly parts: readonly ({
          readonly dataset: string
          readonly from: string
          readonly until: string
          readonly wanted_s: number
          readonly done_s: number
          readonly rows: number
          readonly requests: number
          readonly bytes: number
          readonly lost: readonly ({
            readonly from: string
            readonly until: string
            readonly reason: string
          })[]
          readonly error: {
            readonly code: string
            readonly message: string
            readonly remedy: string
          } | null
        })[]
      } | null
      readonly failures: number
    })[]
  }
  readonly 'jobs.run': {
    readonly id: number
    readonly job: string | null
    readonly kind: 'backfill' | 'repair'
    readonly trigger: 'manual' | 'schedule' | 'gap'
    readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'stale'
    readonly request: {
      readonly exchange: string | null
      readonly pairs: readonly (string)[] | null
      readonly channels: readonly (string)[] | null
      readonly interval: string | null
      readonly start: string | null
      readonly until: string | null
    }
    readonly created: string
    readonly started: string | null
    readonly ended: string | null
    readonly rows: number
    readonly requests: number
    readonly bytes: number
    readonly rate: number
    readonly progress: number
    readonly eta_s: number | null
    readonly error: {
      readonly code: string
      readonly message: string
      readonly remedy: string
    } | null
    readonly parts: readonly ({
      readonly dataset: string
      readonly from: string
      readonly until: string
      readonly wanted_s: number
      readonly done_s: number
      readonly rows: number
      readonly requests: number
      readonly bytes: number
      readonly lost: readonly ({
        readonly from: string
        readonly until: string
        readonly reason: string
      })[]
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
    })[]
  }
  readonly 'jobs.pause': {
    readonly paused: boolean
  }
  readonly 'runs': readonly ({
    readonly id: number
    readonly job: string | null
    readonly kind: 'backfill' | 'repair'
    readonly trigger: 'manual' | 'schedule' | 'gap'
    readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'stale'
    readonly request: {
      readonly exchange: string | null
      readonly pairs: readonly (string)[] | null
      readonly channels: readonly (string)[] | null
      readonly interval: string | null
      readonly start: string | null
      readonly until: string | null
    }
    readonly created: string
    readonly started: string | null
    readonly ended: string | null
    readonly rows: number
    readonly requests: number
    readonly bytes: number
    readonly rate: number
    readonly progress: number
    readonly eta_s: number | null
    readonly error: {
      readonly code: string
      readonly message: string
      readonly remedy: string
    } | null
    readonly parts: readonly ({
      readonly dataset: string
      readonly from: string
      readonly until: string
      readonly wanted_s: number
      readonly done_s: number
      readonly rows: number
      readonly requests: number
      readonly bytes: number
      readonly lost: readonly ({
        readonly from: string
        readonly until: string
        readonly reason: string
      })[]
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
    })[]
  })[]
  readonly 'runs.start': {
    readonly id: number
    readonly job: string | null
    readonly kind: 'backfill' | 'repair'
    readonly trigger: 'manual' | 'schedule' | 'gap'
    readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'stale'
    readonly request: {
      readonly exchange: string | null
      readonly pairs: readonly (string)[] | null
      readonly channels: readonly (string)[] | null
      readonly interval: string | null
      readonly start: string | null
      readonly until: string | null
    }
    readonly created: string
    readonly started: string | null
    readonly ended: string | null
    readonly rows: number
    readonly requests: number
    readonly bytes: number
    readonly rate: number
    readonly progress: number
    readonly eta_s: number | null
    readonly error: {
      readonly code: string
      readonly message: string
      readonly remedy: string
    } | null
    readonly parts: readonly ({
      readonly dataset: string
      readonly from: string
      readonly until: string
      readonly wanted_s: number
      readonly done_s: number
      readonly rows: number
      readonly requests: number
      readonly bytes: number
      readonly lost: readonly ({
        readonly from: string
        readonly until: string
        readonly reason: string
      })[]
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
    })[]
  }
  readonly 'runs.get': {
    readonly id: number
    readonly job: string | null
    readonly kind: 'backfill' | 'repair'
    readonly trigger: 'manual' | 'schedule' | 'gap'
    readonly state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'stale'
    readonly request: {
      readonly exchange: string | null
      readonly pairs: readonly (string)[] | null
      readonly channels: readonly (string)[] | null
      readonly interval: string | null
      readonly start: string | null
      readonly until: string | null
    }
    readonly created: string
    readonly started: string | null
    readonly ended: string | null
    readonly rows: number
    readonly requests: number
    readonly bytes: number
    readonly rate: number
    readonly progress: number
    readonly eta_s: number | null
    readonly error: {
      readonly code: string
      readonly message: string
      readonly remedy: string
    } | null
    readonly parts: readonly ({
      readonly dataset: string
      readonly from: string
      readonly until: string
      readonly wanted_s: number
      readonly done_s: number
      readonly rows: number
      readonly requests: number
      readonly bytes: number
      readonly lost: readonly ({
        readonly from: string
        readonly until: string
        readonly reason: string
      })[]
      readonly error: {
        readonly code: string
        readonly message: string
        readonly remedy: string
      } | null
    })[]
    readonly log: readonly (string)[]
  }
  readonly 'runs.plan': {
    readonly requests: number
    readonly rows: number
    readonly bytes: number
    readonly seconds: number
    readonly parts: readonly ({
      readonly dataset: string
      readonly from: string
      readonly until: string
      readonly missing: readonly ({
        readonly from: string
        readonly until: string
      })[]
      readonly archives: {
        readonly files: number
        readonly bytes: number
        readonly first: string
        readonly last: string
      } | null
      readonly requests: number
      readonly rows: number
      readonly bytes: number
      readonly seconds: number
      readonly warnings: readonly (string)[]
    })[]
  }
  readonly 'runs.cancel': {
    readonly id: number
    readonly cancelled: boolean
  }
}
