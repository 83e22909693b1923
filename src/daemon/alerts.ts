import { hostname } from 'node:os'
import type { CollectorConfig } from '../config/schema.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import { isoFromNanos } from '../model/time.js'

/** What `HealthMonitor` tells: something keeps failing, told once for each row of failures, or works again. */
export type Alert =
  | {
      readonly what: 'failing'
      readonly key: string
      readonly failures: number
      readonly error: { readonly code: string; readonly message: string }
    }
  | { readonly what: 'resolved'; readonly key: string }

/** One POST; resolves with the status of the answer. */
export type Post = (
  url: string,
  message: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
  signal: AbortSignal,
) => Promise<number>

export interface AlertsOptions {
  readonly clock: Clock
  readonly post: Post
  readonly onError: (error: CollectorError) => void
  /** Name of this machine in messages. */
  readonly machine?: string
}

/** What comes within this time is one message: an exchange that is down fails in all its streams at once. */
const GATHER_MS = 2000
/** Lines of one message. */
const LINES = 12
/** Messages that wait; the oldest go first when there are more. */
const WAITING_MOST = 50
const RETRIES_MS = [1000, 5000, 30_000]

/** Sends alerts to `alerts.webhook_url`: gathered, one message at a time, tried again a few times, never waited for. */
export class Alerts {
  readonly #options: AlertsOptions
  #target: CollectorConfig['alerts']
  #gathered: Alert[] = []
  #cancelGather: (() => void) | undefined
  #waiting: Message[] = []
  #sending = false
  #ending = new AbortController()
  /** Messages that reached nobody. */
  lost = 0

  constructor(target: CollectorConfig['alerts'], options: AlertsOptions) {
    this.#target = target
    this.#options = options
  }

  configure(target: CollectorConfig['alerts']): void {
    this.#target = target
  }

  /** Returns at once. */
  send(alert: Alert): void {
    if (this.#target.webhook_url === null || this.#ending.signal.aborted) return
    this.#gathered.push(alert)
    this.#cancelGather ??= this.#options.clock.after(GATHER_MS, () => this.#flush())
  }

  #flush(): void {
    this.#cancelGather?.()
    this.#cancelGather = undefined
    const gathered = this.#gathered
    this.#gathered = []
    const machine = this.#options.machine ?? hostname()
    for (const what of ['failing', 'resolved'] as const) {
      const alerts = gathered.filter((alert) => alert.what === what)
      if (alerts.length) this.#waiting.push(messageOf(what, alerts, machine, isoFromNanos(this.#options.clock.wall())))
    }
    if (this.#waiting.length > WAITING_MOST)
      this.lost += this.#waiting.splice(0, this.#waiting.length - WAITING_MOST).length
    if (!this.#sending) {
      this.#sending = true
      void this.#work().finally(() => {
        this.#sending = false
      })
    }
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        await this.#deliver(next)
      } catch (error) {
        this.lost++
        if (!this.#ending.signal.aborted) this.#options.onError(asCollectorError(error, 'ALERT_FAILED'))
      }
    }
  }

  async #deliver(message: Message): Promise<void> {
    const { signal } = this.#ending
    for (let attempt = 0; ; attempt++) {
      const { webhook_url: url, format } = this.#target
      if (url === null) return
      try {
        const status = await this.#options.post(url, shaped(message, formatOf(url, format)), signal)
        if (status >= 200 && status < 300) return
        throw new CollectorError('ALERT_FAILED', `${new URL(url).host} answered ${status} to an alert`)
      } catch (error) {
        const wait = RETRIES_MS[attempt]
        if (wait === undefined || signal.aborted) throw error
        await new Promise<void>((resolve) => {
          const cancel = this.#options.clock.after(wait, resolve)
          signal.addEventListener('abort', () => {
            cancel()
            resolve()
          })
        })
        signal.throwIfAborted()
      }
    }
  }

  /** What was gathered gets one try; nothing more is sent. Resolves at once when nothing waits. */
  async close(withinMs: number): Promise<void> {
    this.#flush()
    const { clock } = this.#options
    const until = clock.mono() + BigInt(withinMs) * 1_000_000n
    while (this.#sending && clock.mono() < until)
      await new Promise<void>((resolve) => {
        clock.after(20, resolve)
      })
    this.#ending.abort(new CollectorError('PROCESS_STOPPED', 'the daemon stopped'))
    this.#ending = new AbortController()
  }
}

interface Message {
  readonly what: Alert['what']
  readonly title: string
  readonly text: string
}

function messageOf(what: Alert['what'], alerts: readonly Alert[], machine: string, time: string): Message {
  const lines = alerts.slice(0, LINES).map((alert) => {
    if (alert.what === 'resolved') return `${alert.key} works again`
    const { code, message } = alert.error
    return `${alert.key}: ${alert.failures} ${alert.failures === 1 ? 'failure' : 'failures in a row'}, the last one ${code}: ${message}`
  })
  if (alerts.length > LINES) lines.push(`and ${alerts.length - LINES} more`)
  const title = what === 'failing' ? `dccd on ${machine}: failing` : `dccd on ${machine}: resolved`
  return { what, title, text: [...lines, what === 'failing' ? `${time}; see dccd status` : time].join('\n') }
}

function formatOf(url: string, format: CollectorConfig['alerts']['format']): 'slack' | 'ntfy' {
  if (format !== 'auto') return format
  return new URL(url).hostname.includes('ntfy') ? 'ntfy' : 'slack'
}

/** Slack, Mattermost and others take JSON with `text`; ntfy takes plain text with headers. */
function shaped({ what, title, text }: Message, format: 'slack' | 'ntfy'): Parameters<Post>[1] {
  if (format === 'slack')
    return { body: JSON.stringify({ text: `${title}\n${text}` }), headers: { 'content-type': 'application/json' } }
  const failing = what === 'failing'
  return {
    body: text,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'x-title': title.replace(/[^\x20-\x7e]/g, '?'),
      'x-priority': failing ? 'high' : 'default',
      'x-tags': failing ? 'warning' : 'white_check_mark',
    },
  }
}
