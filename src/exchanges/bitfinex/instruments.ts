import { CollectorError } from '../../model/error.js'
import { type Instrument, isPair } from '../../model/instrument.js'
import type { RestCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { list, text } from '../kit/wire.js'

/** Bitfinex's own names of currencies, where the venue's table does not tell. */
const ALIASES: readonly (readonly [string, string])[] = [
  ['UST', 'USDT'],
  ['UDC', 'USDC'],
  ['DSH', 'DASH'],
  ['IOT', 'IOTA'],
]
/** Derivatives are written with this behind each currency: `BTCF0:USTF0`. */
const MARGIN = /F0$/
const MAINTENANCE = 20_060
const RATE_LIMIT = 11_010

/** Three lists in one answer: spot pairs, perpetual pairs, and the table of currencies' usual names. */
export const bitfinexInstruments: RestCall<readonly Instrument[]> = {
  path: '/v2/conf/pub:list:pair:exchange,pub:list:pair:futures,pub:map:currency:sym',
  weight: 1,
  read: (body) => readAnswer(body, 'conf of Bitfinex', readLists),
}

function readLists(body: unknown): readonly Instrument[] {
  const answer = list(body, 'conf')
  refuseError(answer, 'the list of instruments')
  const names = new Map(ALIASES)
  for (const each of list(answer[2] ?? [], 'currencies')) {
    const [native, usual] = list(each, 'currency')
    names.set(text(native, 'currency'), text(usual, 'currency').toUpperCase())
  }
  const found = new Map<string, Instrument>()
  const add = (pairs: unknown, kind: 'spot' | 'perpetual') => {
    for (const each of list(pairs, 'pairs')) {
      const instrument = read(text(each, 'pair'), kind, names)
      // Two native names of one pair: the first is ours, the other has no name here.
      if (instrument && !found.has(instrument.pair)) found.set(instrument.pair, instrument)
    }
  }
  add(answer[0], 'spot')
  add(answer[1] ?? [], 'perpetual')
  return [...found.values()]
}

/** `["error", code, text]`, whatever the HTTP status. `what` was asked for. */
export function refuseError([error, code, message]: readonly unknown[], what: string): void {
  if (error !== 'error') return
  const meaning = code === RATE_LIMIT ? 'RATE_LIMITED' : code === MAINTENANCE ? 'EXCHANGE_DOWN' : 'BAD_MESSAGE'
  throw new CollectorError(meaning, `Bitfinex refused ${what}: ${String(message)} (code ${String(code)})`)
}

/** Currencies of a pair: cut at the colon, else in the middle of six letters. */
function sides(pair: string): readonly string[] {
  if (pair.includes(':')) return pair.split(':')
  return pair.length === 6 ? [pair.slice(0, 3), pair.slice(3)] : []
}

function read(native: string, kind: 'spot' | 'perpetual', names: ReadonlyMap<string, string>): Instrument | undefined {
  const [base, quote, more] = sides(native).map((side) => {
    const currency = kind === 'perpetual' ? side.replace(MARGIN, '') : side
    return names.get(currency) ?? currency
  })
  if (!base || !quote || more !== undefined) return undefined
  const pair = kind === 'perpetual' ? `${base}/${quote}:perp` : `${base}/${quote}`
  if (!isPair(pair)) return undefined
  return {
    exchange: 'bitfinex',
    symbol: `t${native}`,
    pair,
    kind,
    base,
    quote,
    // What is listed trades: there is no status. Prices have 5 significant digits, so there is no step either.
    status: 'trading',
    amountIncrement: '0.00000001',
    amountUnit: 'base',
  }
}
