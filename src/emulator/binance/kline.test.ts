import { expect, it } from 'vitest'
import { COINS } from '../coins.js'
import { Market } from '../market.js'
import { KlineStream, klineRow } from './kline.js'
import { binanceInstruments } from './listing.js'

const SECOND = 1_000_000_000n
/** The fields of `k` in a push. */
interface Kline {
  readonly t: number
  readonly T: number
  readonly o: string
  readonly h: string
  readonly l: string
  readonly c: string
  readonly v: string
  readonly n: number
  readonly x: boolean
  readonly q: string
  readonly V: string
  readonly Q: string
  readonly B: string
}

const START = 1_790_000_010n * SECOND

it.each([0.05, 30])(
  'each bar is told once as closed, with its final figures, also a bar without trades (rate %d)',
  (rate) => {
    const specs = binanceInstruments(COINS.slice(0, 1))
    const market = new Market(specs, { seed: 'k', rate, stepNs: 1_000_000n, start: START })
    const [instrument] = market.instruments
    if (!instrument) throw new Error('no instrument')
    const stream = new KlineStream(instrument, '1m', START)
    const frames: { E: number; k: Kline }[] = []
    for (let now = START; now < START + 1800n * SECOND; now += SECOND / 2n) {
      market.advance(now, () => {})
      for (const text of stream.due(now)) frames.push(JSON.parse(text))
    }
    const closed = frames.filter(({ k }) => k.x === true)
    expect(closed.length).toBeGreaterThan(15)
    for (const [i, { E, k }] of closed.entries()) {
      if (i > 0) expect(k.t).toBe(Number(closed[i - 1]?.k.t) + 60_000)
      expect(E).toBeGreaterThan(Number(k.T))
      const candle = instrument.candles.at('1m', BigInt(Number(k.t)) * 1_000_000n)
      if (!candle) throw new Error('no such bar')
      const row = [k.t, k.o, k.h, k.l, k.c, k.v, k.T, k.q, k.n, k.V, k.Q, k.B]
      expect(row).toEqual(klineRow(instrument, candle))
    }
    expect(closed.some(({ k }) => k.n === 0)).toBe(rate < 1)
    const lastClosed = frames.findLastIndex(({ k }) => k.x === true)
    for (const { k } of frames.slice(lastClosed + 1)) expect(k.t).toBe(Number(closed.at(-1)?.k.t) + 60_000)
  },
)
