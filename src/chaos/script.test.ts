import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFault } from '../emulator/fault.js'
import { script, TORMENTS, tormentOf, tormentsOf } from './script.js'

const TARGETS = [
  { exchange: 'binance', numbered: true },
  { exchange: 'kraken', numbered: false },
]
const ids = TARGETS.map(({ exchange }) => exchange)

describe('the script of a run', () => {
  it('is the same for the same seed, so that a failure can be seen again', () => {
    expect(script('7', 300_000, TARGETS)).toEqual(script('7', 300_000, TARGETS))
    expect(script('7', 300_000, TARGETS)).not.toEqual(script('8', 300_000, TARGETS))
  })

  it('asks the emulator only for what it can do, one thing after the other, and leaves the end in peace', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 20_000, max: 400_000 }), (seed, totalMs) => {
        let free = 0
        for (const { atMs, ms, what, fault, machine, exchange } of script(seed, totalMs, TARGETS)) {
          expect(atMs).toBeGreaterThanOrEqual(free)
          free = atMs + ms
          if (what === 'fault') parseFault({ ...fault, exchange }, ids)
          else expect(exchange).toBe('all')
          expect(machine !== undefined).toBe(what === 'machine')
        }
        expect(free).toBeLessThanOrEqual(totalMs - 6000)
      }),
    )
  })

  it('loses and swaps changes only where the exchange numbers them: elsewhere nobody could notice', () => {
    for (const seed of ['1', '2', '3', '4', '5'])
      for (const { fault, exchange } of script(seed, 600_000, TARGETS))
        if (fault?.fault === 'lose' || fault?.fault === 'reorder') expect(exchange).toBe('binance')
  })

  it('does only what it was told to do', () => {
    const steps = script('1', 600_000, TARGETS, ['kill', 'clock'])
    expect(new Set(steps.map(tormentOf))).toEqual(new Set(['kill', 'clock']))
    expect(script('1', 600_000, TARGETS, ['kill']).length).toBeGreaterThan(100)
  })

  it.each(TORMENTS)('does %s alone when asked, and among all else', (torment) => {
    const alone = script('1', 300_000, TARGETS, tormentsOf([torment]))
    expect(new Set(alone.map(tormentOf))).toEqual(new Set([torment]))
    expect(script('1', 3_000_000, TARGETS).map(tormentOf)).toContain(torment)
  })

  it('knows the network as a whole, and says what it does not know', () => {
    expect(new Set(script('1', 3_000_000, TARGETS, tormentsOf(['network'])).map(tormentOf)).size).toBe(11)
    expect(() => tormentsOf(['flood'])).toThrow('flood is nothing that chaos does')
  })

  it('kills often', () => {
    const kills = script('1', 300_000, TARGETS).filter(({ what }) => what === 'kill')
    expect(kills.length).toBeGreaterThan(5)
  })
})
