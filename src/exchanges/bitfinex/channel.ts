import { z } from 'zod'
import { CHANNELS } from '../../model/dataset.js'
import { CHANNEL_OF, type MarketData } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import { type Reading, subscriptionId } from '../exchange.js'
import { bad, data, heartbeat, notice, sharedData } from '../kit/reading.js'
import { list, WireError } from '../kit/wire.js'
import { bestAfter, quoteEvents } from './best.js'
import { liquidationEvents, rateAfter, statusEvents } from './derivatives.js'
import { bookEvent, candleEvents, checksumEvent, isSnapshot, tradeEvent } from './messages.js'
import { isBest } from './topics.js'

const level = z.tuple([z.string(), z.string()]).readonly()
/** A channel that the venue acknowledged, under the number that it gave. */
export const channelState = z.object({
  /** What was asked for, as `topicOf` names it. */
  topic: z.string(),
  /** The subscriptions that it serves; none for a channel that nobody here asked for. */
  owners: z.array(z.object({ id: z.string(), channel: z.enum(CHANNELS), symbol: z.string() })).readonly(),
  symbol: z.string(),
  carries: z.enum(['trades', 'book', 'quotes', 'ohlc', 'status', 'liquidations', 'other']),
  interval: z.string().exactOptional(),
  /** Unsubscribed, the acknowledgement is to come. */
  ending: z.boolean(),
  best: z.object({ bids: z.array(level).readonly(), asks: z.array(level).readonly() }),
  rate: z.object({
    rate: z.string().exactOptional(),
    predicted: z.string().exactOptional(),
    next: z.number().exactOptional(),
  }),
})
export type Channel = z.infer<typeof channelState>

/** What a message of an acknowledged channel means. */
export function carried(channel: Channel, tag: string | undefined, payload: unknown, time: Nanos | undefined): Reading {
  const { owners, symbol, carries } = channel
  const id = owners[0]?.id
  if (tag === 'hb') return heartbeat(owners.map((each) => each.id))
  if (carries === 'other') return notice('channel of something else')
  if (channel.ending) return notice('message of an ended channel')
  try {
    if (carries === 'liquidations') return among(channel, liquidationEvents(list(payload, 'payload')))
    if (id === undefined) return notice('channel of something else')
    // Of what it is taken where there is only one level nobody says.
    if (tag === 'cs')
      return data(id, carries === 'book' && !isBest(channel.topic) ? [checksumEvent(payload, { symbol, time })] : [])
    const items = list(payload, 'payload')
    switch (carries) {
      case 'trades':
        // The first message repeats trades of the past; `tu` repeats `te` a second later.
        if (tag === undefined && !isSnapshot(items)) return bad('a trade without a tag', id)
        return data(id, tag === 'te' ? [tradeEvent(items, { symbol, time })] : [])
      case 'book':
        return data(id, [bookEvent(items, { symbol, time })])
      case 'quotes':
        channel.best = bestAfter(channel.best, items)
        return data(id, quoteEvents(channel.best, { symbol, time }))
      case 'ohlc':
        return data(id, candleEvents(items, channel.interval ?? '', { symbol, time }))
      case 'status':
        channel.rate = rateAfter(channel.rate, items)
        return among(channel, statusEvents(items, channel.rate, symbol))
    }
  } catch (error) {
    if (error instanceof WireError) return bad(error.message, id)
    throw error
  }
}

/** Events of a channel that several subscriptions share: those that somebody asked for. A stranger's are named by the events. */
function among({ owners }: Channel, events: readonly MarketData[]): Reading {
  const named: Channel['owners'] = owners.length ? owners : events.map(ownerOf)
  const asked = events.filter(({ kind, symbol }) =>
    named.some((each) => each.channel === CHANNEL_OF[kind] && each.symbol === symbol),
  )
  return sharedData([...new Set(named.map(({ id }) => id))], asked) ?? notice('nothing new')
}

function ownerOf({ kind, symbol }: MarketData): Channel['owners'][number] {
  const channel = CHANNEL_OF[kind]
  return { id: subscriptionId({ channel, symbol }), channel, symbol }
}
