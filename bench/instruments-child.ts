import { Deriver } from '../src/capture/deriver.js'
import { subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { expectShortLives } from '../src/lib/short-lived.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { BOOK, frameOf, naive, PER_SECOND, symbolsOf } from './instrument-load.js'

/**
 * Trades and books of some instruments of one exchange on one lane: the CPU that frames take, and memory. However many instruments there are, the frames are as
 * many, as long, of the same kinds in the same order, and the books equally deep and full before the first; the instruments take turns, which is the worst order for
 * caches. What comes each second and with each commit is counted in. `npm run bench` starts this once for each figure.
 */
const WARM = 150_000
const MEASURED = 150_000
/** As a worker does it, when nothing asks for it earlier. */
const COMMIT_SECONDS = 5
const START = 1_800_000_000_000

const [way = '', instruments = ''] = process.argv.slice(2)
const count = Number(instruments)
const symbols = symbolsOf(count)
const encoder = new TextEncoder()
const MS = 1_000_000n
const clocks = (ms: number) => ({ wall: BigInt(START + ms) * MS, mono: BigInt(ms) * MS })

/** All frames in one block of memory, as they lie in what a socket has read. */
const ends = new Uint32Array(WARM + MEASURED)
const block = Buffer.alloc((WARM + MEASURED) * 220)
for (let at = 0, end = 0; at < ends.length; at++) {
  end += block.write(frameOf(symbols, at, START), end, 'latin1')
  ends[at] = end
}
const frame = (at: number) => block.subarray(at === 0 ? 0 : ends[at - 1], ends[at])

interface Recorder {
  frame(frame: Buffer, at: number): void
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
    const body = encoder.encode(BOOK)
    const answer = { asked: clocks(20).wall, ...clocks(20), purpose, url: '', status: 200, body }
    deriver.process({ type: 'rest', connection, n: n++, ...answer })
  }
  return {
    frame(received, at) {
      const connection = connections[at % count] ?? 0
      const ms = 1000 + Math.floor((at * 1000) / PER_SECOND)
      deriver.process({ type: 'in', connection, n: n++, ...clocks(ms), frame: received })
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

if (way !== 'naive') expectShortLives()
const recorder = way === 'naive' ? { ...naive(symbols), tick() {} } : ours()
const run = (from: number, until: number) => {
  for (let at = from; at < until; at++) {
    if (at % PER_SECOND === 0) {
      recorder.tick(1000 + (at * 1000) / PER_SECOND)
      if (at % (COMMIT_SECONDS * PER_SECOND) === 0) recorder.commit()
    }
    recorder.frame(frame(at), at)
  }
}
run(0, WARM)
const before = process.cpuUsage()
run(WARM, WARM + MEASURED)
const { user, system } = process.cpuUsage(before)
if (recorder.books() !== count) throw new Error(`${recorder.books()} of ${count} books stand`)
const result = { trades: MEASURED, cpuSeconds: (user + system) / 1e6, peakMb: process.resourceUsage().maxRSS / 1024 }
process.stdout.write(`${JSON.stringify(result)}\n`)
