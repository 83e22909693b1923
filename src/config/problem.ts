import { CollectorError } from '../model/error.js'

/** A place in a config file, both counted from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** One mistake (or, as a warning, one thing worth knowing) in a config. `message` is a whole sentence that stands alone. */
export interface Problem extends Place {
  /** The key: `stream_jobs[0].channels[1]`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
  readonly found?: string
  readonly expected?: string
  /** The nearest valid key or value. */
  readonly nearest?: string
  /** The line as written; left out where it may hold a secret. */
  readonly source?: string
}

/** CONFIG_INVALID with every mistake that was found. `message` has one line for each. */
export class ConfigError extends CollectorError {
  readonly file: string
  readonly problems: readonly Problem[]

  constructor(
    file: string,
    problems: readonly Problem[],
    options: { readonly remedy?: string; readonly cause?: unknown } = {},
  ) {
    super('CONFIG_INVALID', problems.map((problem) => oneLine(file, problem)).join('\n'), options)
    this.file = file
    this.problems = problems
  }
}

/** `config.yml:7:5: stream_jobs[0].chanels is not a key; did you mean channels?` */
export function oneLine(file: string, { line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`
}

const WIDEST = 120

/** Problems for a terminal: each with the offending line and a caret below the place. */
export function renderProblems(file: string, problems: readonly Problem[]): string {
  return problems.map((problem) => `${oneLine(file, problem)}${excerpt(problem)}`).join('\n')
}

function excerpt({ source, line, column }: Problem): string {
  if (source === undefined || source.trim() === '') return ''
  // A very long line is shown from shortly before the place.
  const cut = column > WIDEST - 20 ? column - 40 : 0
  const shown = printable(source.slice(cut, cut + WIDEST))
  const margin = `${line}`.padStart(5)
  return `\n${margin} | ${shown}\n${' '.repeat(margin.length)} | ${' '.repeat(Math.max(0, column - 1 - cut))}^`
}

/** Text that cannot move the cursor or colour the terminal. One character stays one character. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => (character === '\t' ? ' ' : '\uFFFD'))
}
