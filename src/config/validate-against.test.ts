import { describe, expect, it } from 'vitest'
import { parseConfig } from './parse.js'
import { ConfigError } from './problem.js'
import { type CatalogEntry, validateAgainst } from './validate-against.js'

const catalog: CatalogEntry[] = [
  {
    id: 'kraken',
    taskPer: 'pair',
    capabilities: [
      { channel: 'trades', proof: 'counter', axis: 'exchange' },
      { channel: 'book', depths: [10, 25, 100], proof: 'checksum', axis: 'exchange' },
      { channel: 'ohlc', intervals: ['1m', '1h'], proof: 'unit', axis: 'exchange' },
    ],
  },
]

function check(job: string, settings = '') {
  const parsed = parseConfig(`${settings}\nstream_jobs:\n  - ${job}\n`, { file: 'config.yml' })
  try {
    return validateAgainst(parsed, catalog).map(({ line, column, message }) => `${line}:${column}: warning: ${message}`)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
}

describe('validateAgainst', () => {
  it.each([
    ['{exchange: kraken, pairs: [A/B], channels: [trades, book, ohlc, "ohlc:1h"], depth: 25}', []],
    [
      '{exchange: krakn, pairs: [A/B], channels: [trades]}',
      ['config.yml:3:16: krakn is not a known exchange; did you mean kraken?'],
    ],
    [
      '{exchange: mtgox, pairs: [A/B], channels: [trades]}',
      ['config.yml:3:16: mtgox is not a known exchange; there are kraken'],
    ],
    [
      '{exchange: kraken, pairs: [A/B], channels: [trades, funding]}',
      ['config.yml:3:57: kraken does not stream funding; it streams trades, book, ohlc'],
    ],
    [
      '{exchange: kraken, pairs: [A/B], channels: ["ohlc:5m"]}',
      ['config.yml:3:49: kraken does not stream candles of 5m; it streams 1m, 1h'],
    ],
    [
      '{exchange: kraken, pairs: [A/B], channels: [book], depth: 50}',
      ['3:63: warning: kraken has no book of 50 levels; 100 are asked and 50 stored'],
    ],
    [
      '{exchange: kraken, pairs: [A/B], channels: [book], depth: 101}',
      ['config.yml:3:63: kraken has no book of 101 levels; it offers 10, 25, 100'],
    ],
    [
      '{exchange: kraken, pairs: [A/B], channels: [trades], depth: 10}',
      ['3:65: warning: depth has no effect without the channel book'],
    ],
  ])('%s', (job, said) => {
    expect(check(job)).toEqual(said)
  })

  it('warns of an endpoint that nothing uses', () => {
    expect(
      check(
        '{exchange: kraken, pairs: [A/B], channels: [trades]}',
        'settings: {endpoints: {kraaken: {rest: http://localhost}}}',
      ),
    ).toEqual(['1:24: warning: kraaken is not a known exchange; did you mean kraken?'])
  })
})
