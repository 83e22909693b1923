import { describe, expect, it } from 'vitest'
import { refusalOf } from './refusal.js'

describe('refusalOf', () => {
  it('tells a limit, a ban and an outage apart and takes the time that the venue asks for', () => {
    expect(refusalOf(429, { 'retry-after': '7' })).toMatchObject({ code: 'RATE_LIMITED', retry: { afterMs: 7000 } })
    expect(refusalOf(429, {})).toMatchObject({ code: 'RATE_LIMITED', retry: 'backoff' })
    expect(refusalOf(418, { 'retry-after': '120' })).toMatchObject({ code: 'BANNED', retry: { afterMs: 120_000 } })
    expect(refusalOf(403, {})).toMatchObject({ code: 'BANNED' })
    expect(refusalOf(503, {})).toMatchObject({ code: 'CONNECT_FAILED' })
    expect(refusalOf(404, {})).toBeUndefined()
    expect(refusalOf(200, {})).toBeUndefined()
  })

  it('reads a date on the server clock, so that a wrong clock here does not shorten the wait', () => {
    const date = 'Mon, 23 Nov 2026 10:00:00 GMT'
    const later = 'Mon, 23 Nov 2026 10:01:30 GMT'
    expect(refusalOf(429, { 'retry-after': later, date }, 0n)).toMatchObject({ retry: { afterMs: 90_000 } })
    const wall = BigInt(Date.parse(date)) * 1_000_000n
    expect(refusalOf(429, { 'retry-after': later }, wall)).toMatchObject({ retry: { afterMs: 90_000 } })
    expect(refusalOf(429, { 'retry-after': date }, wall + 5_000_000_000n)).toMatchObject({ retry: { afterMs: 0 } })
  })

  it('does not believe nonsense', () => {
    expect(refusalOf(429, { 'retry-after': 'soon' })).toMatchObject({ retry: 'backoff' })
    expect(refusalOf(429, { 'retry-after': '99999999999' })).toMatchObject({ retry: { afterMs: 604_800_000 } })
  })
})
