import { describe, expect, it } from 'vitest'
import { type Recorded, readRecordings } from '../../../testkit/recordings.js'
import { BookKeeper } from '../../capture/keeper.js'
import type { BookView } from '../exchange.js'
import { fields, isFields, levels, readJson } from '../kit/wire.js'
import { krakenChecksum } from './checksum.js'
import { kraken } from './kraken.js'

/** Levels are `[price, amount]`; prices step by 0.1 and amounts by `step` with 8 digits. */
function ladder(from: number, by: 1 | -1, amount: number, step: number): [string, string][] {
  return Array.from({ length: 12 }, (_, n) => [((from + by * n) / 10).toFixed(1), (amount + step * n).toFixed(8)])
}

describe('Kraken checksum', () => {
  it('is that of the documentation, for a book with fewer than ten levels too', () => {
    const book: BookView = {
      asks: [
        ['0.5', '10.00'],
        ['0.6', '2.50'],
      ],
      bids: [['0.4', '1.00']],
    }
    expect(krakenChecksum(book)).toBe(3736161588)
  })

  it('takes ten levels a side, with the zeros at the end of a number and without those at its start', () => {
    const book = { asks: ladder(1001, 1, 0.01, 0.01), bids: ladder(1000, -1, 1, 0.01) }
    expect(krakenChecksum(book)).toBe(2004379583)
    const [first, ...others] = book.asks
    expect(krakenChecksum({ ...book, asks: [['100.10', first?.[1] ?? ''], ...others] })).not.toBe(2004379583)
  })

  it('reads a number in exponent form as the plain one', () => {
    const one = (price: string): BookView => ({ asks: [[price, '1']], bids: [] })
    expect(krakenChecksum(one('1e-7'))).toBe(krakenChecksum(one('0.0000001')))
  })
})

/** Book messages of protocol v1, whose checksum is taken of the same text: `[id, payload, payload?, "book-100", symbol]`. */
function v1Books(records: readonly Recorded[]) {
  return records.flatMap((record) => {
    const message = record.channel === 'book' ? readJson(record.message) : undefined
    if (!Array.isArray(message)) return []
    const depth = Number(/^book-(\d+)$/.exec(String(message.at(-2)))?.[1])
    const payloads = message.slice(1, -2).filter(isFields)
    return [
      { record, depth, symbol: String(message.at(-1)), payload: fields(Object.assign({}, ...payloads), 'payload') },
    ]
  })
}

const recordings = readRecordings('kraken')?.filter(({ kind, api }) => kind === 'recorded' && api === 'kraken-ws-v1')

describe.skipIf(!recordings)('Kraken checksum on recordings (skipped where there are none)', () => {
  it('equals that of the exchange after each of 11,000 recorded changes, so that no digit is lost and the depth is cut', () => {
    const keepers = new Map<string, BookKeeper>()
    let proven = 0
    for (const { record, depth, symbol, payload } of v1Books(recordings ?? [])) {
      const key = `${record.capture} ${record.conn} ${symbol}`
      const shared = { symbol, exchangeTime: undefined }
      const side = (name: string) => (payload[name] === undefined ? [] : levels(payload[name], name))
      if (payload.as !== undefined || payload.bs !== undefined) {
        const keeper = new BookKeeper(kraken.book, depth)
        keepers.set(key, keeper)
        const whole = { bids: side('bs'), asks: side('as'), sequence: undefined, checksum: undefined }
        keeper.snapshot({ kind: 'book_snapshot', ...shared, ...whole })
        continue
      }
      const kept = keepers.get(key)?.delta({
        kind: 'book_delta',
        ...shared,
        bids: side('b'),
        asks: side('a'),
        firstSequence: undefined,
        lastSequence: undefined,
        checksum: Number(payload.c),
      })
      expect(kept, record.place).toMatchObject({ outcome: 'applied', vouched: true })
      proven++
    }
    expect(proven).toBeGreaterThan(11_000)
  })
})
