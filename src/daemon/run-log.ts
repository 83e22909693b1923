import { type Logger, pino } from 'pino'
import type { CollectorError } from '../model/error.js'
import type { TaskReport } from '../model/task.js'
import { LogFile } from './log-file.js'

/** What the daemon writes down of itself, as lines of JSON: `.dccd/logs/dccd.log`. Secrets never stand in it. */
export class RunLog {
  readonly #file: LogFile
  readonly #log: Logger
  readonly #states = new Map<string, string>()
  readonly #listeners = new Set<(line: string) => void>()
  /** Texts that are replaced wherever they would stand, as JSON writes them. */
  readonly #hidden = new Set<string>()

  /** `secrets`: see `hide`. */
  constructor(path: string, secrets: readonly string[] = []) {
    this.#file = new LogFile({ path })
    this.hide(secrets)
    this.#log = pino({ base: null }, { write: (line: string) => this.#write(line) })
  }

  /** From now on these are replaced wherever they would stand, and those that were named before still are. */
  hide(secrets: readonly string[]): void {
    for (const secret of secrets) this.#hidden.add(JSON.stringify(secret).slice(1, -1))
  }

  /** Calls `listener` for each line, without secrets, as it is written. */
  follow(listener: (line: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #write(line: string): void {
    let text = line
    for (const secret of this.#hidden) text = text.replaceAll(secret, '***')
    this.#file.write(text)
    for (const listener of this.#listeners) listener(text)
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
