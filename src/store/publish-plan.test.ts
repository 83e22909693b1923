import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Dataset, datasetKey, type Kind } from '../model/dataset.js'
import { DAY, type Nanos, SECOND } from '../model/time.js'
import type { PartState, Piece } from './catalog.js'
import { isSlot, type Part, partOfTime, partStart, slotsOf } from './partition.js'
import { publishPlan } from './publish-plan.js'

const MINUTE = 60n * SECOND
/** 2026-11-23T00:00:00Z */
const MIDNIGHT = 20_780n * DAY
const TRADES: Dataset = { exchange: 'binance', kind: 'trades', pair: 'BTC/USDT' }
const DAY_PART = 20_780

function piece(part: Part, rows: number, published: Nanos, bytes = rows * 12): Piece {
  const names = { hash: '', visible: '', link: '' }
  return { dataset: 1, part, generation: 1, rows, bytes, published, ...names }
}

const segment = (rows: number) => ({ id: 1, path: '', rows, hash: '' })
const plan = (parts: readonly PartState[], now: Nanos, writtenBytes = 0) =>
  publishPlan(
    {
      names: new Map([[1, datasetKey(TRADES)]]),
      parts,
      segments: [{ id: 1, kind: 'trades', path: '', rows: 1000, bytes: 12_000, hash: '' }],
      writtenBytes,
    },
    { now },
  ).map(({ state, split }) => ({ part: state.part, split }))

describe('what is published when', () => {
  const noon = MIDNIGHT + DAY / 2n
  const grown = (rows: number, published = noon - 12n * MINUTE): PartState => ({
    dataset: 1,
    part: DAY_PART,
    piece: piece(DAY_PART, rows, published),
    segments: [segment(100)],
  })

  it('a growing file once in each twelve minutes of the clock, so that its hour is written five times', () => {
    expect(plan([grown(1000, noon - 1n)], noon)).toHaveLength(1)
    expect(plan([grown(1000, noon)], noon + 12n * MINUTE - 1n)).toEqual([])
  })

  it('nothing where nothing waits', () => {
    expect(plan([{ ...grown(1000), segments: [] }], noon)).toEqual([])
  })

  it('a partition of many rows is split; one of few is when the bytes that may be written are spent, or waits', () => {
    expect(plan([grown(19_000)], noon)).toEqual([{ part: DAY_PART, split: false }])
    expect(plan([grown(20_000)], noon)).toEqual([{ part: DAY_PART, split: true }])
    expect(plan([grown(1500)], noon, 1e9)).toEqual([{ part: DAY_PART, split: true }])
    expect(plan([grown(1300)], noon, 1e9)).toEqual([])
  })

  it('a dataset without a file, and an ended partition, whatever was written', () => {
    expect(plan([{ ...grown(0), piece: undefined }], noon, 1e12)).toHaveLength(1)
    const due = [{ part: DAY_PART, split: false }]
    expect(plan([grown(1000, MIDNIGHT + DAY - 12n * MINUTE)], MIDNIGHT + DAY, 1e12)).toEqual(due)
    const ended = grown(1000, MIDNIGHT + DAY - 10n * MINUTE)
    expect(plan([ended], MIDNIGHT + DAY + 5n * MINUTE, 1e12)).toEqual(due)
  })

  it('the stalest first, while the bytes last', () => {
    const [stale, fresh] = [grown(1000, noon - 60n * MINUTE), { ...grown(1000, noon - 13n * MINUTE), dataset: 2 }]
    const names = new Map([1, 2].map((id) => [id, datasetKey(TRADES)]))
    const segments = [{ id: 1, kind: 'trades' as const, path: '', rows: 1000, bytes: 12_000, hash: '' }]
    // Two files of 13,200 bytes stand or wait and are written once more: 4.9 times that, less what was written, is left.
    const planned = publishPlan({ names, parts: [fresh, stale], segments, writtenBytes: 87_000 }, { now: noon })
    expect(planned.map(({ state }) => state.dataset)).toEqual([1])
  })

  it('of files equally old the small ones first: a quiet pair does not wait for a large one', () => {
    const [large, quiet] = [grown(1300), { ...grown(100), dataset: 2 }]
    const names = new Map([1, 2].map((id) => [id, datasetKey(TRADES)]))
    const segments = [{ id: 1, kind: 'trades' as const, path: '', rows: 1000, bytes: 12_000, hash: '' }]
    const planned = publishPlan({ names, parts: [large, quiet], segments, writtenBytes: 70_000 }, { now: noon })
    expect(planned.map(({ state }) => state.dataset)).toEqual([2])
  })

  it('an hour with few rows, which costs more in files than it holds, only while the bytes last', () => {
    const hour = slotsOf('trades', DAY_PART).first + 12
    const slot = (rows: number) => ({ ...grown(0), part: hour, piece: piece(hour, rows, noon) })
    expect(plan([slot(0)], noon + 12n * MINUTE, 1e9)).toHaveLength(1)
    expect(plan([{ ...slot(10), segments: [segment(10)] }], noon + 24n * MINUTE, 1e9)).toEqual([])
  })
})

/** What a Parquet file takes beside its rows. */
const FOOTER = 1800

/** A daemon that commits each four minutes, without its files: rows arrive at a steady pace. */
class Simulation {
  written = 0
  worstLag = 0n
  private readonly parts = new Map<string, PartState>()
  private readonly names = new Map<number, string>()
  private readonly splits = new Map<string, Part>()
  private ticks = 0
  private readonly perMinute: readonly number[]
  private readonly kind: Kind

  constructor(perMinute: readonly number[], kind: Kind) {
    this.perMinute = perMinute
    this.kind = kind
    for (const at of perMinute.keys())
      this.names.set(
        at,
        datasetKey({ exchange: 'binance', kind, pair: `A${at}/USDT`, ...(kind === 'ohlc' ? { interval: '1m' } : {}) }),
      )
  }

  /** Rows of four minutes are committed; what is due is published. */
  tick(now: Nanos): void {
    const time = now - 4n * MINUTE
    const whole = partOfTime(this.kind, time)
    let bytes = 0
    const tick = this.ticks++
    for (const [dataset, rate] of this.perMinute.entries()) {
      const rows = Math.floor(rate * 4 * (tick + 1)) - Math.floor(rate * 4 * tick)
      if (rows === 0) continue
      const slot = this.slotOf(time)
      const part = slot >= (this.splits.get(`${dataset} ${whole}`) ?? Number.POSITIVE_INFINITY) ? slot : whole
      const state = this.parts.get(`${dataset} ${part}`) ?? { dataset, part, piece: undefined, segments: [] }
      this.parts.set(`${dataset} ${part}`, { ...state, segments: [...state.segments, segment(rows)] })
      bytes += rows * 12
    }
    this.written += bytes
    const parts = [...this.parts.values()]
    const rows = parts.flatMap(({ segments }) => segments).reduce((sum, each) => sum + each.rows, 0)
    const segments = [{ id: 1, kind: this.kind, path: '', rows, bytes: rows * 12, hash: '' }]
    for (const { state, split } of publishPlan(
      { names: this.names, parts, segments, writtenBytes: this.written },
      { now },
    )) {
      const { dataset, part } = state
      const all = (state.piece?.rows ?? 0) + state.segments.reduce((sum, each) => sum + each.rows, 0)
      const bytes = FOOTER + all * 12
      const made = { ...piece(part, all, now, bytes), dataset }
      this.parts.set(`${dataset} ${part}`, { ...state, piece: made, segments: [] })
      this.written += bytes
      if (!split) continue
      const key = `${dataset} ${part}`
      // As in the catalog: what is split stays so.
      if (!isSlot(part) && !this.splits.has(key)) this.splits.set(key, this.slotOf(time) + 1)
      this.splits.set(`${dataset} ${whole + 1}`, slotsOf(this.kind, whole + 1).first)
    }
    for (const { piece, segments } of this.parts.values())
      if (segments.length > 0 && piece) {
        const lag = now - piece.published
        if (lag > this.worstLag) this.worstLag = lag
      }
  }

  private slotOf(time: Nanos): Part {
    const whole = partOfTime(this.kind, time)
    const length = this.kind === 'ohlc' ? DAY : 60n * MINUTE
    return slotsOf(this.kind, whole).first + Number((time - partStart(this.kind, whole)) / length)
  }

  get files(): number {
    return this.parts.size
  }

  get amplification(): number {
    return this.written / [...this.parts.values()].reduce((sum, { piece }) => sum + (piece?.bytes ?? 0), 0)
  }
}

/** From ten in the evening to the end of the next day, or some days, and its last files. */
function simulate(perMinute: readonly number[], kind: Kind = 'trades', days = 1n): Simulation {
  const run = new Simulation(perMinute, kind)
  const end = MIDNIGHT + days * DAY
  for (let now = MIDNIGHT - 2n * 60n * MINUTE + 4n * MINUTE; now <= end; now += 4n * MINUTE) run.tick(now)
  const { worstLag } = run
  for (const minutes of [6n, 12n]) run.tick(end + minutes * MINUTE)
  run.worstLag = worstLag
  return run
}

describe('a day of recording', () => {
  it('at ordinary rates: readers from outside are less than 15 minutes behind, five bytes at most are written for one that stands', () => {
    // Per minute: changes of books, quotes and trades of large and small pairs, candles.
    // The last but two: four pairs of which the quietest has 800 trades a day, with changes of the book, its snapshots and quotes.
    const pairs = [2778, 694, 69, 14, 555, 139, 28, 3.5, 347, 69, 14, 0.55, 40, 40, 40, 40]
    for (const rates of [[60_000, 7000, 2000, 200, 1], [3000, 300, 30, 10, 1], pairs, [100], [30]]) {
      const run = simulate(rates)
      expect(run.amplification, String(rates)).toBeLessThanOrEqual(5)
      expect(run.worstLag, String(rates)).toBeLessThanOrEqual(15n * MINUTE)
    }
  })

  it('at any rates: never more than five bytes for one, never more than a file an hour', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 8 }), (rates) => {
        const run = simulate(rates)
        expect(run.amplification).toBeLessThanOrEqual(5)
        expect(run.files).toBeLessThanOrEqual(rates.length * 29)
      }),
      // A single quiet pair: the footers of its small files took it beyond the five.
      { numRuns: 30, examples: [[[8]]] },
    )
  })

  it('of candles, whose files are those of a year and of its days: neither', () => {
    for (const rates of [[1], [1, 1, 1], [60]]) {
      const run = simulate(rates, 'ohlc', 6n)
      expect(run.amplification, String(rates)).toBeLessThanOrEqual(5)
      expect(run.files).toBeLessThanOrEqual(rates.length * 8)
    }
  })
})
