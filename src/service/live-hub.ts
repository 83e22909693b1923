import { parseChannel } from '../config/channel.js'
import { type Channel, datasetKey, type Kind } from '../model/dataset.js'
import { CollectorError } from '../model/error.js'
import type { LiveBatch, LiveWish } from '../model/live.js'
import { bookTopic, type LiveEvent, liveEvents } from './live-events.js'
import type { StreamsPort } from './streams.js'

/** Channels of one instrument that somebody follows. `book`: the best levels; `book_deltas`: every change, after the whole book. */
export interface LiveTopic {
  readonly exchange: string
  readonly pair: string
  readonly channels: readonly string[]
}

/** Where live data comes from: the recorder. */
export interface LiveSource {
  follow(wish: LiveWish): void
  onLive(listener: (batch: LiveBatch) => void): () => void
}

export interface LiveListener {
  /** `json`: the event as text, made once for all who hear it. */
  event(event: LiveEvent, json: () => string): void
  /** So many events of a topic were left out on the way, because the daemon had more to do. */
  missed(about: { readonly exchange: string; readonly pair: string; readonly count: number }): void
}

const KINDS: { readonly [C in Channel]?: Kind } = {
  trades: 'trades',
  quotes: 'quotes',
  funding: 'funding',
  mark_price: 'mark_price',
  index_price: 'index_price',
  open_interest: 'open_interest',
  liquidations: 'liquidations',
}

/** One who follows. */
export interface LiveFollower {
  /** How many topics it follows now. */
  readonly following: number
  /** Throws UNSUPPORTED for what is no channel, STREAM_UNKNOWN for what is not recorded now. */
  add(topic: LiveTopic): void
  remove(topic: LiveTopic): void
  close(): void
}

/** Hands market events to who follows them; asks the workers for what somebody follows and nothing else. */
export class LiveHub {
  readonly #source: LiveSource
  readonly #streams: StreamsPort
  readonly #followers = new Map<string, Set<LiveListener>>()
  #stop: (() => void) | undefined

  constructor(source: LiveSource, streams: StreamsPort) {
    this.#source = source
    this.#streams = streams
  }

  follow(listener: LiveListener): LiveFollower {
    const own = new Set<string>()
    const drop = (keys: Iterable<string>) => {
      for (const key of keys) {
        const all = this.#followers.get(key)
        all?.delete(listener)
        if (all?.size === 0) this.#followers.delete(key)
        own.delete(key)
      }
      this.#ask([])
    }
    return {
      get following() {
        return own.size
      },
      add: (topic) => {
        const keys = this.#keysOf(topic)
        for (const key of keys) {
          own.add(key)
          const all = this.#followers.get(key)
          if (all) all.add(listener)
          else this.#followers.set(key, new Set([listener]))
        }
        this.#ask(keys.filter((key) => key.includes(' book_deltas ') && !key.startsWith('best ')))
      },
      remove: (topic) => drop(topicKeys(topic)),
      close: () => drop([...own]),
    }
  }

  /** Tells the workers what is followed now. */
  #ask(whole: readonly string[]): void {
    const keys = [...this.#followers.keys()]
    const books = keys.filter((key) => key.startsWith('best ')).map((key) => key.slice('best '.length))
    const rows = keys.filter((key) => !key.startsWith('best '))
    if (keys.length > 0) this.#stop ??= this.#source.onLive((batch) => this.#hand(batch))
    else {
      this.#stop?.()
      this.#stop = undefined
    }
    this.#source.follow({ rows, books, whole })
  }

  #hand({ items, missed }: LiveBatch): void {
    for (const { topic, event } of liveEvents(items)) {
      const all = this.#followers.get(topic)
      if (!all) continue
      let text: string | undefined
      const json = () => {
        text ??= JSON.stringify(event)
        return text
      }
      for (const listener of all) listener.event(event, json)
    }
    for (const [dataset, count] of missed) {
      const [exchange = '', , pair = ''] = dataset.split(' ')
      for (const key of [dataset, bookTopic(dataset)])
        for (const listener of this.#followers.get(key) ?? []) listener.missed({ exchange, pair, count })
    }
  }

  #keysOf(topic: LiveTopic): string[] {
    const keys = topicKeys(topic)
    const rows = this.#streams
      .status()
      .filter((row) => row.running && row.exchange === topic.exchange && row.pair === topic.pair)
    const recorded = new Set(rows.flatMap(({ channels }) => channels))
    const absent = topic.channels.find(
      (channel) => !recorded.has(channel === 'book_deltas' ? 'book' : spelled(channel)),
    )
    if (absent !== undefined)
      throw new CollectorError('STREAM_UNKNOWN', `${absent} of ${topic.exchange} ${topic.pair} is not recorded now`, {
        remedy: 'Start the stream, or add it to the config; `dccd status` lists what runs.',
      })
    return keys
  }
}

/** As the manager writes it: candles of a minute are plain `ohlc`. */
function spelled(channel: string): string {
  return channel === 'ohlc:1m' ? 'ohlc' : channel
}

function topicKeys({ exchange, pair, channels }: LiveTopic): string[] {
  return channels.map((text) => {
    if (text === 'book_deltas') return datasetKey({ exchange, kind: 'book_deltas', pair })
    const channel = parseChannel(text)
    if (channel?.channel === 'book') return bookTopic(datasetKey({ exchange, kind: 'book_deltas', pair }))
    if (channel?.channel === 'ohlc' && channel.interval)
      return datasetKey({ exchange, kind: 'ohlc', pair, interval: channel.interval })
    const kind = channel && KINDS[channel.channel]
    if (kind) return datasetKey({ exchange, kind, pair })
    throw new CollectorError('UNSUPPORTED', `${text} is no channel that can be followed`, {
      remedy:
        'Choose among trades, book, book_deltas, quotes, ohlc, ohlc:5m, funding, mark_price, index_price, open_interest and liquidations.',
    })
  })
}
