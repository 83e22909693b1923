import { homedir } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Environment } from './environment.js'
import { explainIssues } from './explain.js'
import { findOverlaps } from './overlaps.js'
import type { KeyPath } from './path.js'
import { withAbsolutePaths } from './paths.js'
import { ConfigError, type Place, type Problem } from './problem.js'
import { type CollectorConfig, type ConfigInput, configSchema } from './schema.js'
import { configJsonSchema } from './shape.js'
import { readSource, type Source } from './source.js'
import { unbuiltKeys } from './unbuilt.js'

/** A valid config and where it came from. */
export interface ParsedConfig {
  readonly file: string
  readonly config: CollectorConfig
  /** Things worth knowing that stop nothing. */
  readonly warnings: readonly Problem[]
  /** Keys whose value came from the environment; `redact` takes them. */
  readonly secrets: ReadonlySet<string>
  placeOf(path: KeyPath): Place
  keyPlaceOf(path: KeyPath): Place
  lineText(line: number): string
}

export interface ParseOptions {
  /** Named in errors; relative paths count from its folder. */
  readonly file: string
  readonly environment?: Environment
  readonly home?: string
}

/** Reads the text of a config. Throws ConfigError with every mistake. */
export function parseConfig(text: string | Uint8Array, options: ParseOptions): ParsedConfig {
  const { file, environment = {}, home = homedir() } = options
  const shape = configJsonSchema()
  const source = readSource(typeof text === 'string' ? new TextEncoder().encode(text) : text, shape, environment)
  if (source.value === undefined) throw new ConfigError(file, source.problems)
  const value = listedPairs(source.value)
  const result = configSchema.safeParse(value)
  const problems = [...source.problems]
  if (!result.success) {
    // A missing variable was said already; what the empty text then does not match would only repeat it.
    const said = new Set(problems.map(({ path }) => path))
    problems.push(
      ...explainIssues(result.error.issues, withValue(source, value), shape).filter(({ path }) => !said.has(path)),
    )
    throw new ConfigError(file, inFileOrder(problems))
  }
  const placeOf = (path: KeyPath) => source.placeOf(path)
  const lineText = (line: number) => source.lineText(line)
  const overlaps = findOverlaps(result.data, placeOf, lineText)
  problems.push(...overlaps.problems)
  if (!hasJob(result.data)) problems.push({ path: '', line: 1, column: 1, ...NO_JOB })
  if (problems.length > 0) throw new ConfigError(file, inFileOrder(problems))
  return {
    file,
    config: withAbsolutePaths(result.data, dirname(resolve(file)), home),
    warnings: inFileOrder([...overlaps.warnings, ...unbuiltKeys(source, shape)]),
    secrets: source.secrets,
    placeOf,
    keyPlaceOf: (path) => source.keyPlaceOf(path),
    lineText,
  }
}

const NO_JOB = {
  message: 'the config names nothing to record; add stream_jobs with an exchange, pairs and channels',
  expected: 'at least one job',
}

/** A config made in code: defaults filled in, paths counted from `folder` (the working folder). Throws ConfigError. */
export function createConfig(
  input: ConfigInput,
  folder: string = process.cwd(),
  home: string = homedir(),
): CollectorConfig {
  const place = { line: 1, column: 1 }
  const source = {
    value: input,
    problems: [],
    secrets: new Set<string>(),
    placeOf: () => place,
    keyPlaceOf: () => place,
    lineText: () => '',
  }
  const result = configSchema.safeParse(listedPairs(input))
  const name = 'config'
  if (!result.success) throw new ConfigError(name, explainIssues(result.error.issues, source, configJsonSchema()))
  const { problems } = findOverlaps(result.data, source.placeOf, source.lineText)
  if (problems.length > 0) throw new ConfigError(name, problems)
  return withAbsolutePaths(result.data, folder, home)
}

function withValue(source: Source, value: unknown): Source {
  const { problems, secrets } = source
  const placeOf = (path: KeyPath) => source.placeOf(path)
  const keyPlaceOf = (path: KeyPath) => source.keyPlaceOf(path)
  return { value, problems, secrets, placeOf, keyPlaceOf, lineText: (line) => source.lineText(line) }
}

/** One pair or pattern may stand alone: `pairs: BTC/USDT`. */
function listedPairs(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('stream_jobs' in value) || !Array.isArray(value.stream_jobs))
    return value
  const jobs = value.stream_jobs.map((job: unknown) =>
    typeof job === 'object' && job !== null && 'pairs' in job && typeof job.pairs === 'string'
      ? { ...job, pairs: [job.pairs] }
      : job,
  )
  return { ...value, stream_jobs: jobs }
}

function hasJob({ stream_jobs, histo_jobs, jobs }: CollectorConfig): boolean {
  return stream_jobs.length + histo_jobs.length + jobs.length > 0
}

function inFileOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column)
}
