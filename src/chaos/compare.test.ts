import { describe, expect, it } from 'vitest'
import { compareBooks, compareTrades, compareValues, type Row } from './compare.js'
import { compareCandles } from './compare-candles.js'
import { compareQuotes } from './compare-quotes.js'
import { judge, unexplained } from './ledger-check.js'
import { fingerprint, type Truth } from './truth.js'

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
      excused: 0,
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

  it('one after the last that is stored is lost as well, when the ledger holds it', async () => {
    const { problems } = await compareTrades([tradeRow(1)], truthOf(1, 2, 3), [], {
      reach: { from: time(1), until: time(3) },
    })
    expect(problems).toMatchObject([{ what: 'lost', detail: expect.stringContaining('trade 2') }])
  })

  it('one of the instant at which what is held ends is not asked for', async () => {
    const truth = truthOf(1, 2)
    const same = truth.trades.get('2')
    if (same) truth.trades.set('3', { ...same, trade_id: '3' })
    const held = { reach: { from: time(1), until: time(2) } }
    expect((await compareTrades([tradeRow(1), tradeRow(2)], truth, [], held)).problems).toEqual([])
  })

  it('one that is missing in a gap is counted', async () => {
    const gaps = [{ from: time(2), until: time(3) }]
    expect(await compareTrades([tradeRow(1), tradeRow(4)], truthOf(1, 2, 3, 4), gaps)).toMatchObject({
      expected: 2,
      excused: 2,
    })
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

describe('books whose changes bear no time', () => {
  // The market changes each second from 1 to 6; a change is told in two frames.
  const states = new Map<string, string>()
  const rows: Row[] = []
  const row = (second: number, index: number, price: string, amount: string, opens = false): Row => ({
    frame: BigInt(second * 10 + index),
    row: index,
    side: 'bid',
    price,
    amount,
    is_snapshot: opens,
    exchange_time: null,
    receive_time: time(second) + 100_000_000n,
  })
  for (let second = 1; second <= 6; second++) {
    states.set(
      String(time(second)),
      fingerprint(
        [
          ['10', String(second)],
          ['9', String(second)],
        ],
        [],
      ),
    )
    if (second === 1)
      rows.push({ ...row(1, 0, '10', '1', true), frame: 1n }, { ...row(1, 1, '9', '1', true), frame: 1n })
    else rows.push(row(second, 0, '10', String(second)), row(second, 1, '9', String(second)))
  }
  const truth: Truth = { trades: new Map(), books: states }
  const without = (...seconds: number[]) =>
    rows.filter(({ receive_time }) => !seconds.some((second) => receive_time === time(second) + 100_000_000n))

  it('are followed through the states that there were', async () => {
    expect(await compareBooks(rows, truth, [])).toMatchObject({ expected: 5, compared: 5, unknown: 5, problems: [] })
  })

  it('lack a state that no gap excuses, also where the gap is on the clock of the recording', async () => {
    expect((await compareBooks(without(3), truth, [])).problems).toMatchObject([{ what: 'lost' }])
    expect((await compareBooks(without(3), truth, [{ from: time(3), until: time(4) }])).problems).toEqual([])
    // The state of second 3 was on the way when the connection was cut, just after the one of second 2 had come.
    const late = without(3).map((each) =>
      each.receive_time === time(2) + 100_000_000n ? { ...each, receive_time: time(3) + 1n } : each,
    )
    const gap = [{ from: time(3) + 2n, until: time(4) }]
    expect((await compareBooks(late, truth, gap)).problems).toMatchObject([{ what: 'lost' }])
    expect((await compareBooks(late, truth, gap, { received: true })).problems).toEqual([])
  })

  it('are wrong when they are in no state for long', async () => {
    const astray = Array.from({ length: 60 }, (_, index) => row(7 + index, 0, '8', String(index + 1)))
    expect((await compareBooks([...rows, ...astray], truth, [])).problems).toMatchObject([{ what: 'wrong' }])
  })
})

describe('candles', () => {
  const MINUTE = time(60)
  const at = (id: number, second: number, price: string, amount: string) =>
    [
      String(id),
      { trade_id: String(id), price, amount, taker_side: 'buy', exchange_time: String(time(second)) },
    ] as const
  const truth: Truth = {
    trades: new Map([at(1, 0, '10', '1.5'), at(2, 30, '12', '0.25'), at(3, 59, '11', '1'), at(4, 130, '9', '1')]),
    books: new Map(),
  }
  const candle = (second: number, open: string, high: string, low: string, close: string, volume: string): Row => ({
    open_time: time(second),
    ...{ open, high, low, close, volume },
  })
  const first = candle(0, '10', '12', '10.0', '11', '2.75')
  const last = candle(120, '9', '9', '9', '9', '1')
  const whats = async (rows: Row[], gaps: { from: bigint; until: bigint }[] = []) =>
    (await compareCandles(rows, truth, gaps, MINUTE)).problems.map(({ what }) => what)

  it('are what the trades make; one without trades is flat or left out', async () => {
    expect(await whats([first, last])).toEqual([])
    expect(await whats([first, candle(60, '11', '11', '11', '11', '0'), last])).toEqual([])
    expect(await whats([first, candle(60, '11', '11.5', '11', '11', '0'), last])).toEqual(['wrong'])
  })

  it('are missed, found twice, or found to be others', async () => {
    expect(
      (await compareCandles([first], truth, [], MINUTE, { reach: { from: 0n, until: time(180) } })).problems,
    ).toMatchObject([{ what: 'lost' }])
    expect(await whats([first, first, last])).toEqual(['doubled'])
    for (const change of [{ open: '11' }, { high: '13' }, { low: '9' }, { close: '10' }, { volume: '2.7' }])
      expect(await whats([{ ...first, ...change }, last])).toEqual(['wrong'])
  })
})

describe('quotes', () => {
  const top = (second: number, bid: string) => ({
    exchange_time: String(time(second)),
    values: { bid_price: bid, bid_amount: '1', ask_price: '20', ask_amount: '1.0' },
  })
  const truth: Truth = {
    trades: new Map(),
    books: new Map(),
    values: new Map([['quotes', [top(0, '10'), top(100, '11'), top(200, '12')]]]),
  }
  const row = (second: number | null, bid: string): Row => ({
    exchange_time: second === null ? null : time(second),
    ...{ bid_price: bid, bid_amount: '1.0', ask_price: '20', ask_amount: '1' },
  })

  it('stood in the market at their time', async () => {
    expect((await compareQuotes([row(0, '10'), row(150, '11'), row(null, '12')], truth)).problems).toEqual([])
    expect((await compareQuotes([row(150, '10'), row(50, '11'), row(null, '13')], truth)).problems).toMatchObject([
      { what: 'wrong' },
      { what: 'wrong' },
      { what: 'wrong' },
    ])
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

  it('of a candle may have their cause anywhere in that candle, and not before it', () => {
    const minute = 60_000_000_000n
    const [open, end] = [minute * 29_928_309n, minute * 29_928_310n]
    const candle = { ...gap(0, 0), kind: 'ohlc', interval: '1m', from: String(end - minute / 6n), until: String(end) }
    const at = (from: bigint) => ({ exchange: 'binance', from, until: from + minute / 60n })
    expect(unexplained([candle], [at(open + minute / 10n)])).toEqual([])
    expect(unexplained([candle], [at(open - minute / 10n)])).toHaveLength(1)
    expect(unexplained([{ ...candle, kind: 'trades' }], [at(open + minute / 10n)])).toHaveLength(2)
  })

  it('seconds without a cause are told', () => {
    expect(judge([gap(99, 102), gap(50, 51)], [cut])).toMatchObject({ seconds: 4, unexplained: 1 })
    expect(judge([gap(90, 110)], [cut])).toMatchObject({ seconds: 20, unexplained: 16 })
  })

  it('of a quiet market reach to its next trades on both sides: only what was lost counts', () => {
    const of = (...ids: number[]) => new Map([['binance BTC/USDT', truthOf(...ids)]])
    expect(judge([gap(90, 110)], [cut], of(90, 100, 102, 110))).toMatchObject({ unexplained: 0, problems: [] })
    expect(judge([gap(90, 110)], [cut], of(90, 91, 102, 110))).toMatchObject({ unexplained: 7 })
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
