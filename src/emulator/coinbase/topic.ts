import type { Channel } from '../../model/dataset.js'

/** Channels that are played: the public ones, and the book that wants a signature. */
export const CHANNELS = [
  'heartbeat',
  'status',
  'ticker',
  'ticker_batch',
  'matches',
  'level2',
  'level2_batch',
  'auctionfeed',
] as const
export type ChannelName = (typeof CHANNELS)[number]
/** Those that want a signature. */
const PRIVATE: readonly string[] = ['level2', 'level3', 'full', 'user']

/** Our channel that one of theirs serves. */
export function channelOf(name: ChannelName): Channel | undefined {
  switch (name) {
    case 'matches':
      return 'trades'
    case 'level2':
    case 'level2_batch':
      return 'book'
    case 'ticker':
      return 'quotes'
    case 'ticker_batch':
      return 'ticker'
    default:
      return undefined
  }
}

export interface Wanted {
  readonly name: ChannelName
  readonly products: readonly string[]
}

/** What a request asks for, or why it is refused. Channels stand as names or as objects with products of their own. */
export function parseRequest(request: Readonly<Record<string, unknown>>): readonly Wanted[] | string {
  const { channels, product_ids: products = [] } = request
  // Whose signature it is cannot be told here: any will do.
  const signed = ['signature', 'key', 'passphrase', 'timestamp'].every((name) => request[name] !== undefined)
  if (!Array.isArray(channels) || channels.length === 0) return 'channels is required'
  if (!isTextList(products)) return 'product_ids must be a list of products'
  const wanted: Wanted[] = []
  for (const each of channels as readonly unknown[]) {
    const { name = each, product_ids: own = products } =
      typeof each === 'object' && each !== null ? { ...each } : ({} as Record<string, unknown>)
    if (!signed && typeof name === 'string' && PRIVATE.includes(name)) return `${name} requires authentication`
    const known = CHANNELS.find((channel) => channel === name)
    if (!known) return `${String(name)} is not a valid channel`
    if (!isTextList(own)) return 'product_ids must be a list of products'
    if (own.length === 0 && known !== 'status') return 'product_ids is required'
    wanted.push({ name: known, products: own })
  }
  return wanted
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
