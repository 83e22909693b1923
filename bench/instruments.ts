import { Deriver } from '../src/capture/deriver.js'
import { subscriptionId } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import type { JournalRecord } from '../src/model/record.js'
import { ColumnBuilder } from '../src/store/columns.js'
import { type Figure, figure } from './figure.js'

const FRAMES = 120_000
/** So many are made at once: frames do not pile up before they are derived. */
const AT_ONCE = 100
const ROUNDS = 3
const LEVELS = 500
const START = 1_800_000_000_000_000_000n

/** A lane that derives trades and books of `count` instruments of one exchange: nanoseconds of CPU a frame, and bytes of memory in the end. */
function derive(count: number): { readonly perFrame: number; readonly bytes: number } {
  const adapter = exchanges.binance
  if (!adapter) throw new Error('binance is gone')
  const symbols = Array.from({ length: count }, (_, at) => `C${at}USDT`)
  const wanted = symbols.flatMap((symbol) => [
    { channel: 'trades' as const, symbol },
    { channel: 'book' as const, symbol, depth: 1000 },
  ])
  const subscriptions = wanted.map((named) => ({
    id: subscriptionId(named),
    ...named,
    pair: `${named.symbol.slice(0, -4)}/USDT`,
    time_step: 60,
    keep: 100,
  }))
  let columns = new ColumnBuilder()
  const deriver = new Deriver(() => adapter, {
    row: (kind, dataset, row) => columns.row(kind, dataset, row),
    fact: (fact) => columns.fact(fact),
  })
  const clocks = (ms: number) => ({ wall: START + BigInt(ms) * 1_000_000n, mono: BigInt(ms) * 1_000_000n })
  const text = new TextEncoder()
  const levels = (from: number, step: number) =>
    Array.from({ length: LEVELS }, (_, at) => [(from + at * step).toFixed(2), '1.50000000'])
  const plans = adapter.live.plan(subscriptions)
  const place = new Map<string, number>()
  for (const [at, plan] of plans.entries()) {
    const own = subscriptions.filter(({ id }) => plan.subscriptions.some((each) => each.id === id))
    for (const { symbol } of own) place.set(symbol, at + 1)
    const body = JSON.stringify({ exchange: 'binance', path: plan.path, subscriptions: own })
    deriver.process({ type: 'open', connection: at + 1, ...clocks(0), body })
  }
  const n = new Map<number, number>()
  const next = (connection: number) => {
    const value = n.get(connection) ?? 0
    n.set(connection, value + 1)
    return value
  }
  const stream = (ms: number, name: string, symbol: string, data: unknown): JournalRecord => {
    const connection = place.get(symbol) ?? 1
    const frame = text.encode(JSON.stringify({ stream: `${symbol.toLowerCase()}@${name}`, data }))
    return { type: 'in', connection, n: next(connection), ...clocks(ms), frame }
  }
  const times = (ms: number) => 1_800_000_000_000 + ms
  const change = (ms: number, symbol: string, id: number) =>
    stream(ms, 'depth@100ms', symbol, {
      e: 'depthUpdate',
      E: times(ms),
      s: symbol,
      U: id,
      u: id,
      b: [[(100 - (id % 50) / 100).toFixed(2), `${(id % 9) + 1}.00000000`]],
      a: [[(101 + (id % 50) / 100).toFixed(2), `${(id % 9) + 1}.00000000`]],
    })
  for (const symbol of symbols) {
    deriver.process(change(10, symbol, 1))
    const connection = place.get(symbol) ?? 1
    const id = subscriptionId({ channel: 'book', symbol, depth: 1000 })
    const body = text.encode(JSON.stringify({ lastUpdateId: 1, bids: levels(100, -0.01), asks: levels(101, 0.01) }))
    const answer = {
      asked: clocks(20).wall,
      ...clocks(20),
      purpose: JSON.stringify({ what: 'snapshot', id }),
      url: '',
      status: 200,
      body,
    }
    deriver.process({ type: 'rest', connection, n: next(connection), ...answer })
  }
  const ids = new Map<string, number>()
  const changes = new Map<string, number>()
  const following = (symbol: string) => {
    const id = (changes.get(symbol) ?? 1) + 1
    changes.set(symbol, id)
    return id
  }
  const batch = (from: number): JournalRecord[] =>
    Array.from({ length: AT_ONCE }, (_, at) => {
      const symbol = symbols[(from + at) % count] ?? ''
      const id = (ids.get(symbol) ?? 1) + 1
      ids.set(symbol, id)
      const ms = 1000 + (from + at) / 10
      return id % 2
        ? stream(Math.round(ms), 'trade', symbol, {
            e: 'trade',
            E: times(Math.round(ms)),
            s: symbol,
            t: (id - 1) / 2,
            p: '100.50',
            q: '1.5',
            T: times(Math.round(ms)),
            m: true,
            M: true,
          })
        : change(Math.round(ms), symbol, following(symbol))
    })
  let micros = 0
  for (let from = 0; from < FRAMES; from += AT_ONCE) {
    const records = batch(from)
    const before = process.cpuUsage()
    for (const record of records) deriver.process(record)
    const { user, system } = process.cpuUsage(before)
    // The first part warms up.
    if (from >= FRAMES / 10) micros += user + system
    if (from === FRAMES / 2) columns = new ColumnBuilder()
  }
  const books = [...deriver.connections.values()].flatMap(({ subscriptions: all }) => [...all.values()])
  if (books.filter(({ live }) => live).length !== subscriptions.length) throw new Error('not every stream is live')
  return { perFrame: (micros * 1000) / (FRAMES * 0.9), bytes: process.memoryUsage().rss }
}

/** What a frame costs with a thousand instruments on a worker beside ten of them, and the memory that it takes. */
export function benchInstruments(): Figure[] {
  derive(10)
  const rounds = Array.from({ length: ROUNDS }, () => ({ few: derive(10), many: derive(1000) }))
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
  const few = median(rounds.map((round) => round.few.perFrame))
  const many = median(rounds.map((round) => round.many.perFrame))
  const bytes = Math.max(...rounds.map((round) => round.many.bytes))
  return [
    figure('frames/s of 1,000 instruments on one worker vs 10', '1/s', 1e9 / many, 1e9 / few),
    figure('memory with 1,000 books of 1,000 levels, below 600 MiB', 'MiB', 600, bytes / 1024 ** 2),
  ]
}
