import { describe, expect, it } from 'vitest'
import { kraken } from '../exchanges/kraken/kraken.js'
import type { Gap } from '../model/gaps.js'
import type { Held, Lost } from '../model/ledger.js'
import { type Nanos, nanosFromIso } from '../model/time.js'
import type { RunOrder } from './order.js'
import { type PlanPorts, planOf } from './plan.js'
import { executeRun } from './run.js'
import type { Target } from './target.js'

const at = (text: string): Nanos => nanosFromIso(text) ?? 0n
const NOW = at('2026-11-26T12:00:00Z')
const TARGET: Target = { exchange: 'kraken', pair: 'BTC/USD', channel: 'trades' }
const DATASET = 'kraken trades BTC/USD'
const LOST: Lost = {
  dataset: DATASET,
  from: at('2026-11-20T01:00:00Z'),
  until: at('2026-11-20T02:00:00Z'),
  code: 'HISTORY_INCOMPLETE',
  detail: 'the exchange leaves out 5 trades',
}

function ports(held: readonly Held[], lost: readonly Lost[], gaps: readonly Gap[]): PlanPorts {
  return {
    adapter: () => kraken,
    instrument: async () => {
      throw new Error('nobody asks for it')
    },
    ledger: { proven: async () => ({ held, lost }), gaps: async () => gaps, rows: async () => 0 },
    wall: () => NOW,
  }
}

const order = (more: Partial<RunOrder>): RunOrder => ({
  run: 1,
  kind: 'backfill',
  targets: [TARGET],
  start: '2026-11-20',
  until: '2026-11-21',
  parallel: 1,
  first: 'oldest',
  archives: 'never',
  priority: 'backfill',
  ...more,
})

describe('what an order means', () => {
  it('what is fetched again is all of the range, held or lost, as if its counters were not known; else nothing of it is', async () => {
    const { signal } = new AbortController()
    const held: Held = {
      dataset: DATASET,
      run: 1n,
      from: at('2026-11-19'),
      until: at('2026-11-22'),
      proof: 'backfilled',
      before: 4n,
      last: 900n,
    }
    const asked = ports([held], [LOST], [])
    expect((await planOf(TARGET, order({}), asked, signal)).stretches).toEqual([])
    const { stretches } = await planOf(TARGET, order({ refetch: true, archives: 'auto' }), asked, signal)
    expect(stretches).toEqual([{ from: at('2026-11-20'), until: at('2026-11-21') }])
    await expect(planOf(TARGET, order({ refetch: true, until: '2026-11-20' }), asked, signal)).rejects.toThrow(
      'not after',
    )
  })

  const signal = new AbortController().signal
  const gap: Gap = {
    dataset: DATASET,
    from: LOST.from,
    until: LOST.until,
    code: 'HISTORY_INCOMPLETE',
    detail: '',
    lost: { code: 'HISTORY_INCOMPLETE', detail: '' },
  }
  const whole: Held = {
    dataset: DATASET,
    run: 1n,
    from: at('2026-11-20'),
    until: LOST.from,
    proof: 'backfilled',
    before: null,
    last: null,
  }
  const rest: Held = { ...whole, run: 2n, from: LOST.until, until: at('2026-11-21') }

  it.each(['backfill', 'repair'] as const)(
    'a %s leaves alone what is lost, and asks for it again when told to',
    async (kind) => {
      const known = ports([whole, rest], [LOST], [gap])
      expect((await planOf(TARGET, order({ kind }), known, signal)).stretches).toEqual([])
      const again = (await planOf(TARGET, order({ kind, retryLost: true }), known, signal)).stretches
      expect(again).toHaveLength(1)
      expect((again[0]?.from ?? 0n) <= LOST.from && (again[0]?.until ?? 0n) >= LOST.until).toBe(true)
    },
  )

  const holes = Array.from({ length: 5000 }, (_, n): Gap => {
    const from = at('2026-11-20') + BigInt(n) * 10_000_000_000n
    return { dataset: DATASET, from, until: from + 1_000_000_000n, code: 'CONNECTION_LOST', detail: '' }
  })

  it('healing takes the newest of thousands of gaps and leaves the rest for its next look; a repair takes all', async () => {
    const repair = order({ kind: 'repair', until: '2026-11-22' })
    const healed = (await planOf(TARGET, { ...repair, priority: 'heal' }, ports([], [], holes), signal)).stretches
    expect(healed).toHaveLength(500)
    expect(healed.at(-1)?.from).toBe(holes.at(-1)?.from)
    expect((await planOf(TARGET, repair, ports([], [], holes), signal)).stretches).toHaveLength(5000)
  })

  it('a run that is ended while the ledger of one dataset is looked through asks for no other', async () => {
    const ending = new AbortController()
    const known = ports([], [], holes)
    let asked = 0
    const gaps = async () => {
      asked++
      ending.abort(new Error('the daemon was stopped'))
      return holes
    }
    const none = async () => {
      throw new Error('nobody asks for it')
    }
    const all = {
      ...known,
      ledger: { ...known.ledger, gaps },
      archives: { stage: none, length: none, part: none, look: none },
      page: none,
      lose: () => {},
      commit: async () => {},
      wait: async () => {},
      random: () => 0,
    }
    const targets = ['BTC', 'ETH', 'SOL', 'XRP'].map((coin) => ({ ...TARGET, pair: `${coin}/USD` }))
    const told = { parts: () => {}, log: () => {} }
    const parts = await executeRun(order({ kind: 'repair', targets }), all, told, ending.signal)
    expect(asked).toBe(1)
    expect(parts.map(({ requests }) => requests)).toEqual([0, 0, 0, 0])
  })
})
