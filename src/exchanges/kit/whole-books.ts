import type { BookDelta, BookSnapshot, Level } from '../../model/event.js'
import type { Nanos } from '../../model/time.js'
import type { BookView, Json } from '../exchange.js'
import { list, text } from './wire.js'

/** Books that a venue sends whole each time: the first one is told as a snapshot, what follows as the difference. */
export class WholeBooks {
  private readonly last = new Map<string, BookView>()

  /** `state`: what was saved; anything else is refused with a WireError. */
  constructor(state?: unknown) {
    for (const each of state === undefined ? [] : list(state, 'books')) {
      const [key, bids, asks] = list(each, 'book')
      this.last.set(text(key, 'key'), { bids: saved(bids), asks: saved(asks) })
    }
  }

  get state(): Json {
    return [...this.last].map(([key, { bids, asks }]) => [key, asJson(bids), asJson(asks)])
  }

  /** The book `key` as it stands now; best level first. */
  event(
    key: string,
    { bids, asks }: BookView,
    of: { readonly symbol: string; readonly exchangeTime: Nanos | undefined },
  ): BookSnapshot | BookDelta {
    const before = this.last.get(key)
    this.last.set(key, { bids, asks })
    if (!before) return { kind: 'book_snapshot', ...of, bids, asks, sequence: undefined, checksum: undefined }
    const unnumbered = { firstSequence: undefined, lastSequence: undefined, checksum: undefined }
    const changes = { bids: difference(before.bids, bids), asks: difference(before.asks, asks) }
    return { kind: 'book_delta', ...of, ...changes, ...unnumbered }
  }

  /** The next one is told as a snapshot again. */
  forget(key: string): void {
    this.last.delete(key)
  }
}

function difference(before: readonly Level[], now: readonly Level[]): Level[] {
  const old = new Map(before)
  const prices = new Set(now.map(([price]) => price))
  const gone = before.filter(([price]) => !prices.has(price)).map(([price]): Level => [price, '0'])
  return [...gone, ...now.filter(([price, size]) => old.get(price) !== size)]
}

function asJson(levels: readonly Level[]): Json {
  return levels.map(([price, size]) => [price, size])
}

function saved(value: unknown): Level[] {
  return list(value, 'levels').map((each) => {
    const [price, size] = list(each, 'level')
    return [text(price, 'price'), text(size, 'size')]
  })
}
