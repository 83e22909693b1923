import { join } from 'node:path'
import { serveJournal } from '../src/journal/journal-thread.js'
import { systemClock } from '../src/lib/clock.js'
import { type Nanos, SECOND } from '../src/model/time.js'
import { Store } from '../src/store/store.js'

const PAIRS = ['BTC', 'ETH', 'SOL', 'XRP'] as const
const TRADES_A_SECOND = 12
const BOOKS_A_SECOND = 10
const LEVELS = 12
/** Frames that wait for the disk while the journal is made. */
const AHEAD = 32 * 1024 * 1024

/**
 * A data folder whose process was killed with `bytes` of journal that no commit had reached yet: one connection of Binance with trades and books of some pairs, as
 * they are sent.
 */
export async function makeLongJournal(dataPath: string, bytes: number, start: Nanos): Promise<void> {
  const clock = systemClock()
  const store = await Store.open({ dataPath, clock })
  const number = await store.allocateLane()
  await store.close()
  const journal = await serveJournal({ dir: join(dataPath, '.dccd', 'journal'), clock })
  const lane = journal.lane(number)
  const text = new TextEncoder()
  const subscriptions = PAIRS.flatMap((base) => [
    {
      id: `trades ${base}USDT`,
      channel: 'trades',
      symbol: `${base}USDT`,
      pair: `${base}/USDT`,
      time_step: 60,
      keep: 100,
    },
    {
      id: `book ${base}USDT 1000`,
      channel: 'book',
      symbol: `${base}USDT`,
      pair: `${base}/USDT`,
      depth: 1000,
      time_step: 60,
      keep: 100,
    },
  ])
  const body = JSON.stringify({ exchange: 'binance', path: '/stream', subscriptions })
  lane.append({ type: 'open', connection: 1, wall: start, mono: 0n, body })
  let n = 0
  let size = 0
  const times = { wall: start, mono: 0n }
  const frame = (stream: string, data: object) => {
    const bytes = text.encode(JSON.stringify({ stream, data }))
    lane.append({ type: 'in', connection: 1, n: n++, ...times, frame: bytes })
    size += bytes.length
  }
  for (const base of PAIRS) {
    const side = (from: number, step: number) =>
      Array.from({ length: 1000 }, (_, level) => [(from + level * step).toFixed(8), '1.50000000'])
    const snapshot = { lastUpdateId: 1000, bids: side(50_000, -0.01), asks: side(50_000.01, 0.01) }
    lane.append({
      ...{ type: 'rest', connection: 1, n: n++, asked: start, ...times, url: '/', status: 200 },
      purpose: JSON.stringify({ what: 'snapshot', id: `book ${base}USDT 1000` }),
      body: text.encode(JSON.stringify(snapshot)),
    })
  }
  let last = -1
  for (let second = 0; size < bytes; second++) {
    const ms = Number(start / 1_000_000n) + second * 1000
    for (let part = 0; part < BOOKS_A_SECOND; part++) {
      times.wall = start + BigInt(second) * SECOND + BigInt(part) * 100_000_000n
      times.mono = times.wall - start
      const E = ms + part * 100
      for (const base of PAIRS) {
        const at = second * BOOKS_A_SECOND + part
        const levels = (from: number, step: number) =>
          Array.from({ length: LEVELS }, (_, i) => [
            (from + step * ((at * 7 + i * 13) % 900)).toFixed(8),
            (((at * 31 + i * 17) % 1000) / 100 + 0.01).toFixed(8),
          ])
        const s = `${base}USDT`
        const u = 1000 + (at + 1) * 5
        const book = { e: 'depthUpdate', E, s, U: u - 4, u, b: levels(50_000, -0.01), a: levels(50_000.01, 0.01) }
        frame(`${s.toLowerCase()}@depth@100ms`, book)
        if (part >= TRADES_A_SECOND / 4) continue
        for (let i = 0; i < 4; i++) {
          const t = second * TRADES_A_SECOND + part * 4 + i
          const price = (50_000 + (t % 97) / 100).toFixed(8)
          frame(`${s.toLowerCase()}@trade`, {
            e: 'trade',
            E,
            s,
            t,
            p: price,
            q: '0.01000000',
            T: E,
            m: t % 2 === 0,
            M: true,
          })
        }
      }
    }
    last = lane.append({ type: 'tick', ...times })
    if (lane.pendingBytes > AHEAD) await lane.whenDurable(last)
  }
  await lane.whenDurable(last)
  await journal.close()
}
