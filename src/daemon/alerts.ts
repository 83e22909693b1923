import { hostname } from 'node:os'
import type { CollectorConfig } from '../config/schema.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import { isoFromNanos } from '../model/time.js'

/**
 * What `HealthMonitor` tells: something keeps failing (`failing`: told once for each row of failures; `still_failing`: at each one after), or works again,
 * or nobody wants it any more (`dropped`).
 */
export type Alert =
  | {
      readonly what: 'failing' | 'still_failing'
      readonly key: string
      readonly failures: number
      readonly error: { readonly code: string; readonly message: string }
      /** It has given up. */
      readonly final: boolean
    }
  | { readonly what: 'resolved' | 'dropped'; readonly key: string }

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
    if (this.#target.webhook_url === null || this.#ending.signal.aborted || alert.what === 'still_failing') return
    this.#gathered.push(alert)
    this.#cancelGather ??= this.#options.clock.after(GATHER_MS, () => this.#flush())
  }

  #flush(): void {
    this.#cancelGather?.()
    this.#cancelGather = undefined
    const gathered = this.#gathered
    this.#gathered = []
    const machine = this.#options.machine ?? hostname()
    const time = isoFromNanos(this.#options.clock.wall())
    for (const about of ['failing', 'resolved'] as const) {
      const alerts = gathered.filter(({ what }) => (what === 'failing') === (about === 'failing'))
      if (alerts.length) this.#waiting.push(messageOf(about, alerts, machine, time))
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

  /** Sends a message that says that it is a test, once, and waits for the answer. Throws UNSUPPORTED without an address, else ALERT_FAILED or CONNECT_FAILED. */
  async test(signal: AbortSignal): Promise<{ readonly receiver: string; readonly status: number }> {
    const { webhook_url: url, format } = this.#target
    if (url === null)
      throw new CollectorError('UNSUPPORTED', 'there is no address to send alerts to', {
        remedy: 'Set alerts.webhook_url.',
      })
    const title = `dccd on ${this.#options.machine ?? hostname()}: test`
    const text = `${isoFromNanos(this.#options.clock.wall())}: alerts arrive here. Nothing is wrong.`
    const status = await this.#options.post(url, shaped({ about: 'test', title, text }, formatOf(url, format)), signal)
    const receiver = new URL(url).host
    if (status >= 200 && status < 300) return { receiver, status }
    throw new CollectorError('ALERT_FAILED', `${receiver} answered ${status} to a test`)
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
  readonly about: 'failing' | 'resolved' | 'test'
  readonly title: string
  readonly text: string
}

function messageOf(about: 'failing' | 'resolved', alerts: readonly Alert[], machine: string, time: string): Message {
  const lines = alerts.slice(0, LINES).map(lineOf)
  if (alerts.length > LINES) lines.push(`and ${alerts.length - LINES} more`)
  const text = [...lines, about === 'failing' ? `${time}; see dccd alerts` : time].join('\n')
  return { about, title: `dccd on ${machine}: ${about}`, text }
}

function lineOf(alert: Alert): string {
  if (!('error' in alert))
    return alert.what === 'resolved' ? `${alert.key} works again` : `${alert.key} is not wanted any more`
  const { code, message } = alert.error
  return `${alert.key}: ${alert.failures} ${alert.failures === 1 ? 'failure' : 'failures in a row'}, the last one ${code}: ${message}`
}

function formatOf(url: string, format: CollectorConfig['alerts']['format']): 'slack' | 'ntfy' {
  if (format !== 'auto') return format
  return new URL(url).hostname.includes('ntfy') ? 'ntfy' : 'slack'
}

/** Slack, Mattermost and others take JSON with `text`; ntfy takes plain text with headers. */
function shaped({ about, title, text }: Message, format: 'slack' | 'ntfy'): Parameters<Post>[1] {
  if (format === 'slack')
    return { body: JSON.stringify({ text: `${title}\n${text}` }), headers: { 'content-type': 'application/json' } }
  const failing = about === 'failing'
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
