import { type Logger, pino } from 'pino'
import type { CollectorError } from '../model/error.js'
import type { TaskReport } from '../model/task.js'
import { LogFile } from './log-file.js'

/** What the daemon writes down of itself, as lines of JSON: `.dccd/logs/dccd.log`. Secrets never stand in it. */
export class RunLog {
  readonly #file: LogFile
  readonly #log: Logger
  readonly #states = new Map<string, string>()

  /** `secrets`: texts that are replaced wherever they would stand. */
  constructor(path: string, secrets: readonly string[] = []) {
    this.#file = new LogFile({ path })
    const hidden = secrets.filter((secret) => secret.length > 3)
    const clean = (line: string) => hidden.reduce((text, secret) => text.replaceAll(secret, '***'), line)
    this.#log = pino({ base: null }, { write: (line: string) => this.#file.write(clean(line)) })
  }

  info(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#log.info(fields, message)
  }

  error({ code, scope, message, remedy }: CollectorError): void {
    this.#log.error({ code, scope, remedy }, message)
  }

  /** A task's state when it has changed, with what is wrong. */
  report({ key, instance, state, error, reconnects, gaps }: TaskReport): void {
    const id = `${key}#${instance}`
    const now = `${state} ${error?.code ?? ''}`
    if (this.#states.get(id) === now) return
    if (state === 'stopped') this.#states.delete(id)
    else this.#states.set(id, now)
    const fields = { key, state, reconnects, gaps, ...(error ? { code: error.code, reason: error.message } : {}) }
    if (error) this.#log.warn(fields, `${key} is ${state}: ${error.message}`)
    else this.#log.info(fields, `${key} is ${state}`)
  }

  flush(): Promise<void> {
    return this.#file.flush()
  }
}
