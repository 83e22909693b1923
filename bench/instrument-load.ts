/** What benchmarks of many instruments receive: trades and changes of deep books in the protocol of one exchange, and a naive program that takes them. */

/** Frames of a second: of ten instruments or of a thousand, a worker has so many. */
export const PER_SECOND = 10_000
const LEVELS = 500
const FIRST_ID = 1_000_000

export const symbolsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => `C${String(at).padStart(4, '0')}USDT`)

/** The instruments take turns, which is the worst order for caches; `start` in milliseconds. */
export function frameOf(symbols: readonly string[], at: number, start: number): string {
  const count = symbols.length
  const symbol = symbols[at % count] ?? ''
  const turn = Math.floor(at / count)
  const ms = start + 1000 + Math.floor((at * 1000) / PER_SECOND)
  const id = FIRST_ID + (turn >> 1)
  const stream = (name: string, data: unknown) => JSON.stringify({ stream: `${symbol.toLowerCase()}@${name}`, data })
  if (turn % 2)
    return stream('trade', {
      e: 'trade',
      E: ms,
      s: symbol,
      t: id,
      p: '100.50',
      q: '1.50000000',
      T: ms,
      m: true,
      M: true,
    })
  const cents = (id % 50) / 100
  return stream('depth@100ms', {
    e: 'depthUpdate',
    E: ms,
    s: symbol,
    U: id + 1,
    u: id + 1,
    b: [[(100 - cents).toFixed(2), `${(id % 9) + 1}.00000000`]],
    a: [[(101 + cents).toFixed(2), `${(id % 9) + 1}.00000000`]],
  })
}

const levels = (from: number, step: number) =>
  Array.from({ length: LEVELS }, (_, at) => [(from + at * step).toFixed(2), '1.50000000'])
/** The whole book that each instrument begins with. */
export const BOOK = JSON.stringify({ lastUpdateId: FIRST_ID, bids: levels(100, -0.01), asks: levels(101, 0.01) })

/** What a short program would do: parse, keep each book in two maps, and list rows. */
export function naive(symbols: readonly string[]) {
  interface Instrument {
    readonly bids: Map<string, string>
    readonly asks: Map<string, string>
    sequence: number
  }
  const parsed = JSON.parse(BOOK) as { bids: [string, string][]; asks: [string, string][] } // made above
  const instruments = new Map<string, Instrument>()
  for (const symbol of symbols)
    instruments.set(symbol, { bids: new Map(parsed.bids), asks: new Map(parsed.asks), sequence: 0 })
  let rows: unknown[] = []
  const change = (side: Map<string, string>, [price, amount]: [string, string]) => {
    if (Number(amount) === 0) side.delete(price)
    else side.set(price, amount)
  }
  return {
    frame(frame: Buffer) {
      const { data } = JSON.parse(frame.toString()) // made above
      const instrument = instruments.get(data.s)
      if (!instrument) return
      if (data.e === 'trade') {
        rows.push({ symbol: data.s, time: data.T, id: data.t, price: Number(data.p), amount: Number(data.q) })
        return
      }
      instrument.sequence = data.u
      for (const level of data.b) change(instrument.bids, level)
      for (const level of data.a) change(instrument.asks, level)
      for (const [side, changed] of [
        ['bid', data.b],
        ['ask', data.a],
      ])
        for (const [price, amount] of changed)
          rows.push({ symbol: data.s, time: data.E, id: data.u, side, price: Number(price), amount: Number(amount) })
    },
    commit() {
      rows = []
    },
    books: () => instruments.size,
  }
}
