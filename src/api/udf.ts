import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { INTERVALS, type Interval } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import { isoFromNanos } from '../model/time.js'
import { checked } from '../service/check-input.js'
import { fromText } from '../service/json-schema.js'
import { perform } from '../service/perform.js'
import type { Ports } from '../service/ports.js'
import { type CandlePair, question } from '../service/questions.js'
import { goneSignal } from './operation-routes.js'

/** Resolutions as the charting library names them. */
const RESOLUTIONS: ReadonlyMap<string, Interval> = new Map([
  ['1', '1m'],
  ['3', '3m'],
  ['5', '5m'],
  ['15', '15m'],
  ['30', '30m'],
  ['60', '1h'],
  ['120', '2h'],
  ['240', '4h'],
  ['360', '6h'],
  ['480', '8h'],
  ['720', '12h'],
  ['1D', '1d'],
  ['D', '1d'],
  ['3D', '3d'],
  ['1W', '1w'],
  ['W', '1w'],
])
const SUPPORTED = [...RESOLUTIONS.keys()].filter((name) => name !== 'D' && name !== 'W')
const MOST_BARS = 20_000

const searchQuery = z.object({
  query: z.string().max(100).default(''),
  exchange: z.string().max(60).default(''),
  limit: z.int().min(1).max(1000).default(30),
})
const symbolQuery = z.object({ symbol: z.string().min(1).max(120) })
const historyQuery = symbolQuery.extend({
  from: z.int().min(0).max(9_999_999_999),
  to: z.int().min(0).max(9_999_999_999),
  resolution: z.string().max(10),
  countback: z.int().min(1).max(1_000_000).optional(),
})

/**
 * The datafeed protocol of TradingView's charting library (UDF) over the stored candles: give the library `new Datafeeds.UDFCompatibleDatafeed('…/udf')`.
 * A symbol is `binance:BTC/USDT`. The library adds fields of its own to requests; they are passed over.
 */
export function addUdfRoutes(app: FastifyInstance, ports: Ports): void {
  const listed = (reply: FastifyReply) => question(ports, 'candlePairs', undefined, goneSignal(reply))
  const find = async (symbol: string, reply: FastifyReply) =>
    (await listed(reply)).find((each) => nameOf(each).toLowerCase() === symbol.toLowerCase())

  app.get('/udf/config', async () => ({
    supports_search: true,
    supports_group_request: false,
    supports_marks: false,
    supports_timescale_marks: false,
    supports_time: true,
    supported_resolutions: SUPPORTED,
    exchanges: [
      { value: '', name: 'All exchanges', desc: '' },
      ...ports.catalog.map(({ id }) => ({ value: id, name: id, desc: id })),
    ],
    symbols_types: [{ name: 'crypto', value: 'crypto' }],
  }))

  app.get('/udf/time', (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(String(ports.now() / 1_000_000_000n)),
  )

  app.get('/udf/search', async (request, reply) => {
    const { query, exchange, limit } = queryOf(searchQuery, request)
    const text = query.toLowerCase()
    return (await listed(reply))
      .filter((each) => (exchange === '' || each.exchange === exchange) && nameOf(each).toLowerCase().includes(text))
      .slice(0, limit)
      .map((each) => ({
        symbol: each.pair,
        full_name: nameOf(each),
        ticker: nameOf(each),
        description: `${each.pair} on ${each.exchange}`,
        exchange: each.exchange,
        type: 'crypto',
      }))
  })

  app.get('/udf/symbols', async (request, reply) => {
    const { symbol } = queryOf(symbolQuery, request)
    const found = await find(symbol, reply)
    if (!found)
      throw new CollectorError('NOT_FOUND', `no candles of ${symbol} are stored`, {
        remedy: '/udf/search lists what is.',
      })
    return {
      name: found.pair,
      ticker: nameOf(found),
      full_name: nameOf(found),
      description: `${found.pair} on ${found.exchange}`,
      type: 'crypto',
      session: '24x7',
      timezone: 'Etc/UTC',
      exchange: found.exchange,
      listed_exchange: found.exchange,
      format: 'price',
      minmov: 1,
      pricescale: priceScale(
        await question(ports, 'listing', { exchange: found.exchange }, goneSignal(reply)),
        found.pair,
      ),
      volume_precision: 8,
      has_intraday: true,
      intraday_multipliers: ['1', '3', '5', '15', '30', '60', '120', '240', '360', '480', '720'],
      has_daily: true,
      has_weekly_and_monthly: true,
      supported_resolutions: SUPPORTED,
      data_status: 'streaming',
    }
  })

  app.get('/udf/history', async (request, reply) => {
    const { symbol, from, to, resolution, countback } = queryOf(historyQuery, request)
    const interval = RESOLUTIONS.get(resolution)
    const found = await find(symbol, reply)
    if (!interval || !found)
      return {
        s: 'error',
        errmsg: interval ? `no candles of ${symbol} are stored` : `there is no resolution ${resolution}`,
      }
    // With a count of bars the library wants that many before `to`, however far back they begin.
    const span = INTERVALS[interval]
    const start = countback === undefined ? from : Math.min(from, Math.max(0, to - countback * span))
    const { exchange, pair, trades, intervals } = found
    const input = {
      exchange,
      pair,
      interval,
      // Candles that the exchange sent where nothing better is stored.
      source: !trades && intervals.includes(interval) ? ('exchange' as const) : ('trades' as const),
      from: nanosText(start),
      until: nanosText(Math.max(to, start)),
      limit: Math.min(MOST_BARS, countback ?? MOST_BARS),
    }
    const { candles } = await perform(ports, 'candles', input, goneSignal(reply))
    if (candles.length === 0) return { s: 'no_data' }
    const column = <K extends keyof (typeof candles)[number]>(name: K) => candles.map((candle) => candle[name])
    return {
      s: 'ok',
      t: column('time'),
      o: column('open'),
      h: column('high'),
      l: column('low'),
      c: column('close'),
      v: column('volume'),
    }
  })
}

/** Seconds as an instant that operations take. */
function nanosText(seconds: number): string {
  return isoFromNanos(BigInt(seconds) * 1_000_000_000n)
}

function nameOf({ exchange, pair }: CandlePair): string {
  return `${exchange}:${pair}`
}

/** The fields that are known, numbers as numbers. */
function queryOf<S extends z.ZodObject>(schema: S, request: FastifyRequest): z.output<S> {
  const given = request.query as Record<string, unknown> // text fields by fastify's own parser
  const known = Object.keys(schema.shape).filter((name) => name in given)
  const numbers = new Set(['from', 'to', 'limit', 'countback'])
  return checked(
    schema,
    Object.fromEntries(
      known.map((name) => [name, fromText(given[name], numbers.has(name) ? { type: 'integer' } : { type: 'string' })]),
    ),
  )
}

/** How many steps of the price are in one: 100 for 0.01. */
function priceScale(list: readonly Instrument[], pair: string): number {
  const increment = list.find((each) => each.pair === pair)?.priceIncrement
  const decimals = increment === undefined ? 8 : (/\.(\d*?)0*$/.exec(increment)?.[1]?.length ?? 0)
  return 10 ** Math.min(decimals, 12)
}
