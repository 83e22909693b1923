import { Deriver } from '../src/capture/deriver.js'
import { subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { expectShortLives } from '../src/lib/short-lived.js'
import { ColumnBuilder } from '../src/store/columns.js'

/**
 * Trades and books of some instruments of one exchange on one lane: the CPU that frames take, and memory. However many instruments there are, the frames are as
 * many, as long, of the same kinds in the same order, and the books equally deep and full before the first; the instruments take turns, which is the worst order for
 * caches. What comes each second and with each commit is counted in. `npm run bench` starts this once for each figure.
 */
const WARM = 150_000
const MEASURED = 150_000
/** Frames of a second: of ten instruments or of a thousand, a worker has so many. */
const PER_SECOND = 10_000
/** As a worker does it, when nothing asks for it earlier. */
const COMMIT_SECONDS = 5
const LEVELS = 500
const START = 1_800_000_000_000
const FIRST_ID = 1_000_000

const [way = '', instruments = ''] = process.argv.slice(2)
const count = Number(instruments)
const symbols = Array.from({ length: count }, (_, at) => `C${String(at).padStart(4, '0')}USDT`)
const encoder = new TextEncoder()
const MS = 1_000_000n
const clocks = (ms: number) => ({ wall: BigInt(START + ms) * MS, mono: BigInt(ms) * MS })

function frameOf(at: number): string {
  const symbol = symbols[at % count] ?? ''
  const turn = Math.floor(at / count)
  const ms = START + 1000 + Math.floor((at * 1000) / PER_SECOND)
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

/** All frames in one block of memory, as they lie in what a socket has read. */
const ends = new Uint32Array(WARM + MEASURED)
const block = Buffer.alloc((WARM + MEASURED) * 220)
for (let at = 0, end = 0; at < ends.length; at++) {
  end += block.write(frameOf(at), end, 'latin1')
  ends[at] = end
}
const frame = (at: number) => block.subarray(at === 0 ? 0 : ends[at - 1], ends[at])

const levels = (from: number, step: number) =>
  Array.from({ length: LEVELS }, (_, at) => [(from + at * step).toFixed(2), '1.50000000'])
const book = JSON.stringify({ lastUpdateId: FIRST_ID, bids: levels(100, -0.01), asks: levels(101, 0.01) })

interface Recorder {
  frame(at: number): void
  /** Each second. */
  tick(ms: number): void
  /** What was recorded goes to another thread. */
  commit(): void
  /** Books that stand. */
  books(): number
}

/** What a capture worker does with a frame, without socket and journal. */
function ours(): Recorder {
  const adapter = exchanges.binance
  if (!adapter) throw new Error('binance is gone')
  const subscriptions = symbols.flatMap((symbol) =>
    [
      { channel: 'trades' as const, symbol },
      { channel: 'book' as const, symbol, depth: 1000 },
    ].map((named) => ({
      id: subscriptionId(named),
      ...named,
      pair: `${symbol.slice(0, -4)}/USDT`,
      time_step: 3600,
      keep: 100,
    })),
  )
  const columns = new ColumnBuilder()
  const deriver = new Deriver(() => adapter, columns)
  const place = new Map<string, number>()
  for (const [at, plan] of adapter.live.plan(subscriptions).entries()) {
    const own = subscriptions.filter(({ id }) => plan.subscriptions.some((each) => each.id === id))
    for (const { symbol } of own) place.set(symbol, at)
    const body = JSON.stringify({ exchange: 'binance', path: plan.path, subscriptions: own })
    deriver.process({ type: 'open', connection: at, ...clocks(0), body })
  }
  const connections = symbols.map((symbol) => place.get(symbol) ?? 0)
  let n = 0
  for (const [at, symbol] of symbols.entries()) {
    const connection = connections[at] ?? 0
    // What comes first asks for the snapshot.
    deriver.process({ type: 'in', connection, n: n++, ...clocks(10), frame: frame(at) })
    const purpose = JSON.stringify({ what: 'snapshot', id: subscriptionId({ channel: 'book', symbol, depth: 1000 }) })
    const body = encoder.encode(book)
    const answer = { asked: clocks(20).wall, ...clocks(20), purpose, url: '', status: 200, body }
    deriver.process({ type: 'rest', connection, n: n++, ...answer })
  }
  return {
    frame(at) {
      const connection = connections[at % count] ?? 0
      const ms = 1000 + Math.floor((at * 1000) / PER_SECOND)
      deriver.process({ type: 'in', connection, n: n++, ...clocks(ms), frame: frame(at) })
    },
    tick: (ms) => deriver.process({ type: 'tick', ...clocks(ms) }),
    commit() {
      deriver.flush()
      columns.take()
    },
    books: () =>
      [...deriver.connections.values()]
        .flatMap(({ subscriptions: all }) => [...all.values()])
        .filter(({ live }) => live).length / 2,
  }
}

/** What a short program would do: parse, keep each book in two maps, and list rows. */
function naive(): Recorder {
  interface Instrument {
    readonly bids: Map<string, string>
    readonly asks: Map<string, string>
    sequence: number
  }
  const parsed = JSON.parse(book) as { bids: [string, string][]; asks: [string, string][] } // made above
  const instruments = new Map<string, Instrument>()
  for (const symbol of symbols)
    instruments.set(symbol, { bids: new Map(parsed.bids), asks: new Map(parsed.asks), sequence: 0 })
  let rows: unknown[] = []
  const change = (side: Map<string, string>, [price, amount]: [string, string]) => {
    if (Number(amount) === 0) side.delete(price)
    else side.set(price, amount)
  }
  return {
    frame(at) {
      const { data } = JSON.parse(frame(at).toString()) // made above
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
    tick() {},
    commit() {
      rows = []
    },
    books: () => instruments.size,
  }
}

if (way !== 'naive') expectShortLives()
const recorder = way === 'naive' ? naive() : ours()
const run = (from: number, until: number) => {
  for (let at = from; at < until; at++) {
    if (at % PER_SECOND === 0) {
      recorder.tick(1000 + (at * 1000) / PER_SECOND)
      if (at % (COMMIT_SECONDS * PER_SECOND) === 0) recorder.commit()
    }
    recorder.frame(at)
  }
}
run(0, WARM)
const before = process.cpuUsage()
run(WARM, WARM + MEASURED)
const { user, system } = process.cpuUsage(before)
if (recorder.books() !== count) throw new Error(`${recorder.books()} of ${count} books stand`)
const result = { trades: MEASURED, cpuSeconds: (user + system) / 1e6, peakMb: process.resourceUsage().maxRSS / 1024 }
process.stdout.write(`${JSON.stringify(result)}\n`)
