import { isoFromNanos, type Nanos } from '../../model/time.js'
import type { MarketTrade } from '../candles.js'
import { amountText, fixedText, priceText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import { meanPrice } from './frames.js'
import { assetPairs, assets, pairNames } from './listing.js'
import { INTERVAL_OF } from './topic.js'

const MAX_ROWS = 1000
const MAX_DEPTH = 500
const MAX_BARS = 720n
/** Calls that can be made at once; about one a second comes back. */
const BURST = 15
const SECOND = 1_000_000_000n

/** Kraken's REST API for market data: errors come with HTTP 200. */
export class KrakenRest {
  private readonly instruments: readonly MarketInstrument[]
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: NonNullable<VenueContext['delisted']>
  private tokens = BURST
  private counted: Nanos

  constructor(
    instruments: readonly MarketInstrument[],
    now: () => Nanos,
    page: NonNullable<VenueContext['page']> = (rows) => rows,
    delisted: NonNullable<VenueContext['delisted']> = () => false,
  ) {
    this.instruments = instruments
    this.now = now
    this.page = page
    this.delisted = delisted
    this.counted = now()
  }

  answer(request: HttpRequest): HttpAnswer {
    const { path } = request
    if (!path.startsWith('/0/public/')) return envelope('EGeneral:Unknown method', 404)
    if (!this.spend()) return envelope('EAPI:Rate limit exceeded')
    try {
      return envelope({ json: this.find(path.slice('/0/public/'.length), request.query) })
    } catch (error) {
      if (error instanceof ApiError) return envelope(error.message)
      throw error
    }
  }

  private spend(): boolean {
    const now = this.now()
    this.tokens = Math.min(BURST, this.tokens + Number(now - this.counted) / 1e9)
    this.counted = now
    if (this.tokens < 1) return false
    this.tokens--
    return true
  }

  /** The result as JSON text. */
  private find(method: string, query: URLSearchParams): string {
    return method === 'Trades' ? this.trades(query) : JSON.stringify(this.plain(method, query))
  }

  private plain(method: string, query: URLSearchParams): object {
    const now = this.now()
    switch (method) {
      case 'Time':
        return { unixtime: Number(now / SECOND), rfc1123: new Date(Number(now / 1_000_000n)).toUTCString() }
      case 'SystemStatus':
        return { status: 'online', timestamp: `${isoFromNanos(now).slice(0, 19)}Z` }
      case 'Assets':
        return assets(this.instruments.map(({ spec }) => spec))
      case 'AssetPairs':
        return this.assetPairs(query.get('pair'))
      case 'Depth':
        return this.depth(query)
      case 'OHLC':
        return this.ohlc(query)
      default:
        throw new ApiError('EGeneral:Unknown method')
    }
  }

  private assetPairs(wanted: string | null): object {
    if (wanted === null) {
      const specs = this.instruments.map(({ spec }) => spec)
      return assetPairs(specs.filter(({ symbol }) => !this.delisted(symbol)))
    }
    return assetPairs(wanted.split(',').map((name) => this.named(name).spec))
  }

  private named(name: string): MarketInstrument {
    for (const instrument of this.instruments) {
      const { altname, key, wsname } = pairNames(instrument.spec.base, instrument.spec.quote)
      if ([altname, key, wsname].includes(name)) return instrument
    }
    throw new ApiError('EQuery:Unknown asset pair')
  }

  private instrument(query: URLSearchParams): { instrument: MarketInstrument; key: string } {
    const name = query.get('pair')
    if (!name) throw new ApiError('EGeneral:Invalid arguments')
    const instrument = this.named(name)
    return { instrument, key: pairNames(instrument.spec.base, instrument.spec.quote).key }
  }

  private depth(query: URLSearchParams): object {
    const { instrument, key } = this.instrument(query)
    const count = whole(query, 'count') ?? 100
    const { spec } = instrument
    const seconds = Number(this.now() / SECOND)
    const side = (levels: readonly { price: number; amount: number }[]) =>
      levels.map(({ price, amount }) => [priceText(spec, price), amountText(spec, amount), seconds])
    const depth = Math.min(MAX_DEPTH, Math.max(1, count))
    return { [key]: { asks: side(instrument.asks.best(depth)), bids: side(instrument.bids.best(depth)) } }
  }

  private trades(query: URLSearchParams): string {
    const { instrument, key } = this.instrument(query)
    const { spec } = instrument
    const count = Math.min(MAX_ROWS, Math.max(1, whole(query, 'count') ?? MAX_ROWS))
    const since = query.get('since')
    if (since !== null && !/^\d{1,19}(\.\d+)?$/.test(since)) throw new ApiError('EGeneral:Invalid arguments')
    // Seconds are taken too: nobody means a nanosecond of January 1970.
    const [units = '0'] = since?.split('.') ?? []
    const after = since === null ? -1n : units.length > 10 ? BigInt(units) : BigInt(units) * SECOND
    const numbered = cursors(instrument.trades)
    const found = since === null ? numbered.slice(-count) : numbered.filter((row) => row.cursor > after).slice(0, count)
    const rows = this.page(found)
    // The time is a number with a fraction, which a double cannot always carry: written as text.
    const wire = rows.map(
      ({ trade: { id, price, amount, takerSide, time } }) =>
        `["${priceText(spec, price)}","${amountText(spec, amount)}",${fixedText(time / 1000n, 6)},"${takerSide === 'buy' ? 'b' : 's'}","${id % 3 === 0 ? 'l' : 'm'}","",${id}]`,
    )
    const last =
      rows.reduce<Nanos | undefined>(
        (most, { cursor }) => (most === undefined || cursor > most ? cursor : most),
        undefined,
      ) ?? (after < 0n ? 0n : after)
    return `{"${key}":[${wire.join(',')}],"last":"${last}"}`
  }

  private ohlc(query: URLSearchParams): object {
    const { instrument, key } = this.instrument(query)
    const { spec, candles } = instrument
    const minutes = whole(query, 'interval') ?? 1
    const interval = INTERVAL_OF.get(minutes)
    if (!interval) throw new ApiError('EGeneral:Invalid arguments')
    const since = BigInt(whole(query, 'since') ?? 0) * SECOND
    const now = this.now()
    const length = BigInt(minutes) * 60n * SECOND
    const reach = now - MAX_BARS * length
    const bars = candles.filled(interval, reach > 0n ? reach : 0n, now + 1n).filter((bar) => bar.openTime > since)
    const rows = this.page(bars).map((bar) => [
      Number(bar.openTime / SECOND),
      priceText(spec, bar.open),
      priceText(spec, bar.high),
      priceText(spec, bar.low),
      priceText(spec, bar.close),
      priceText(spec, bar.trades === 0 ? 0 : meanPrice(bar)),
      amountText(spec, bar.volume),
      bar.trades,
    ])
    return { [key]: rows, last: Number((bars.at(-2)?.openTime ?? since) / SECOND) }
  }
}

/** Trades with the id in nanoseconds by which the venue pages: its own for each trade, also where several share a time. */
function cursors(trades: readonly MarketTrade[]): { readonly trade: MarketTrade; readonly cursor: Nanos }[] {
  let last = 0n
  return trades.map((trade) => {
    last = trade.time > last ? trade.time : last + 1n
    return { trade, cursor: last }
  })
}

function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d{1,12}$/.test(text)) throw new ApiError('EGeneral:Invalid arguments')
  return Number(text)
}

class ApiError extends Error {}

/** The venue's answer: a result, or the text of an error. */
export function envelope(result: { readonly json: string } | string, status = 200): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: typeof result === 'string' ? JSON.stringify({ error: [result] }) : `{"error":[],"result":${result.json}}`,
  }
}
