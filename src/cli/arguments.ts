import { InvalidArgumentError, Option } from 'commander'
import { nanosFromIso } from '../model/time.js'
import { usage } from './output.js'

/** An instant after all others. */
export const LONGEST = 2n ** 62n

export function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

export function port(text: string): number {
  const value = whole(text)
  if (value > 65_535) throw new InvalidArgumentError('A port is at most 65535.')
  return value
}

export function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

export function list(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

export const configOption = () =>
  new Option('-c, --config <file>', 'the config (else ./config.yml, then $XDG_CONFIG_HOME/dccd/config.yml)')
export const dataOption = () => new Option('--data <dir>', 'the data folder (else that of the config)')
export const jsonOption = () => new Option('--json', 'machine-readable output')

/** Of commands that print rows as they come. */
export const jsonRowsOption = () =>
  new Option('--json', 'machine-readable output, one object a line: --format ndjson').implies({ format: 'ndjson' })

/** Options that name a data folder. */
export interface Where {
  readonly config?: string
  readonly data?: string
  readonly json?: boolean
}

/** An instant that a user wrote: ISO time or nanoseconds. Throws USAGE. */
export function instant(text: string | undefined, otherwise: bigint): bigint {
  if (text === undefined) return otherwise
  const value = /^\d{16,}$/.test(text) ? BigInt(text) : nanosFromIso(text)
  if (value === undefined)
    throw usage(`${text} is no time`, 'Use ISO time such as 2026-11-24T10:00:00Z, or nanoseconds.')
  return value
}
