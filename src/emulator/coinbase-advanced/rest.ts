import { INTERVALS, type Interval } from '../../model/dataset.js'
import { type Nanos, SECOND } from '../../model/time.js'
import type { CoinbaseFeed } from '../coinbase/feed.js'
import { stamp } from '../coinbase/frames.js'
import { json, message } from '../coinbase/rest.js'
import { fixedText, priceText, shortestText } from '../instrument-spec.js'
import type { MarketInstrument } from '../market.js'
import type { HttpAnswer, HttpRequest, VenueContext } from '../venue.js'
import { candleRow, tradesEvent } from './frames.js'

const ROOT = '/api/v3/brokerage/market'
const PER_SECOND = 10
const MAX_BARS = 350
const LENGTHS: Readonly<Record<string, Interval>> = {
  ONE_MINUTE: '1m',
  FIVE_MINUTE: '5m',
  FIFTEEN_MINUTE: '15m',
  THIRTY_MINUTE: '30m',
  ONE_HOUR: '1h',
  TWO_HOUR: '2h',
  SIX_HOUR: '6h',
  ONE_DAY: '1d',
}

/** Advanced Trade's public REST API for market data. */
export class AdvancedRest {
  private readonly feeds: ReadonlyMap<string, CoinbaseFeed>
  private readonly now: () => Nanos
  private readonly page: NonNullable<VenueContext['page']>
  private readonly delisted: NonNullable<VenueContext['delisted']>
  private recent: Nanos[] = []

  constructor(
    feeds: ReadonlyMap<string, CoinbaseFeed>,
    now: () => Nanos,
    page: NonNullable<VenueContext['page']> = (rows) => rows,
    delisted: NonNullable<VenueContext['delisted']> = () => false,
  ) {
    this.feeds = feeds
    this.now = now
    this.page = page
    this.delisted = delisted
  }

  answer({ path, query }: HttpRequest): HttpAnswer {
    const now = this.now()
    this.recent = this.recent.filter((time) => now - time < SECOND)
    if (this.recent.length >= PER_SECOND) return message(429, 'rate limit exceeded')
    this.recent.push(now)
    if (!path.startsWith(ROOT)) return message(404, 'NotFound')
    const [, what = '', id, more] = path.slice(ROOT.length).split('/')
    if (what === 'products' && id === undefined) {
      const products = [...this.feeds.values()]
        .filter(({ instrument }) => !this.delisted(instrument.spec.symbol))
        .flatMap(({ instrument }) => [listed(instrument), aliased(instrument)])
      return json({ products, num_products: products.length })
    }
    const feed = this.feeds.get(
      decodeURIComponent(what === 'product_book' ? (query.get('product_id') ?? '') : (id ?? '')),
    )
    if (!feed) return message(404, 'product not found')
    if (what === 'product_book') return this.book(feed, Number(query.get('limit') ?? 50))
    if (more === 'ticker') return this.trades(feed, Number(query.get('limit') ?? 100))
    if (more === 'candles') return this.candles(feed, query)
    return more === undefined ? json(listed(feed.instrument)) : message(404, 'NotFound')
  }

  private book({ instrument: { spec, bids, asks } }: CoinbaseFeed, limit: number): HttpAnswer {
    const side = (levels: readonly { price: number; amount: number }[]) =>
      levels.map(({ price, amount }) => ({
        price: shortestText(price, spec.priceDecimals),
        size: shortestText(amount, spec.amountDecimals),
      }))
    const pricebook = { product_id: spec.symbol, bids: side(bids.best(limit)), asks: side(asks.best(limit)) }
    return json({ pricebook: { ...pricebook, time: stamp(this.now()) } })
  }

  private trades({ instrument }: CoinbaseFeed, limit: number): HttpAnswer {
    const { spec, trades, bids, asks } = instrument
    const newest = this.page(trades.slice(-limit))
    return json({
      ...tradesEvent('update', spec, newest),
      best_bid: priceText(spec, bids.priceAt(0) ?? 0),
      best_ask: priceText(spec, asks.priceAt(0) ?? 0),
    })
  }

  private candles({ instrument: { spec, candles } }: CoinbaseFeed, query: URLSearchParams): HttpAnswer {
    const interval = LENGTHS[query.get('granularity') ?? '']
    const [start, end] = [Number(query.get('start')), Number(query.get('end'))]
    if (!interval || !(start <= end)) return message(400, 'invalid granularity, start or end')
    if ((end - start) / INTERVALS[interval] > MAX_BARS)
      return message(400, 'number of candles requested should be less than 350')
    const bars = candles.held(interval).filter(({ openTime }) => {
      const seconds = Number(openTime / SECOND)
      return seconds >= start && seconds <= end
    })
    return json({ candles: this.page([...bars].reverse()).map((bar) => candleRow(spec, bar)) })
  }
}

function listed({ spec, trades, candles }: MarketInstrument) {
  const last = trades.at(-1)
  return {
    product_id: spec.symbol,
    price: last ? priceText(spec, last.price) : '',
    volume_24h: shortestText(candles.held('1d').at(-1)?.volume ?? 0n, spec.amountDecimals),
    base_increment: fixedText(1, spec.amountDecimals),
    quote_increment: fixedText(1, spec.priceDecimals),
    price_increment: fixedText(1, spec.priceDecimals),
    base_name: spec.base,
    quote_name: spec.quote,
    status: 'online',
    is_disabled: false,
    cancel_only: false,
    limit_only: false,
    post_only: false,
    trading_disabled: false,
    auction_mode: false,
    product_type: 'SPOT',
    quote_currency_id: spec.quote,
    base_currency_id: spec.base,
    alias: '',
    alias_to: [`${spec.base}-USDC`],
    view_only: false,
  }
}

/** The same book under another quote: data comes under the name of the first. */
function aliased(instrument: MarketInstrument) {
  const { spec } = instrument
  const product_id = `${spec.base}-USDC`
  return { ...listed(instrument), product_id, quote_currency_id: 'USDC', alias: spec.symbol, alias_to: [] }
}
