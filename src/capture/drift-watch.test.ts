import { expect, it } from 'vitest'
import { LaneScript } from '../../testkit/lane-script.js'
import { toyExchange } from '../../testkit/toy-exchange.js'

const T = 'trades AB'
const trade = (script: LaneScript, seconds: number, id: number, more: object = {}) => ({
  sub: T,
  id,
  t: script.ms(seconds),
  p: '1',
  q: '1',
  ...more,
})

it('a field that is not documented is counted by channel, names the frame that showed it first, and stops nothing', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0, 1, { ack: [T] })
  for (let n = 0; n < 50; n++) script.frame(1 + n / 10, 1, trade(script, 1 + n / 10, n, n < 10 ? {} : { fee: '0' }))
  script.frame(8, 1, trade(script, 8, 50, { side: 'sideways' }))
  const { drifts } = script.deriver.watch
  expect(drifts.map(({ exchange, channel, what, name }) => [exchange, channel, what, name])).toEqual([
    ['toy', 'trades', 'field', 'fee'],
    ['toy', 'trades', 'word', 'side = "sideways"'],
  ])
  // One a second is looked at: those at 2, 3, 4 and 5 s.
  expect(drifts[0]).toMatchObject({ count: 4, first: script.at(2), last: script.at(5) })
  expect(drifts[0]?.frame).toBe(script.sink.rows.trades[10]?.row.frame)
  expect(script.sink.rows.trades).toHaveLength(51)
  expect(script.sink.breaks('toy trades A/B')).toEqual([])
})

it('messages that could not be read are counted by what was wrong, not by what each of them was', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0, 1, { ack: [T] })
  script.frame(1, 1, { news: 'of a channel that nobody knows' })
  script.frame(2, 1, { news: 'another' })
  expect(script.deriver.watch.drifts).toMatchObject([
    { channel: null, what: 'message', name: 'no such form', count: 2 },
  ])
})

it('a rule that proves no more is counted beside them', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0, 1, { ack: [T] })
  for (let n = 0; n < 100; n++) script.frame(1 + n, 1, trade(script, 1 + n, n * 2))
  expect(script.deriver.watch.drifts).toMatchObject([
    { channel: 'trades', what: 'rule', name: 'trades are not counted one by one any more', count: 1, frame: null },
  ])
})

it('an exchange that writes new names all the time does not fill the memory', () => {
  const script = new LaneScript(toyExchange())
  script.open(0, 1, ['trades'])
  script.frame(0, 1, { ack: [T] })
  for (let n = 0; n < 500; n++) script.frame(1 + 2 * n, 1, trade(script, 1 + 2 * n, n, { [`field${n}`]: 1 }))
  expect(script.deriver.watch.drifts).toHaveLength(200)
  expect(script.sink.rows.trades).toHaveLength(500)
})
