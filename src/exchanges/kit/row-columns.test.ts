import { describe, expect, it } from 'vitest'
import type { RowBlock } from '../../model/row-block.js'
import type { Page } from '../exchange.js'
import { candleReaders, numbers, type RowForm, timeInMs, tradeReaders } from './row-columns.js'
import { fields, list } from './wire.js'

const NOTHING: Page = { events: [], covers: [] }
const CANDLE: RowForm = [
  timeInMs(false),
  ...numbers(['open'], true),
  { as: 'count', column: 'trades', quoted: false },
  undefined,
]
const TRADE: RowForm = {
  id: { as: 'counter', quoted: false },
  p: { as: 'number', column: 'price', quoted: true },
  T: timeInMs(false),
}

/** The block of an answer `{"data":[…]}` or of a list; none where it is left to the thorough way. */
function blockOf(answer: string, form: RowForm = CANDLE): RowBlock | undefined {
  let found: RowBlock | undefined
  const rowsOf = (of: unknown) => (Array.isArray(of) ? of : list(fields(of, 'answer').data, 'data'))
  const rows = { rowsOf, events: () => [], form }
  const readers =
    form === CANDLE
      ? candleReaders('candles', rows, (read) => {
          if ('times' in read) found = read
          return NOTHING
        })
      : tradeReaders('trades', rows, (read) => {
          if ('block' in read) found = read.block
          return NOTHING
        })
  readers.columns?.(new TextEncoder().encode(answer))
  return found
}

describe('rows as columns', () => {
  it('are doubles, whole numbers and times; a number with more digits than a double holds keeps its text', () => {
    const block = blockOf('[[60000,"1.50",7,"x"],[120000,"12345678901234567.8",8,-1.5]]')
    expect(block?.times).toEqual(new BigInt64Array([60_000_000_000n, 120_000_000_000n]))
    expect(block?.numbers.open?.values).toEqual(new Float64Array([1.5, 12_345_678_901_234_568]))
    expect(block?.numbers.open?.texts).toEqual(new Map([[1, '12345678901234567.8']]))
    expect(block?.integers.trades).toEqual(new BigInt64Array([7n, 8n]))
  })

  it('are turned round where the newest stands first, with the texts beside them', () => {
    const block = blockOf('{"data":[[120000,"12345678901234567.8",8,null],[60000,"1.50",7,null]]}')
    expect(block?.numbers.open?.values[0]).toBe(1.5)
    expect(block?.numbers.open?.texts).toEqual(new Map([[1, '12345678901234567.8']]))
  })

  it.each([
    ['a word with a sign', '[[60000,"1",7,-true]]'],
    ['a number that begins with a zero', '[[60000,"1",7,01]]'],
    ['a point without a digit after it', '[[60000,"1",7,1.]]'],
    ['an escape', '[[60000,"1",7,"\\u0031"]]'],
    ['a text that does not end', '[[60000,"1",7,"x'],
    ['a count that is not whole', '[[60000,"1",7.5,0]]'],
    ['a count of more digits than are exact', '[[60000,"1",1234567890123456,0]]'],
    ['a time that is not whole', '[[60000.5,"1",7,0]]'],
    ['a price that is no text', '[[60000,1,7,0]]'],
    ['a cell too few', '[[60000,"1",7]]'],
    ['a list in a cell', '[[60000,"1",7,[]]]'],
    ['equal times', '[[60000,"1",7,0],[60000,"1",7,0]]'],
    ['rows that go up and down', '[[60000,"1",7,0],[180000,"1",7,0],[120000,"1",7,0]]'],
    ['more after the end', '[[60000,"1",7,0]]]'],
    ['no rows', '[]'],
    ['a row of nothing', '[[]]'],
    ['a space', '[[60000, "1",7,0]]'],
    ['rows that are not those that are meant', '{"data":[],"more":[[60000,"1",7,0]]}'],
    ['an answer that is no JSON around its rows', '{"data":[[60000,"1",7,0]]'],
  ])('are not made of %s: the thorough way tells what it is', (_, answer) => {
    expect(blockOf(answer)).toBeUndefined()
  })

  it('of objects are found by their names, whatever stands between', () => {
    const block = blockOf('[{"id":5,"q":"2","p":"1.5","T":1000},{"id":6,"q":null,"p":"1.6","T":1000}]', TRADE)
    expect(block?.texts.trade_id).toEqual(['5', '6'])
    expect(block?.numbers.price?.values).toEqual(new Float64Array([1.5, 1.6]))
  })

  it.each([
    ['a name twice, of which the last counts', '[{"id":5,"p":"1","T":1,"p":"2"}]'],
    ['a name twice instead of another', '[{"id":5,"p":"1","p":"2"}]'],
    ['a name that is missing', '[{"id":5,"T":1}]'],
    ['a name that is missing in a later row', '[{"id":5,"p":"1","T":1},{"id":6,"T":1}]'],
    ['names in another order', '[{"id":5,"p":"1","T":1},{"p":"1","id":6,"T":1}]'],
    ['one more name in a later row', '[{"id":5,"p":"1","T":1},{"id":6,"p":"1","T":1,"x":1}]'],
    ['an id again', '[{"id":5,"p":"1","T":1},{"id":5,"p":"1","T":1}]'],
    ['a time that goes back', '[{"id":5,"p":"1","T":2},{"id":6,"p":"1","T":1}]'],
    ['an empty object', '[{}]'],
  ])('of objects are not made of %s', (_, answer) => {
    expect(blockOf(answer, TRADE)).toBeUndefined()
  })
})
