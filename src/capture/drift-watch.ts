import type { ExchangeAdapter } from '../exchanges/exchange.js'
import type { Channel } from '../model/dataset.js'
import { type Drift, strangeIn } from '../model/shape.js'
import { type Nanos, SECOND } from '../model/time.js'

/** Messages of one channel and kind are looked at so often: what they cost does not rise with how many come. */
const EVERY: Nanos = SECOND
/** Different drifts that are told apart. */
const MOST = 200
const LONGEST = 120

/** When messages were looked at last, by channel and form. */
export type Looks = Map<Channel, Map<string, Nanos>>

/** Whether the next message of a channel is to be looked at, and it is this one. `form`: those of one channel that differ are told apart by it. */
export function due(looks: Looks, channel: Channel, form: string, mono: Nanos): boolean {
  let forms = looks.get(channel)
  if (!forms) {
    forms = new Map()
    looks.set(channel, forms)
  }
  const before = forms.get(form)
  if (before !== undefined && mono - before < EVERY) return false
  forms.set(form, mono)
  return true
}

/** When a message came, and its number in the journal. */
export interface Seen {
  readonly wall: Nanos
  readonly mono: Nanos
  readonly frame: bigint
}

/**
 * Counts what exchanges send that their documentation does not name, and what could not be read or proven any more. For people to see: nothing that is
 * derived hangs on it, and it is not saved.
 */
export class DriftWatch {
  /** By exchange, channel and form. */
  private readonly looked = new Map<string, Looks>()
  private readonly found = new Map<string, Drift>()
  /** Rises with every change of what `drifts` gives. */
  version = 0

  get drifts(): readonly Drift[] {
    return [...this.found.values()]
  }

  /** When messages of an exchange were looked at, for `due`: asked of every frame, so that it is found once. */
  looksOf(exchange: string): Looks {
    const known = this.looked.get(exchange)
    if (known) return known
    const looks: Looks = new Map()
    this.looked.set(exchange, looks)
    return looks
  }

  /** A message of a channel that was due to be looked at. */
  message({ id, shapes }: Pick<ExchangeAdapter, 'id' | 'shapes'>, channel: Channel, text: string, at: Seen): void {
    const shape = shapes[channel]
    if (!shape) return
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      return
    }
    for (const { what, name } of strangeIn(message, shape)) this.count(id, channel, what, name, at)
  }

  /** A message that could not be read. */
  unread(exchange: string, channel: Channel | null, reason: string, at: Seen): void {
    // What it was instead differs each time.
    this.count(exchange, channel, 'message', reason.replace(/, is .*$/s, ''), at)
  }

  /** A rule that proves nothing any more. */
  rule(exchange: string, channel: Channel, detail: string, wall: Nanos): void {
    this.count(exchange, channel, 'rule', detail.replace(/:.*$/s, ''), { wall, frame: null })
  }

  private count(
    exchange: string,
    channel: Channel | null,
    what: Drift['what'],
    full: string,
    { wall, frame }: { readonly wall: Nanos; readonly frame: bigint | null },
  ): void {
    const name = full.slice(0, LONGEST)
    const key = `${exchange} ${channel} ${what} ${name}`
    const known = this.found.get(key)
    if (!known && this.found.size >= MOST) return
    this.version++
    this.found.set(key, {
      ...(known ?? { exchange, channel, what, name, first: wall, frame }),
      count: (known?.count ?? 0) + 1,
      last: wall,
    })
  }
}
