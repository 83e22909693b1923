import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createTwoFilesPatch } from 'diff'
import { type ConfigChange, editYaml, redactYaml, restoreSecrets } from '../config/edit.js'
import type { Environment } from '../config/environment.js'
import { type ParsedConfig, parseConfig } from '../config/parse.js'
import { ConfigError, type Problem } from '../config/problem.js'
import { type CatalogEntry, validateAgainst } from '../config/validate-against.js'
import { writeFileAtomic } from '../lib/atomic-file.js'
import { CollectorError } from '../model/error.js'

export interface ConfigFileOptions {
  /** Absolute path; undefined for a daemon whose config came from code. */
  readonly file: string | undefined
  readonly environment: Environment
  readonly catalog: readonly CatalogEntry[]
}

/** The file as it stands. */
export interface ConfigText {
  readonly file: string
  readonly text: string
  /** Names this content: another one has another. */
  readonly etag: string
}

/** The file as it may be shown. */
export interface ShownConfig extends ConfigText {
  /** Without its secrets; null when it cannot be read as YAML. */
  readonly yaml: string | null
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** A text that was checked; `parsed` is there when it is valid. */
export interface CheckedConfig {
  readonly text: string
  readonly parsed: ParsedConfig | undefined
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** What is asked to become the config: a whole text, or changes of it, or changes of the text in the file. */
export interface ConfigProposal {
  readonly yaml?: string | undefined
  readonly changes?: readonly ConfigChange[] | undefined
}

/** The config file as it is shown and edited: without secrets, by one writer at a time, comments kept, and with the text before kept for an undo. */
export class ConfigFile {
  readonly #options: ConfigFileOptions
  #turn: Promise<unknown> = Promise.resolve()
  #shown: ShownConfig | undefined

  constructor(options: ConfigFileOptions) {
    this.#options = options
  }

  get file(): string | undefined {
    return this.#options.file
  }

  /** Throws CONFIG_INVALID when there is no file, or none that can be read. */
  async read(): Promise<ConfigText> {
    const { file } = this.#options
    if (file === undefined)
      throw new CollectorError('CONFIG_INVALID', 'this daemon has no config file', {
        remedy: 'Start it with `dccd start --config FILE`; the demo and the library are configured in code.',
      })
    try {
      const text = await readFile(file, 'utf8')
      return { file, text, etag: etagOf(text) }
    } catch (cause) {
      throw new CollectorError('CONFIG_INVALID', `${file} cannot be read`, {
        cause,
        remedy: 'Check the file and its permissions.',
      })
    }
  }

  /** The file without its secrets, and everything that is wrong with it: worked out once for each content. Throws like `read`. */
  async shown(): Promise<ShownConfig> {
    const now = await this.read()
    if (this.#shown?.etag !== now.etag) {
      const { problems, warnings } = this.check(now.text)
      this.#shown = { ...now, yaml: redactYaml(now.text) ?? null, problems, warnings }
    }
    return this.#shown
  }

  /** What a proposal would make of the file: the text with its secrets, and everything that is wrong with it. */
  async propose(
    { yaml, changes }: ConfigProposal,
    now?: ConfigText,
  ): Promise<CheckedConfig & { readonly before: ConfigText }> {
    const before = now ?? (await this.read())
    try {
      const whole = yaml ?? before.text
      const edited = changes?.length ? editYaml(whole, changes, before.file) : whole
      return { ...this.check(restoreSecrets(edited, before.text, before.file)), before }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return { text: yaml ?? before.text, parsed: undefined, problems: error.problems, warnings: [], before }
    }
  }

  /** Everything that is wrong with a text. */
  check(text: string): CheckedConfig {
    const { environment, catalog, file = 'config.yml' } = this.#options
    try {
      const parsed = parseConfig(text, { file, environment })
      const warnings = [...parsed.warnings, ...validateAgainst(parsed, catalog)]
      return { text, parsed, problems: [], warnings }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return { text, parsed: undefined, problems: error.problems, warnings: [] }
    }
  }

  /**
   * Writes a new text if the file is still the one that `etag` names, and keeps the one before. `accept` may refuse it, or put it into force; when it
   * throws, the file is as before. Throws CONFIG_CHANGED, and CONFIG_INVALID with every mistake.
   */
  save<T>(
    proposal: ConfigProposal,
    etag: string | undefined,
    accept: (parsed: ParsedConfig, after: ConfigText) => Promise<T>,
  ): Promise<{
    readonly before: ConfigText
    readonly after: ConfigText
    readonly warnings: readonly Problem[]
    readonly accepted: T
  }> {
    return this.#inTurn(async () => {
      const before = await this.read()
      if (etag !== undefined && etag !== before.etag)
        throw new CollectorError('CONFIG_CHANGED', `${before.file} is not as it was when it was read`)
      const { text, parsed, problems, warnings } = await this.propose(proposal, before)
      if (!parsed) throw new ConfigError(before.file, problems)
      const after = { file: before.file, text, etag: etagOf(text) }
      if (after.etag !== before.etag) {
        await this.#write(`${before.file}.previous`, before.text)
        await this.#write(before.file, text)
      }
      try {
        return { before, after, warnings, accepted: await accept(parsed, after) }
      } catch (error) {
        if (after.etag !== before.etag) await this.#write(before.file, before.text)
        throw error
      }
    })
  }

  /** The text before the last save. Throws NOT_FOUND when nothing was saved yet. */
  async previous(): Promise<string> {
    const { file } = await this.read()
    try {
      return await readFile(`${file}.previous`, 'utf8')
    } catch (cause) {
      throw new CollectorError('NOT_FOUND', 'there is no earlier config to go back to', {
        cause,
        remedy: 'Each save keeps the text before it; nothing was saved yet.',
      })
    }
  }

  /** Both with the permissions of the config file. */
  async #write(path: string, text: string): Promise<void> {
    const { mode } = await stat(this.#options.file ?? path)
    await writeFileAtomic(path, text, mode & 0o777)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

export function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** The difference of two config texts, as people read it, without secrets. Empty when there is none. */
export function configDiff(before: string, after: string): string {
  const [older, newer] = [redactYaml(before) ?? '', redactYaml(after) ?? '']
  if (older === newer) return before === after ? '' : 'a secret changes\n'
  return createTwoFilesPatch('config.yml', 'config.yml', older, newer, 'now', 'then', { context: 3 })
    .split('\n')
    .filter((line) => !line.startsWith('====') && !line.startsWith('Index:'))
    .join('\n')
}
