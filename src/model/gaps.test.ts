import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErrorCode } from './error.js'
import { coverage, type Gap, gaps } from './gaps.js'
import type { Held, LedgerBreak, Proof, Wanted } from './ledger.js'
import { SECOND } from './time.js'

const DATASET = 'binance trades BTC/USDT'

/** Seconds after 10:05:00 as nanoseconds. */
const at = (seconds: number) => BigInt(Math.round(seconds * 10)) * (SECOND / 10n)

function held(from: number, until: number, more: Partial<Held> = {}): Held {
  return {
    dataset: DATASET,
    run: at(from),
    from: at(from),
    until: at(until),
    proof: 'observed',
    before: null,
    last: null,
    ...more,
  }
}
const wanted = (from = -60, until: number | null = null): Wanted => ({
  dataset: DATASET,
  from: at(from),
  until: until === null ? null : at(until),
})
const broken = (seconds: number, code: ErrorCode = 'CONNECTION_LOST'): LedgerBreak => ({
  dataset: DATASET,
  at: at(seconds),
  code,
  detail: code,
})
const lost = (from: number, until: number, code: ErrorCode = 'CONNECTION_LOST', missing?: bigint): Gap => ({
  dataset: DATASET,
  from: at(from),
  until: at(until),
  code,
  detail: code,
  ...(missing === undefined ? {} : { missing }),
})

describe('the examples of the ledger', () => {
  it('a dataset with a hundred thousand gaps is looked through at once: the thread that stores waits for it', () => {
    const many = Array.from({ length: 100_000 }, (_, n) =>
      held(n, n + 0.9, { before: BigInt(n * 10), last: BigInt(n * 10 + 8) }),
    )
    const breaks = many.map(({ until }) => ({ ...broken(0), at: until }))
    const known = { dataset: DATASET, from: at(0), until: at(50_000), code: 'HISTORY_INCOMPLETE' as const, detail: '' }
    const found = gaps({ held: many, wanted: [wanted(0)], breaks, lost: [known] })
    expect(found).toHaveLength(99_999)
    expect(found.filter((gap) => gap.lost)).toHaveLength(50_000)
    expect(found.every(({ code, missing }) => code === 'CONNECTION_LOST' && missing === 2n)).toBe(true)
  })

  it('trades with consecutive ids on both sides of a cut: observed throughout', () => {
    const stretches = [held(-60, 0, { before: 100n, last: 250n }), held(9, 60, { before: 250n, last: 300n })]
    expect(gaps({ wanted: [wanted()], held: stretches, breaks: [broken(2)] })).toEqual([])
    expect(coverage(stretches)).toEqual([{ from: at(-60), until: at(60), proof: 'observed' }])
  })

  it('trades with missing ids: lost between the two trades, with their number', () => {
    const stretches = [held(-60, 0, { before: 100n, last: 250n }), held(9, 60, { before: 253n, last: 300n })]
    expect(gaps({ wanted: [wanted()], held: stretches, breaks: [broken(2)] })).toEqual([
      lost(0, 9, 'CONNECTION_LOST', 3n),
    ])
  })

  it('a page with the missing ids turns the gap into backfilled', () => {
    const page = held(1, 8, { before: 250n, last: 253n, proof: 'backfilled' })
    const stretches = [held(-60, 0, { before: 100n, last: 250n }), page, held(9, 60, { before: 253n, last: 300n })]
    expect(gaps({ wanted: [wanted()], held: stretches, breaks: [broken(2)] })).toEqual([])
    expect(coverage(stretches).map(({ proof }) => proof)).toEqual(['observed', 'backfilled', 'observed'])
  })

  it('trades without a counter: lost from the last proof to the confirmation; a page covers it', () => {
    const stretches = [held(-60, 0.5, { proof: 'unverifiable' }), held(8, 60, { proof: 'unverifiable' })]
    const ledger = { wanted: [wanted()], breaks: [broken(2)] }
    expect(gaps({ ...ledger, held: stretches })).toEqual([lost(0.5, 8)])
    expect(gaps({ ...ledger, held: [...stretches, held(0, 9, { proof: 'backfilled' })] })).toEqual([])
  })

  it('a book that comes back with another counter is lost, with the same one observed throughout', () => {
    const before = held(-60, 1.9, { last: 900n })
    const ledger = { wanted: [wanted()], breaks: [broken(2)] }
    expect(gaps({ ...ledger, held: [before, held(8, 60, { before: 940n, last: 990n })] })).toEqual([
      lost(1.9, 8, 'CONNECTION_LOST', 40n),
    ])
    expect(gaps({ ...ledger, held: [before, held(8, 60, { before: 900n, last: 990n })] })).toEqual([])
  })

  it('a wrong checksum costs the time since the last right one, not since the discovery', () => {
    const stretches = [held(-60, 59.8), held(60.6, 120)]
    expect(gaps({ wanted: [wanted()], held: stretches, breaks: [broken(60, 'CHECKSUM_MISMATCH')] })).toEqual([
      lost(59.8, 60.6, 'CHECKSUM_MISMATCH'),
    ])
  })

  it('a book that differs from its timed snapshot is lost since the last equal one', () => {
    const stretches = [held(-60, 10, { proof: 'unverifiable' }), held(40, 60, { proof: 'unverifiable' })]
    expect(gaps({ wanted: [wanted()], held: stretches, breaks: [broken(40, 'BOOK_DIVERGED')] })).toEqual([
      lost(10, 40, 'BOOK_DIVERGED'),
    ])
  })

  it('a quiet pair is pending until its next proof, and pending is no gap', () => {
    const quiet = [held(-60, 0, { last: 5n })]
    expect(gaps({ wanted: [wanted()], held: quiet, breaks: [broken(2)], until: at(3600) })).toEqual([])
    expect(
      gaps({ wanted: [wanted()], held: [...quiet, held(3600, 3601, { before: 5n })], breaks: [broken(2)] }),
    ).toEqual([])
  })

  it('unsubscribed time is not a gap', () => {
    const ledger = { held: [held(0, 10), held(100, 110)], breaks: [broken(10, 'UNSUBSCRIBED')] }
    expect(gaps({ ...ledger, wanted: [wanted(0, 10), wanted(100)] })).toEqual([])
  })

  it.each(['PROCESS_STOPPED', 'PROCESS_CRASHED'] as const)('%s is lost until it runs again', (code) => {
    const ledger = { held: [held(0, 10), held(100, 110)], wanted: [wanted(0)] }
    expect(gaps({ ...ledger, breaks: [broken(11, code), broken(200)] })).toEqual([lost(10, 100, code)])
  })

  it('a refused subscription is lost since it was wanted', () => {
    const ledger = { held: [], wanted: [wanted(0)], breaks: [broken(1, 'SUBSCRIBE_REJECTED')] }
    expect(gaps({ ...ledger, until: at(50) })).toEqual([lost(0, 50, 'SUBSCRIBE_REJECTED')])
    expect(gaps(ledger)).toEqual([lost(0, 1, 'SUBSCRIBE_REJECTED')])
  })

  it('names a cause even where none was recorded', () => {
    const found = gaps({ held: [held(10, 20), held(30, 40)], wanted: [wanted(0)], breaks: [broken(5000)] })
    expect(found.map(({ from, code }) => [from, code])).toEqual([
      [at(0), 'CONNECT_FAILED'],
      [at(20), 'CONNECTION_LOST'],
    ])
  })

  it('keeps datasets apart', () => {
    const other = { ...held(0, 100), dataset: 'kraken trades BTC/USD' }
    expect(gaps({ held: [held(0, 10), held(20, 30), other], wanted: [wanted(0)], breaks: [] })).toHaveLength(1)
  })
})

describe('laws', () => {
  const proof = fc.constantFrom<Proof>('observed', 'backfilled', 'unverifiable')
  const counter = fc.option(fc.bigInt({ min: 0n, max: 6n }), { nil: null })
  const stretch = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }), proof, counter, counter)
    .map(([from, length, proof, before, last]) => held(from, from + length, { proof, before, last }))
  const stretches = fc.array(stretch, { maxLength: 8 })
  const plain = fc.array(
    stretch.map((each) => ({ ...each, before: null, last: null })),
    { maxLength: 8 },
  )
  const wishes = fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 30 }), fc.boolean())
      .map(([from, length, open]) => wanted(from, open ? null : from + length)),
    { maxLength: 4 },
  )
  const breaks = fc.array(
    fc.integer({ min: 0, max: 90 }).map((seconds) => broken(seconds)),
    { maxLength: 3 },
  )

  it('gaps never touch what is held, lie in what was wanted, and always have a cause', () => {
    fc.assert(
      fc.property(stretches, wishes, breaks, (held, wanted, breaks) => {
        const covered = coverage(held)
        for (const gap of gaps({ held, wanted, breaks })) {
          expect(gap.from < gap.until).toBe(true)
          expect(gap.detail).not.toBe('')
          expect(covered.some(({ from, until }) => from < gap.until && until > gap.from)).toBe(false)
          for (const time of [gap.from, gap.until - 1n]) {
            expect(wanted.some(({ from, until }) => from <= time && (until === null || time < until))).toBe(true)
          }
        }
      }),
    )
  })

  /** An open wish makes what touches it open as well: here there is one, or there are only ended ones. */
  const unmixed = wishes.map((list) =>
    list[0]?.until === null ? [list[0]] : list.filter(({ until }) => until !== null),
  )

  it('every wanted instant before the last proof is either held or in a gap', () => {
    fc.assert(
      fc.property(stretches, unmixed, fc.integer({ min: 0, max: 100 }), (held, wanted, seconds) => {
        const time = at(seconds)
        const last = held.reduce((latest, { until }) => (until > latest ? until : latest), -1n)
        const isWanted = wanted.some(({ from, until }) => from <= time && (until === null ? time < last : time < until))
        const isHeld = coverage(held).some(({ from, until }) => from <= time && time < until)
        const isLost = gaps({ held, wanted, breaks: [] }).some(({ from, until }) => from <= time && time < until)
        expect(isLost).toBe(isWanted && !isHeld)
      }),
    )
  })

  it('the union takes the strongest proof, in any order and however often', () => {
    const strength: Proof[] = ['unverifiable', 'backfilled', 'observed']
    fc.assert(
      fc.property(plain, fc.integer({ min: 0, max: 90 }), (held, seconds) => {
        const time = at(seconds)
        const best = held
          .filter(({ from, until }) => from <= time && time < until)
          .reduce((rank, { proof }) => Math.max(rank, strength.indexOf(proof)), -1)
        const found = coverage(held).filter(({ from, until }) => from <= time && time < until)
        expect(found.map(({ proof }) => proof)).toEqual(best < 0 ? [] : [strength[best]])
        expect(coverage([...held].reverse())).toEqual(coverage(held))
        expect(coverage([...held, ...held])).toEqual(coverage(held))
      }),
    )
  })

  it('neighbours with the same proof are one', () => {
    fc.assert(
      fc.property(stretches, (held) => {
        const covered = coverage(held)
        covered.forEach((stretch, index) => {
          const next = covered[index + 1]
          if (next) expect(stretch.until < next.from || stretch.proof !== next.proof).toBe(true)
        })
      }),
    )
  })
})
