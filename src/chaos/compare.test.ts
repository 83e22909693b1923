import { describe, expect, it } from 'vitest'
import { compareBooks, compareTrades, compareValues, fingerprint, type Row, type Truth, unexplained } from './truth.js'

const time = (second: number) => BigInt(second) * 1_000_000_000n

function tradeRow(id: number, more: Row = {}): Row {
  return { trade_id: String(id), price: '1.5', amount: '2', taker_side: 'buy', exchange_time: time(id), ...more }
}

function truthOf(...ids: number[]): Truth {
  const trades = ids.map((id) => {
    const of = { trade_id: String(id), price: '1.50', amount: '2.0', taker_side: 'buy' }
    return [String(id), { ...of, exchange_time: String(time(id)) }] as const
  })
  return { trades: new Map(trades), books: new Map() }
}

// A comparison that cannot fail proves nothing: each kind of damage is made once.
describe('trades against the truth', () => {
  const whats = async (rows: Row[], truth: Truth, gaps: { from: bigint; until: bigint }[] = []) =>
    (await compareTrades(rows, truth, gaps)).problems.map(({ what }) => what)

  it('equal values in another spelling are equal', async () => {
    expect(await compareTrades([tradeRow(1), tradeRow(2)], truthOf(1, 2), [])).toEqual({
      rows: 2,
      expected: 2,
      problems: [],
    })
  })

  it('a missing one is lost, unless a gap says so', async () => {
    expect(await whats([tradeRow(1), tradeRow(3)], truthOf(1, 2, 3))).toEqual(['lost'])
    expect(await whats([tradeRow(1), tradeRow(3)], truthOf(1, 2, 3), [{ from: time(2), until: time(3) }])).toEqual([])
    expect(await whats([tradeRow(1), tradeRow(3)], truthOf(1, 2, 3), [{ from: time(4), until: time(5) }])).toEqual([
      'lost',
    ])
  })

  it('one that stands twice, never happened, or has another value is found', async () => {
    expect(await whats([tradeRow(1), tradeRow(1)], truthOf(1))).toEqual(['doubled'])
    expect(await whats([tradeRow(1), tradeRow(9)], truthOf(1))).toEqual(['wrong'])
    for (const more of [{ price: '1.51' }, { amount: '3' }, { taker_side: 'sell' }, { exchange_time: time(1) + 1n }])
      expect(await whats([tradeRow(1, more)], truthOf(1))).toEqual(['wrong'])
  })
})

describe('books against the truth', () => {
  const row = (frame: number, index: number, side: string, price: string, amount: string, opens = false): Row => ({
    frame: BigInt(frame),
    row: index,
    side,
    price,
    amount,
    is_snapshot: opens,
    exchange_time: opens ? null : time(frame),
  })
  const rows = [
    row(1, 0, 'bid', '10', '1', true),
    row(1, 1, 'ask', '11', '1', true),
    row(2, 0, 'bid', '10', '2'),
    row(3, 0, 'bid', '10', '0'),
  ]
  const truth: Truth = {
    trades: new Map(),
    books: new Map([
      [String(time(2)), fingerprint([['10.0', '2']], [['11', '1.0']])],
      [String(time(3)), fingerprint([], [['11', '1']])],
    ]),
  }

  it('every state is rebuilt and equal', async () => {
    expect(await compareBooks(rows, truth, [])).toMatchObject({ rows: 4, compared: 2, expected: 2, problems: [] })
  })

  it('another amount, a row that stands twice and a missing state are found', async () => {
    const wrong = rows.with(2, row(2, 0, 'bid', '10', '5'))
    expect((await compareBooks(wrong, truth, [])).problems).toMatchObject([{ what: 'wrong' }])
    const twice = [...rows.slice(0, 3), ...rows.slice(2)]
    expect((await compareBooks(twice, truth, [])).problems).toMatchObject([{ what: 'doubled' }])
    const later: Truth = { ...truth, books: new Map([...truth.books, [String(time(2) + 5n), 'x']]) }
    expect((await compareBooks(rows, later, [])).problems).toMatchObject([{ what: 'lost' }])
    expect((await compareBooks(rows, later, [{ from: time(2), until: time(3) - 1n }])).problems).toEqual([])
  })
})

describe('gaps against what was done', () => {
  const gap = (from: number, until: number) => ({
    exchange: 'binance',
    kind: 'trades',
    pair: 'BTC/USDT',
    from: String(time(from)),
    until: String(time(until)),
    code: 'CONNECTION_LOST',
  })
  const cut = { exchange: 'binance', from: time(100), until: time(101) }

  it('one near a fault is explained; one without, of another exchange, or longer than the faults is not', () => {
    expect(unexplained([gap(99, 102)], [cut])).toEqual([])
    expect(unexplained([gap(50, 51)], [cut])).toHaveLength(1)
    expect(unexplained([gap(99, 102)], [{ ...cut, exchange: 'kraken' }])).toHaveLength(2)
    expect(unexplained([gap(99, 110)], [cut])).toHaveLength(1)
    expect(unexplained([gap(50, 51)], [])).toHaveLength(2)
  })
})

describe('values of a contract', () => {
  const said = (second: number, price: string) => ({
    exchange_time: String(time(second)),
    values: { price },
  })
  const truth: Truth = {
    trades: new Map(),
    books: new Map(),
    values: new Map([
      ['mark_price', [said(1, '1.50'), said(2, '1.60'), said(3, '1.7')]],
      ['funding', [said(1, '1'), said(2, '1'), said(3, '2')]],
    ]),
  }
  const row = (second: number, price: string): Row => ({ exchange_time: time(second), price, source: 'stream' })
  const whats = async (kind: string, rows: Row[], gaps: { from: bigint; until: bigint }[] = []) =>
    (await compareValues(kind, rows, truth, gaps)).problems.map(({ what }) => what)

  it('are all there, or in a gap', async () => {
    expect(await whats('mark_price', [row(1, '1.5'), row(2, '1.6'), row(3, '1.7')])).toEqual([])
    expect(await whats('mark_price', [row(1, '1.5'), row(3, '1.7')])).toEqual(['lost'])
    expect(await whats('mark_price', [row(1, '1.5'), row(3, '1.7')], [{ from: time(1), until: time(3) }])).toEqual([])
  })

  it('are not invented, changed or doubled', async () => {
    expect(await whats('mark_price', [row(1, '1.5'), row(1, '1.5')])).toEqual(['doubled'])
    expect(await whats('mark_price', [row(1, '1.55')])).toEqual(['wrong', 'lost'])
    expect(await whats('mark_price', [row(4, '1.5')])).toEqual(['wrong'])
  })

  it('that stand until they change need not be stored each time', async () => {
    expect(await whats('funding', [row(1, '1'), row(3, '2')])).toEqual([])
    expect(await whats('funding', [row(1, '1'), row(3, '1')])).toEqual(['wrong'])
  })
})
