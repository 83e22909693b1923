import type { Instrument } from '../model/instrument.js'

const KINDS: readonly unknown[] = ['spot', 'perpetual', 'future']
const STATUSES: readonly unknown[] = ['trading', 'halted', 'closed']
const UNITS: readonly unknown[] = ['base', 'quote', 'contract']
const TEXTS = ['exchange', 'symbol', 'pair', 'base', 'quote'] as const
const OPTIONAL_TEXTS = [
  'restSymbol',
  'priceIncrement',
  'amountIncrement',
  'settle',
  'contractSize',
  'listTime',
  'expiryTime',
] as const
const CONTRACTS: readonly unknown[] = [undefined, 'linear', 'inverse', 'quanto']
const CONTRACT_UNITS: readonly unknown[] = [undefined, 'base', 'quote']

/** A list of instruments saved as JSON; `undefined` when an older version saved it otherwise: it is fetched again then. */
export function parseInstruments(text: string): Instrument[] | undefined {
  const list: unknown = JSON.parse(text)
  return Array.isArray(list) && list.every(isInstrument) ? list : undefined
}

function isInstrument(value: unknown): value is Instrument {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  return (
    TEXTS.every((name) => typeof fields.get(name) === 'string') &&
    OPTIONAL_TEXTS.every((name) => !fields.has(name) || typeof fields.get(name) === 'string') &&
    KINDS.includes(fields.get('kind')) &&
    STATUSES.includes(fields.get('status')) &&
    UNITS.includes(fields.get('amountUnit')) &&
    CONTRACTS.includes(fields.get('contract')) &&
    CONTRACT_UNITS.includes(fields.get('contractUnit'))
  )
}
