import { CollectorError } from '../../model/error.js'
import { type Instrument, isPair } from '../../model/instrument.js'
import { dateOfDay, dayOf, isoFromNanos, nanosFromMs } from '../../model/time.js'
import type { ListCall } from '../exchange.js'
import { readAnswer } from '../kit/answer.js'
import { type Fields, fields, integer, isFields, list, text, WireError } from '../kit/wire.js'
import { CATEGORIES, type Category, symbolOf } from './topics.js'

/** An address that asks too often is refused for ten minutes. */
const BAN_MS = 600_000
const TOO_MANY_VISITS = 10006

/** https://bybit-exchange.github.io/docs/v5/market/instrument */
function instrumentsOf(category: Category, cursor = ''): ListCall<Instrument> {
  // Spot comes whole; contracts in pages.
  const page = category === 'spot' ? '' : `&limit=1000${cursor && `&cursor=${cursor}`}`
  return {
    path: `/v5/market/instruments-info?category=${category}${page}`,
    weight: 1,
    read: (body) => readAnswer(body, `instruments of Bybit ${category}`, (answer) => readList(category, answer)),
    next: (body) =>
      readAnswer(body, `instruments of Bybit ${category}`, (answer) => {
        const { nextPageCursor: next } = resultOf(answer)
        // The cursor comes ready for a URL.
        if (typeof next !== 'string' || next === '' || category === 'spot') return undefined
        return instrumentsOf(category, /^[\w%.~-]+$/.test(next) ? next : encodeURIComponent(next))
      }),
  }
}

export const bybitInstruments = CATEGORIES.map((category) => instrumentsOf(category))

/** The `result` of an answer; a 200 may hold an error as well. */
export function resultOf(answer: unknown): Fields {
  const { retCode, retMsg, result } = fields(answer, 'the answer')
  const code = integer(retCode, 'retCode')
  if (code === 0) return fields(result, 'result')
  const message = `Bybit answered ${code}: ${String(retMsg)}`
  throw new CollectorError(code === TOO_MANY_VISITS ? 'RATE_LIMITED' : 'BAD_MESSAGE', message)
}

/** A 403 is the wall of the whole address: for asking too often, or for where it is. */
export function refusal(status: number, body: string): CollectorError | undefined {
  if (status !== 403) return undefined
  const retry = { retry: { afterMs: BAN_MS } }
  return new CollectorError('BANNED', `Bybit refuses this address (403): ${body.slice(0, 200)}`, retry)
}

function readList(category: Category, answer: unknown): Instrument[] {
  const rows = list(resultOf(answer).list, 'list').map((each) => fields(each, 'list'))
  return rows.flatMap((row) => instrument(category, row) ?? []).filter(({ pair }) => isPair(pair))
}

/** What makes one instrument of a base and a quote another: nothing for spot, `perp`, or the day of its delivery. */
function termOf(category: Category, { contractType, deliveryTime }: Fields) {
  if (category === 'spot') return { kind: 'spot', term: '' } as const
  const type = text(contractType, 'contractType')
  if (/Perpetual$/.test(type)) return { kind: 'perpetual', term: ':perp' } as const
  if (!/Futures$/.test(type)) return undefined
  const day = nanosFromMs(deliveryTime)
  if (day === undefined) throw new WireError('deliveryTime should be a time in milliseconds')
  return { kind: 'future', term: `:${dateOfDay(dayOf(day)).replaceAll('-', '')}` } as const
}

function instrument(category: Category, row: Fields): Instrument | undefined {
  const known = termOf(category, row)
  if (!known) return undefined
  const name = text(row.symbol, 'symbol')
  const base = text(row.baseCoin, 'baseCoin')
  // Linear contracts are quoted in what they are settled in, whether the list says USD or USDC.
  const quote = category === 'linear' ? text(row.settleCoin, 'settleCoin') : text(row.quoteCoin, 'quoteCoin')
  const priceIncrement = step(row.priceFilter, 'tickSize')
  const [listTime, expiryTime] = [iso(row.launchTime), iso(row.deliveryTime)]
  const amountIncrement = step(row.lotSizeFilter, category === 'spot' ? 'basePrecision' : 'qtyStep')
  return {
    exchange: 'bybit',
    symbol: symbolOf(category, name),
    restSymbol: name,
    pair: `${base}/${quote}${known.term}`,
    kind: known.kind,
    base,
    quote,
    status: row.status === 'Trading' ? 'trading' : row.status === 'Closed' ? 'closed' : 'halted',
    ...(priceIncrement === undefined ? {} : { priceIncrement }),
    ...(amountIncrement === undefined ? {} : { amountIncrement }),
    ...(listTime === undefined ? {} : { listTime }),
    ...(expiryTime === undefined ? {} : { expiryTime }),
    ...(category === 'spot' ? {} : { settle: text(row.settleCoin, 'settleCoin'), contract: category }),
    // One inverse contract is one dollar.
    amountUnit: category === 'inverse' ? 'quote' : 'base',
  }
}

/** A time that is 0 or absent is none. */
function iso(value: unknown): string | undefined {
  const nanos = nanosFromMs(value)
  return nanos ? isoFromNanos(nanos) : undefined
}

function step(filter: unknown, name: string): string | undefined {
  const size = isFields(filter) ? filter[name] : undefined
  return typeof size === 'string' && Number(size) > 0 ? size : undefined
}
