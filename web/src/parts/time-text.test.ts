import { describe, expect, it } from 'vitest'
import { ageText, clockText, dateTimeText, durationText, millisOf } from './time-text.js'

const AT = Date.UTC(2026, 2, 29, 0, 59, 59, 123)

describe('times as text', () => {
  it('are read from ISO with nanoseconds and from nanoseconds', () => {
    expect(millisOf('2026-03-29T00:59:59.123456789Z')).toBe(AT)
    expect(millisOf(`${AT}000000`)).toBe(AT)
    expect([null, undefined, '', 'yesterday'].map(millisOf)).toEqual([undefined, undefined, undefined, undefined])
  })

  it('follow a zone over the hour that it leaves out', () => {
    expect(dateTimeText(AT, 'Europe/Zurich')).toBe('2026-03-29 01:59:59')
    expect(dateTimeText(AT + 1000, 'Europe/Zurich')).toBe('2026-03-29 03:00:00')
    expect(clockText(AT, 'UTC')).toBe('00:59:59.123')
  })

  it('are lengths in their two largest units', () => {
    expect([0, 0.02, 5, 59, 150, 4000, 200_000].map(durationText)).toEqual([
      '0 s',
      '20 ms',
      '5.0 s',
      '59 s',
      '2 min 30 s',
      '66 min',
      '2 d 7 h',
    ])
    expect([0.9996, 9.97, 59.6, 119.7, 479.8].map(durationText)).toEqual(['1.0 s', '10 s', '60 s', '2 min', '8 min'])
    expect(ageText(undefined, AT)).toBe('–')
    expect(ageText(AT - 500, AT)).toBe('now')
  })
})
