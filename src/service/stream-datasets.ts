import { parseChannel } from '../config/channel.js'
import { type Dataset, KIND_OF } from '../model/dataset.js'

/** The datasets that a stream writes. */
export function datasetsOf({
  exchange,
  pair,
  channels,
}: {
  readonly exchange: string
  readonly pair: string
  readonly channels: readonly string[]
}): Dataset[] {
  return channels.flatMap((text): Dataset[] => {
    const parsed = parseChannel(text)
    const kind = parsed && KIND_OF[parsed.channel]
    if (!kind) return []
    const dataset = { exchange, pair, kind, ...(parsed.interval ? { interval: parsed.interval } : {}) }
    return parsed.channel === 'book' ? [dataset, { exchange, pair, kind: 'book_snapshots' }] : [dataset]
  })
}
