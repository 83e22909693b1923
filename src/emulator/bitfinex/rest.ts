import type { Nanos } from '../../model/time.js'
import type { ContractMarket } from '../contract-market.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import type { BitfinexFeed } from './feed.js'
import { confPart } from './listing.js'
import { candleRow, toMs, tradeRow } from './numbers.js'
import { statusRow } from './status.js'
import { parseCandleKey } from './topic.js'

const MINUTE = 60_000_000_000n
const MAX_ROWS = 10_000
/** Requests a minute, by the first part of the path. */
const LIMITS: Readonly<Record<string, number>> = {
  candles: 30,
  trades: 15,
  book: 240,
  ticker: 90,
  tickers: 30,
  status: 90,
  liquidations: 3,
}
const USUAL_LIMIT = 90

/** Bitfinex's REST API v2 for market data, with its limit for each endpoint. */
export class BitfinexRest {
  private readonly feeds: readonly BitfinexFeed[]
  private readonly contracts: ReadonlyMap<string, ContractMarket>
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: NonNullable<VenueContext['delisted']>
  private readonly recent = new Map<string, Nanos[]>()
  private readonly blocked = new Map<string, Nanos>()

  constructor(
    feeds: readonly BitfinexFeed[],
    contracts: ReadonlyMap<string, ContractMarket>,
    now: () => Nanos,
    page: NonNullable<VenueContext['page']> = (rows) => rows,
    delisted: NonNullable<VenueContext['delisted']> = () => false,
  ) {
    this.feeds = feeds
    this.contracts = contracts
    this.now = now
    this.page = page
    this.delisted = delisted
  }

  answer({ path, query }: HttpRequest): HttpAnswer {
    const [, version, endpoint = '', ...rest] = path.split('/').map(decoded)
    if (version !== 'v2') return json(404, '["error",10020,"path: invalid"]')
    if (!this.spend(endpoint)) return json(429, '["error",11010,"ratelimit: error"]')
    try {
      return json(200, this.find(endpoint, rest, query))
    } catch (error) {
      if (error instanceof ApiError) return json(500, JSON.stringify(['error', 10_020, error.message]))
      throw error
    }
  }

  /** Counts a request; one too many blocks the endpoint for a minute. */
  private spend(endpoint: string): boolean {
    const now = this.now()
    if ((this.blocked.get(endpoint) ?? 0n) > now) return false
    const recent = (this.recent.get(endpoint) ?? []).filter((time) => time > now - MINUTE)
    recent.push(now)
    this.recent.set(endpoint, recent)
    if (recent.length <= (LIMITS[endpoint] ?? USUAL_LIMIT)) return true
    this.blocked.set(endpoint, now + MINUTE)
    return false
  }

  private find(endpoint: string, rest: readonly string[], query: URLSearchParams): string {
    const [first = '', second = ''] = rest
    switch (endpoint) {
      case 'platform':
        return '[1]'
      case 'conf': {
        const specs = this.feeds.map(({ instrument }) => instrument.spec).filter(({ symbol }) => !this.delisted(symbol))
        return JSON.stringify(first.split(',').map((key) => confPart(key, specs)))
      }
      case 'ticker':
        return this.feed(first).tickerRow()
      case 'tickers':
        return `[${this.tickers(query.get('symbols') ?? '').join(',')}]`
      case 'book':
        return this.book(first, second, query)
      case 'trades':
        return this.trades(first, query)
      case 'candles':
        return this.candles(first, second, query)
      case 'status':
        return second === '' ? this.statuses(query.get('keys') ?? '') : this.statusHistory(second, query)
      case 'liquidations':
        return '[]'
      default:
        throw new ApiError('path: invalid')
    }
  }

  /** The key comes first here. */
  private statuses(keys: string): string {
    const wanted = keys === 'ALL' ? [...this.contracts.keys()] : keys.split(',')
    const rows = wanted.flatMap((key) => {
      const contract = this.contracts.get(key)
      return contract ? [`[${JSON.stringify(key)},${statusRow(this.feed(key), contract, this.now()).slice(1)}`] : []
    })
    return `[${rows.join(',')}]`
  }

  /** One a minute, newest first unless `sort` is 1. */
  private statusHistory(key: string, query: URLSearchParams): string {
    const contract = this.contracts.get(key)
    if (!contract) throw new ApiError('key: invalid')
    const feed = this.feed(key)
    const now = this.now()
    const number = (name: string, usual: number) => Number(query.get(name) ?? usual)
    const limit = Math.min(5000, number('limit', 100))
    const until = BigInt(Math.min(number('end', toMs(now)), toMs(now))) * 1_000_000n
    const from = BigInt(number('start', toMs(now) - limit * 60_000)) * 1_000_000n
    const rows: string[] = []
    const ascending = query.get('sort') === '1'
    let time = ascending ? from + ((MINUTE - (from % MINUTE)) % MINUTE) : until - (until % MINUTE)
    for (; rows.length < limit && time >= from && time <= until; time += ascending ? MINUTE : -MINUTE)
      rows.push(statusRow(feed, contract, time))
    return `[${this.page(rows).join(',')}]`
  }

  private feed(symbol: string): BitfinexFeed {
    const feed = this.feeds.find(({ instrument }) => instrument.spec.symbol === symbol)
    if (!feed) throw new ApiError('symbol: invalid')
    return feed
  }

  private tickers(symbols: string): string[] {
    const wanted = symbols === 'ALL' ? this.feeds : symbols.split(',').map((symbol) => this.feed(symbol))
    return wanted.map((feed) => `["${feed.instrument.spec.symbol}",${feed.tickerRow().slice(1)}`)
  }

  private book(symbol: string, precision: string, query: URLSearchParams): string {
    const length = query.get('len') ?? '25'
    if (precision !== 'P0' && precision !== 'R0') throw new ApiError('precision: invalid')
    if (!['1', '25', '100'].includes(length)) throw new ApiError('len: invalid')
    const { book } = this.feed(symbol)
    return precision === 'P0' ? book.snapshot(Number(length)) : book.orders(Number(length))
  }

  private trades(symbol: string, query: URLSearchParams): string {
    const { instrument, trades } = this.feed(symbol)
    const rows = page(trades, ({ time }) => toMs(time), query, 125)
    return `[${this.page(rows)
      .map((trade) => tradeRow(instrument.spec, trade))
      .join(',')}]`
  }

  private candles(key: string, section: string, query: URLSearchParams): string {
    const { interval, symbol } = parseCandleKey(key) ?? {}
    if (!interval || !symbol) throw new ApiError('key: invalid')
    const { instrument } = this.feed(symbol)
    const rows = page(instrument.candles.held(interval), ({ openTime }) => toMs(openTime), query, 100)
    const texts = this.page(rows).map((bar) => candleRow(instrument.spec, bar))
    return section === 'last' ? (texts[0] ?? '[]') : `[${texts.join(',')}]`
  }
}

/** `start` and `end` (ms, inclusive), `limit`, `sort` (1 = oldest first; newest first is usual). */
function page<T>(items: readonly T[], time: (item: T) => number, query: URLSearchParams, usual: number): readonly T[] {
  const number = (name: string, absent: number) => {
    const text = query.get(name)
    if (text === null) return absent
    if (!/^-?\d{1,15}$/.test(text)) throw new ApiError(`${name}: invalid`)
    return Number(text)
  }
  const start = number('start', 0)
  const end = number('end', Number.MAX_SAFE_INTEGER)
  const limit = Math.min(MAX_ROWS, Math.max(1, number('limit', usual)))
  const inside = items.filter((item) => time(item) >= start && time(item) <= end)
  return number('sort', -1) > 0 ? inside.slice(0, limit) : inside.reverse().slice(0, limit)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

class ApiError extends Error {}

export function json(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body }
}
