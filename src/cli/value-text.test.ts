import { describe, expect, it } from 'vitest'
import { timeText } from './output.js'
import { valueText } from './value-text.js'

const screen = { terminal: false, columns: 80 }

describe('a value as people read it', () => {
  it('shows sizes and times with their units, and no digits that mean nothing', () => {
    const text = valueText(
      {
        free_bytes: 80_445_431_808,
        lag_ms: 16_916.116_368,
        volume: 9.801_079_999_999_999,
        bytes: { data: 2048 },
        at: '1795698900000000000',
      },
      screen,
    )
    expect(text).toBe(
      'free_bytes  74.9 GiB\nlag_ms      16916\nvolume      9.80108\nat          2026-11-26T13:15:00Z\n\nbytes:\ndata  2.0 KiB\n',
    )
  })

  it('keeps every digit of a number that a double holds, and of an amount of text', () => {
    expect(valueText({ price: 67_004.282_862_327_4, amount: '0.000000001234567890123' }, screen)).toBe(
      'price   67004.2828623274\namount  0.000000001234567890123\n',
    )
  })

  it('gives each group that holds a list a heading, and its list a table with each instant once', () => {
    const interval = { from: '1795698900000000000', from_time: '2026-11-26T13:15:00Z', state: 'missing' }
    const datasets = [
      { exchange: 'binance', kind: 'trades', interval: null, intervals: [interval] },
      { exchange: 'kraken', kind: 'trades', interval: null, intervals: [] },
    ]
    expect(valueText({ datasets }, screen)).toBe(
      '\ndatasets:\nbinance trades\n  FROM_TIME             STATE\n  2026-11-26T13:15:00Z  missing\n\nkraken trades\n  (none)\n',
    )
  })
})

it('a time has the digits of a second that it has', () => {
  expect(timeText(1_795_698_900_000_000_000n)).toBe('2026-11-26T13:15:00Z')
  expect(timeText(1_795_698_900_120_000_001n)).toBe('2026-11-26T13:15:00.120000001Z')
})
