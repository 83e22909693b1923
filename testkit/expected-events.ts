import { z } from 'zod'
import type { AdapterEvent, BookDelta, BookSnapshot, Level, MarketData } from '../src/model/event.js'
import { nanosFromIso } from '../src/model/time.js'

/**
 * What the authors of other parsers expect of a message, compared with what our adapters make of it. Each difference is one line of text:
 * the field, what they say, what we say. Only what both speak of is compared: they have kinds of events that we take from elsewhere.
 */
export type Expected = readonly TardisEvent[] | ParserFacts

const level = z.object({ price: z.number(), amount: z.number() })
const tardisEvent = z.looseObject({
  type: z.string(),
  symbol: z.string(),
  id: z.string().optional(),
  price: z.number().optional(),
  amount: z.number().optional(),
  side: z.string().optional(),
  timestamp: z.string().optional(),
  isSnapshot: z.boolean().optional(),
  bids: z.array(level).optional(),
  asks: z.array(level).optional(),
  bidPrice: z.number().optional(),
  bidAmount: z.number().optional(),
  askPrice: z.number().optional(),
  askAmount: z.number().optional(),
  fundingRate: z.number().optional(),
  predictedFundingRate: z.number().optional(),
  fundingTimestamp: z.string().optional(),
  markPrice: z.number().optional(),
  indexPrice: z.number().optional(),
  openInterest: z.number().optional(),
})
type TardisEvent = z.infer<typeof tardisEvent>
const parserFacts = z.object({ type: z.string(), facts: z.record(z.string(), z.unknown()).default({}) })
type ParserFacts = z.infer<typeof parserFacts>
export const expectedEvents = z.union([z.array(tardisEvent), parserFacts])

export function differences(expected: Expected, events: readonly AdapterEvent[]): string[] {
  const ours = events.filter((event): event is MarketData => event.kind !== 'break')
  return 'facts' in expected ? ofFacts(expected, ours) : ofTardis(expected, ours)
}

/** Their number against our text; `undefined` of theirs is nothing said. */
function number(field: string, theirs: unknown, ours: string | undefined): string[] {
  if (typeof theirs !== 'number') return []
  return ours !== undefined && Number(ours) === theirs ? [] : [`${field}: theirs ${theirs}, ours ${ours ?? 'nothing'}`]
}

function same(field: string, theirs: unknown, ours: unknown): string[] {
  return theirs === ours ? [] : [`${field}: theirs ${String(theirs)}, ours ${String(ours)}`]
}

/** Their time in ISO text, which may have lost digits that ours has: compared to the digits that they give. */
function time(field: string, theirs: string | undefined, ours: bigint | undefined): string[] {
  if (theirs === undefined) return []
  const nanos = nanosFromIso(theirs)
  const digits = /\.(\d+)/.exec(theirs)?.[1]?.length ?? 0
  const unit = 10n ** BigInt(9 - digits)
  const equal = nanos !== undefined && ours !== undefined && nanos / unit === ours / unit
  return equal ? [] : [`${field}: theirs ${theirs}, ours ${ours ?? 'nothing'}`]
}

type Of<K extends MarketData['kind']> = Extract<MarketData, { kind: K }>
function only<K extends MarketData['kind']>(events: readonly MarketData[], kind: K): Of<K>[] {
  return events.filter((event): event is Of<K> => event.kind === kind)
}

function ofTardis(expected: readonly TardisEvent[], ours: readonly MarketData[]): string[] {
  const of = (type: string) => expected.filter((event) => event.type === type)
  const books = ours.filter((event): event is BookSnapshot | BookDelta => /^book_/.test(event.kind))
  return [
    ...pairs('trade', of('trade'), only(ours, 'trade'), (theirs, trade) => [
      ...(theirs.id === undefined ? [] : same('trade.id', theirs.id, trade.tradeId)),
      ...number('trade.price', theirs.price, trade.price),
      ...number('trade.amount', theirs.amount, trade.amount),
      ...same('trade.side', theirs.side, trade.takerSide ?? 'unknown'),
      ...time('trade.timestamp', theirs.timestamp, trade.exchangeTime),
    ]),
    ...pairs('book_change', of('book_change'), books, (theirs, book) => [
      ...same('book.isSnapshot', theirs.isSnapshot, book.kind === 'book_snapshot'),
      ...sideOf('book.bids', theirs.bids ?? [], book.bids),
      ...sideOf('book.asks', theirs.asks ?? [], book.asks),
      ...(book.exchangeTime === undefined ? [] : time('book.timestamp', theirs.timestamp, book.exchangeTime)),
    ]),
    ...pairs('book_ticker', of('book_ticker'), only(ours, 'quote'), (theirs, quote) => [
      ...number('quote.bidPrice', theirs.bidPrice, quote.bidPrice),
      ...number('quote.bidAmount', theirs.bidAmount, quote.bidAmount),
      ...number('quote.askPrice', theirs.askPrice, quote.askPrice),
      ...number('quote.askAmount', theirs.askAmount, quote.askAmount),
      ...(quote.exchangeTime === undefined ? [] : time('quote.timestamp', theirs.timestamp, quote.exchangeTime)),
    ]),
    ...pairs('liquidation', of('liquidation'), only(ours, 'liquidation'), (theirs, each) => [
      ...(theirs.id === undefined || each.orderId === undefined ? [] : same('liquidation.id', theirs.id, each.orderId)),
      ...number('liquidation.price', theirs.price, each.price),
      ...number('liquidation.amount', theirs.amount, each.amount),
      ...same('liquidation.side', theirs.side, each.side),
      ...time('liquidation.timestamp', theirs.timestamp, each.exchangeTime),
    ]),
    ...of('derivative_ticker').flatMap((theirs) => derivative(theirs, ours)),
  ]
}

/** Theirs gathers what is known so far; ours tells what this message says. */
function derivative(theirs: TardisEvent, ours: readonly MarketData[]): string[] {
  return ours.flatMap((event) => {
    switch (event.kind) {
      case 'mark_price':
        return number('mark_price', theirs.markPrice, event.price)
      case 'index_price':
        return number('index_price', theirs.indexPrice, event.price)
      case 'open_interest':
        return number('open_interest', theirs.openInterest, event.amount)
      case 'funding':
        return [
          ...number('funding.rate', theirs.fundingRate, event.rate),
          ...(event.predictedRate === undefined
            ? []
            : number('funding.predicted', theirs.predictedFundingRate, event.predictedRate)),
          ...(event.nextFundingTime === undefined
            ? []
            : time('funding.next', theirs.fundingTimestamp, event.nextFundingTime)),
        ]
      default:
        return []
    }
  })
}

function pairs<T, U>(
  what: string,
  theirs: readonly T[],
  ours: readonly U[],
  compare: (theirs: T, ours: U) => string[],
): string[] {
  // Where they say nothing of this kind, they may take it from another message.
  if (theirs.length === 0 && ours.length > 0) return [`${what}: theirs none, ours ${ours.length}`]
  if (theirs.length !== ours.length) return [`${what}: theirs ${theirs.length}, ours ${ours.length}`]
  return theirs.flatMap((each, index) => {
    const own = ours[index]
    return own === undefined ? [] : compare(each, own)
  })
}

/** Levels by price: their order is nobody's promise. */
function sideOf(field: string, theirs: readonly z.infer<typeof level>[], ours: readonly Level[]): string[] {
  const text = (levels: readonly (readonly [number, number])[]) =>
    [...levels]
      .sort(([a], [b]) => a - b)
      .map(([price, amount]) => `${price}x${amount}`)
      .join(' ')
  return same(
    field,
    text(theirs.map(({ price, amount }) => [price, amount])),
    text(ours.map(([price, amount]) => [Number(price), Number(amount)])),
  )
}

/** Quantities stand as base, quote and contracts, some computed: ours is one of them. */
function quantity(field: string, facts: Readonly<Record<string, unknown>>, path: string, ours: string | undefined) {
  const told = ['base', 'quote', 'contract'].map((unit) => facts[`${path}${unit}`]).filter((each) => each !== null)
  const numbers = told.filter((each): each is number => typeof each === 'number')
  if (!numbers.length || (ours !== undefined && numbers.includes(Number(ours)))) return []
  return [`${field}: theirs ${numbers.join(' or ')}, ours ${ours ?? 'nothing'}`]
}

function ofFacts({ facts }: ParserFacts, ours: readonly MarketData[]): string[] {
  const ms = (field: string, theirs: unknown, own: bigint | undefined) =>
    typeof theirs === 'number' && own !== undefined ? same(field, theirs, Number(own / 1_000_000n)) : []
  const found: string[] = []
  const count = (field: string, own: number) => {
    if (typeof facts[field] === 'number') found.push(...same(field, facts[field], own))
  }
  const trades = only(ours, 'trade')
  if (Object.keys(facts).some((key) => /^trades?[.[]/.test(key))) {
    count('trades.length', trades.length)
    for (const [index, trade] of trades.entries()) {
      const path = index === 0 && 'trade.side' in facts ? 'trade.' : `trades[${index}].`
      found.push(
        ...number(`${path}price`, facts[`${path}price`], trade.price),
        ...quantity(`${path}quantity`, facts, `${path}quantity_`, trade.amount),
        ...ms(`${path}timestamp`, facts[`${path}timestamp`], trade.exchangeTime),
      )
      if (typeof facts[`${path}side`] === 'string')
        found.push(...same(`${path}side`, facts[`${path}side`], trade.takerSide))
    }
    if (!trades.length) found.push('trade: theirs some, ours none')
  }
  const book = ours.find((event): event is BookSnapshot | BookDelta => /^book_/.test(event.kind))
  if (typeof facts['orderbook.snapshot'] === 'boolean') {
    if (!book) found.push('book: theirs one, ours none')
    else {
      found.push(...same('orderbook.snapshot', facts['orderbook.snapshot'], book.kind === 'book_snapshot'))
      found.push(...ms('orderbook.timestamp', facts['orderbook.timestamp'], book.exchangeTime))
      for (const side of ['bids', 'asks'] as const) {
        count(`orderbook.${side}.length`, book[side].length)
        const amounts = new Map(book[side].map(([price, amount]) => [Number(price), amount]))
        for (const [key, price] of Object.entries(facts)) {
          const [, at] = new RegExp(`^orderbook\\.${side}\\[(\\d+)\\]\\.price$`).exec(key) ?? []
          if (at === undefined || typeof price !== 'number') continue
          found.push(
            ...quantity(`orderbook.${side} ${price}`, facts, `orderbook.${side}[${at}].quantity_`, amounts.get(price)),
          )
        }
      }
    }
  }
  const quote = only(ours, 'quote')[0]
  if (typeof facts['bbo_msg.ask_price'] === 'number') {
    found.push(...number('bbo.ask_price', facts['bbo_msg.ask_price'], quote?.askPrice))
    found.push(...number('bbo.bid_price', facts['bbo_msg.bid_price'], quote?.bidPrice))
    found.push(...quantity('bbo.ask_quantity', facts, 'bbo_msg.ask_quantity_', quote?.askAmount))
    found.push(...quantity('bbo.bid_quantity', facts, 'bbo_msg.bid_quantity_', quote?.bidAmount))
    found.push(...ms('bbo.timestamp', facts['bbo_msg.timestamp'], quote?.exchangeTime))
  }
  const candle = only(ours, 'candle')[0]
  if (typeof facts['candlestick_msg.open'] === 'number') {
    for (const name of ['open', 'high', 'low', 'close', 'volume'] as const)
      found.push(...number(`candle.${name}`, facts[`candlestick_msg.${name}`], candle?.[name]))
    if (candle?.quoteVolume !== undefined)
      found.push(...number('candle.quote_volume', facts['candlestick_msg.quote_volume'], candle.quoteVolume))
    if (typeof facts['candlestick_msg.begin_time'] === 'number' && candle)
      // Seconds, of some venues milliseconds.
      found.push(
        ...same(
          'candle.begin',
          facts['candlestick_msg.begin_time'] / (facts['candlestick_msg.begin_time'] > 1e11 ? 1000 : 1),
          Number(candle.openTime / 1_000_000_000n),
        ),
      )
    if (candle) found.push(...same('candle.period', facts['candlestick_msg.period'], candle.interval))
  }
  const funding = only(ours, 'funding')[0]
  if (typeof facts['funding_rates[0].funding_rate'] === 'number') {
    found.push(...number('funding.rate', facts['funding_rates[0].funding_rate'], funding?.rate))
    found.push(...number('funding.estimated', facts['funding_rates[0].estimated_rate'], funding?.predictedRate))
    found.push(
      ...ms(
        'funding.time',
        facts['funding_rates[0].funding_time'],
        funding?.settled ? funding.exchangeTime : funding?.nextFundingTime,
      ),
    )
  }
  return found
}
