import { describe, expect, it } from 'vitest'
import { LaneScript } from '../../testkit/lane-script.js'
import { toyExchange } from '../../testkit/toy-exchange.js'

const BOOK = 'toy book_deltas A/B'
const TRADES = 'toy trades A/B'
const T = 'trades AB'
const B = 'book:10 AB'

const whole = (script: LaneScript, seconds: number, sequence: number) => ({
  sub: B,
  whole: sequence,
  t: script.ms(seconds),
  b: [['10', String(sequence)]],
  a: [['11', '1']],
})
const delta = (script: LaneScript, seconds: number, sequence: number) => ({
  sub: B,
  from: sequence,
  to: sequence,
  t: script.ms(seconds),
  b: [['10', String(sequence)]],
  a: [],
})
const trade = (script: LaneScript, seconds: number, id: number) => ({
  sub: T,
  id,
  t: script.ms(seconds),
  p: '10.5',
  q: '1',
})

/** Connection 1 lives; connection 2 is opened to take over from it and has its own snapshot. */
function begun(restarting = false) {
  const script = new LaneScript(toyExchange({ snapshot: 'stream' }))
  const step = <A extends unknown[]>(act: (...args: A) => void, ...args: A) => {
    act.apply(script, args)
    if (restarting) script.restart()
  }
  step(script.open, 0, 1, ['book', 'trades'])
  step(script.frame, 0.1, 1, { ack: [B, T] })
  step(script.frame, 0.2, 1, whole(script, 0.2, 100))
  step(script.frame, 0.3, 1, delta(script, 0.3, 101))
  step(script.frame, 0.4, 1, trade(script, 0.4, 7))
  step(script.open, 1, 2, ['book', 'trades'], 60, [1])
  step(script.frame, 1.1, 2, { ack: [B, T] })
  return { script, step }
}
/** Sequence of the books that rows lead to, with the connection that wrote them. */
const rows = (script: LaneScript) =>
  script.sink.rows.book_deltas
    .filter(({ row }) => row.side === 'bid')
    .map(({ row }) => [Number(row.frame >> 36n), Number(row.amount), row.is_snapshot])
const held = (script: LaneScript, dataset: string) => {
  script.deriver.flush()
  const seconds = (time: bigint) => Math.round(Number(time - script.at(0)) / 1e3) / 1e6
  return script.sink.held(dataset).map(({ from, until, before, last }) => [seconds(from), seconds(until), before, last])
}

describe.each([false, true])(
  'a connection takes over from another (state saved and restored between any two records: %s)',
  (restarting) => {
    it('at the change where both books stand, so that none is missing and none is stored twice', () => {
      const { script, step } = begun(restarting)
      // The new one is ahead: its snapshot has what the old one is still to send.
      step(script.frame, 1.2, 2, whole(script, 1.2, 103))
      step(script.frame, 1.3, 1, delta(script, 1.3, 102))
      expect(rows(script).at(-1)).toEqual([1, 102, false])
      step(script.frame, 1.4, 1, delta(script, 1.4, 103))
      step(script.frame, 1.5, 1, delta(script, 1.5, 104)) // comes too late to count
      step(script.frame, 1.6, 2, delta(script, 1.6, 104))
      expect(rows(script)).toEqual([
        [1, 100, true],
        [1, 101, false],
        [1, 102, false],
        [1, 103, false],
        [2, 103, true],
        [2, 104, false],
      ])
      expect(held(script, BOOK)).toEqual([
        [0.2, 1.4, 100n, 103n],
        [1.2, 1.6, 103n, 104n],
      ])
      expect(script.sink.breaks(BOOK)).toEqual([])
    })

    it('when the new one is behind, once it has caught up', () => {
      const { script, step } = begun(restarting)
      step(script.frame, 1.2, 1, delta(script, 1.2, 102))
      step(script.frame, 1.3, 2, whole(script, 1.1, 101))
      step(script.frame, 1.4, 1, delta(script, 1.4, 103))
      step(script.frame, 1.5, 2, delta(script, 1.2, 102))
      step(script.frame, 1.6, 2, delta(script, 1.4, 103))
      step(script.frame, 1.7, 2, delta(script, 1.7, 104))
      expect(rows(script)).toEqual([
        [1, 100, true],
        [1, 101, false],
        [1, 102, false],
        [1, 103, false],
        [2, 103, true],
        [2, 104, false],
      ])
    })

    it('and the old one is given up only when all is taken over; trades of both are kept meanwhile', () => {
      const { script, step } = begun(restarting)
      step(script.frame, 1.2, 2, whole(script, 1.2, 101))
      step(script.frame, 1.3, 1, trade(script, 1.3, 8))
      step(script.frame, 1.4, 2, trade(script, 1.3, 8))
      step(script.tick, 2)
      expect(script.wishes.filter(({ wish }) => wish === 'replaced')).toEqual([])
      step(script.tick, 3.2)
      step(script.tick, 4)
      expect(script.wishes.filter(({ wish }) => wish === 'replaced')).toEqual([{ wish: 'replaced', connection: 1 }])
      step(script.close, 4.1, 1, 'UNSUBSCRIBED')
      step(script.frame, 5, 2, trade(script, 5, 9))
      expect(script.sink.rows.trades.map(({ row }) => row.trade_id)).toEqual(['7', '8', '8', '9'])
      // Both stretches together are whole, and no break says otherwise.
      expect(held(script, TRADES).map(([, , before, last]) => [before, last])).toEqual([
        [6n, 8n],
        [7n, 9n],
      ])
      expect(script.sink.breaks(TRADES)).toEqual([])
    })

    it('or at once when the old one ends first: the ledger says what may be missing between', () => {
      const { script, step } = begun(restarting)
      step(script.frame, 1.2, 2, whole(script, 1.2, 103))
      step(script.close, 1.3, 1)
      step(script.frame, 1.4, 2, delta(script, 1.4, 104))
      expect(rows(script).slice(2)).toEqual([
        [2, 103, true],
        [2, 104, false],
      ])
      expect(held(script, BOOK)).toEqual([
        [0.2, 0.3, 100n, 101n],
        [1.2, 1.4, 103n, 104n],
      ])
      expect(script.sink.breaks(BOOK)).toMatchObject([{ code: 'CONNECTION_LOST' }])
    })

    it('or not at all when the new one ends first: the old one goes on as if nothing had been', () => {
      const { script, step } = begun(restarting)
      step(script.frame, 1.2, 2, whole(script, 1.2, 103))
      step(script.close, 1.3, 2)
      step(script.frame, 1.4, 1, delta(script, 1.4, 102))
      expect(rows(script)).toEqual([
        [1, 100, true],
        [1, 101, false],
        [1, 102, false],
      ])
      expect(script.sink.breaks(BOOK)).toEqual([])
    })
  },
)
