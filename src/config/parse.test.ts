import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { CHANNELS } from '../model/dataset.js'
import { ERRORS } from '../model/error.js'
import { createConfig, parseConfig } from './parse.js'
import { ConfigError, renderProblems } from './problem.js'
import { redact, secretTexts } from './redact.js'
import type { ConfigInput } from './schema.js'

const testdata = (name: string) => readFileSync(join(import.meta.dirname, 'testdata', name))
const options = { file: '/etc/dccd/config.yml', home: '/home/ada' }

function failure(text: string | Uint8Array): ConfigError {
  try {
    parseConfig(text, options)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('no error was thrown')
}

const minimal: ConfigInput = { stream_jobs: [{ exchange: 'binance', pairs: ['BTC/USDT'], channels: ['trades'] }] }

describe('parseConfig', () => {
  it('takes the example that a newcomer copies, without a warning', () => {
    const example = readFileSync(join(import.meta.dirname, '..', '..', 'config.example.yml'))
    const { config, warnings } = parseConfig(example, options)
    expect(warnings).toEqual([])
    expect(config.settings.data_path).toBe('/etc/dccd/data/crypto')
    expect(config.stream_jobs).toHaveLength(4)
  })

  it('fills in the defaults', () => {
    const { config } = parseConfig(testdata('minimal.good.yml'), options)
    expect(config.stream_jobs).toEqual([
      { exchange: 'binance', pairs: ['BTC/USDT'], channels: ['trades'], time_step: 60 },
    ])
    expect(config.journal).toEqual({ keep: '7d', sync_ms: 250, min_free_gb: 'auto', max_bytes: null })
    expect(config.settings).toMatchObject({ ui_port: 8080, workers: 'auto', endpoints: {} })
    expect(config.storage).toMatchObject({ remotes: [], sync_interval: 3600 })
  })

  it('counts relative paths from the config file, not from the working folder', () => {
    const path = (settings: string) =>
      parseConfig(`${settings}\n${stringify(minimal)}`, options).config.settings.data_path
    expect(path('settings: {data_path: ./data}')).toBe('/etc/dccd/data')
    expect(path('settings: {data_path: ~/data}')).toBe('/home/ada/data')
    expect(path('settings: {data_path: "~"}')).toBe('/home/ada')
    expect(path('settings: {data_path: /srv/a/../b}')).toBe('/srv/b')
    expect(path('settings: {data_path: ./a}\nstorage: {local_path: ../b}')).toBe('/etc/b')
  })

  it('keeps keys whose part is not built', () => {
    const { config } = parseConfig(testdata('v2.4.good.yml'), options)
    expect(config.histo_jobs[0]).toMatchObject({ exchange: 'kraken', span: 3600 })
    expect(config.settings.data_path).toBe('/srv/crypto')
    expect(config.storage.local_path).toBe('/srv/crypto')
  })

  it('writes channels and exchanges in one spelling', () => {
    const { config } = parseConfig(testdata('twice-the-same.good.yml'), options)
    expect(config.stream_jobs[0]?.channels).toEqual(['book', 'book', 'ohlc', 'ohlc'])
    expect(config.stream_jobs[1]?.exchange).toBe('binance')
  })

  it('takes over the keys of a merge and lets own keys win', () => {
    const { config } = parseConfig(testdata('merge.good.yml'), options)
    expect(config.stream_jobs.map(({ exchange, time_step, pairs }) => [exchange, time_step, pairs.length])).toEqual([
      ['binance', 10, 2],
      ['kraken', 10, 2],
      ['bitfinex', 10, 2],
    ])
  })

  it.each([
    ['an empty file', new Uint8Array(), /is empty/],
    ['a file of spaces', '  \n\n', /is empty/],
    ['a binary file', Uint8Array.of(0x50, 0x41, 0x52, 0x31, 0, 1), /not text/],
    ['a file in another encoding', Uint8Array.of(0x61, 0x3a, 0x20, 0xe9), /not UTF-8/],
    ['a huge file', new Uint8Array(2 ** 21).fill(35), /2097152 bytes/],
    ['deep nesting', `a: ${'['.repeat(50_000)}`, /./],
    ['aliases that multiply', bomb(), /more than 100000 values/],
  ])('refuses %s', (_name, text, message) => {
    expect(failure(text).message).toMatch(message)
  })

  it('reads a text that begins with a byte order mark', () => {
    expect(parseConfig(`\uFEFF${stringify(minimal)}`, options).config.stream_jobs).toHaveLength(1)
  })

  it('is a coded error that shows the line and points at the place', () => {
    const error = failure('stream_jobs:\n  - exchange: binance\n    chanels: [trades]\n    pairs: [BTC/USDT]\n')
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', remedy: ERRORS.CONFIG_INVALID.remedy })
    expect(renderProblems('config.yml', error.problems)).toBe(
      [
        'config.yml:3:5: stream_jobs[0].chanels is not a key of stream_jobs[0]; did you mean channels?',
        '    3 |     chanels: [trades]',
        '      |     ^',
      ].join('\n'),
    )
    expect(error.problems[0]).toMatchObject({ path: 'stream_jobs[0].chanels', nearest: 'channels' })
  })

  it('does not let a file colour or move the terminal', () => {
    const error = failure('stream_jobs: 5 # \u001b[2J\u202e\nsettings: {}\n')
    expect(renderProblems('config.yml', error.problems)).not.toMatch(/\p{Cf}|(?!\n)\p{Cc}/u)
  })

  it('never fails in another way, whatever the text', () => {
    const word = fc.constantFrom(
      'stream_jobs',
      ':',
      '- ',
      '\n',
      '  ',
      '&a',
      '*a',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '|',
      '? ',
      '<<',
      '$',
      '{A}',
      '\t',
      '#',
      '!!x',
      '---',
      'pairs',
      'BTC/USDT',
      '1e9',
      'null',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(word).map((words) => words.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          try {
            parseConfig(text, options)
          } catch (error) {
            if (!(error instanceof ConfigError)) throw error
            const lines = text.split(/\r\n|\r|\n/).length
            expect(error.problems.length).toBeGreaterThan(0)
            for (const { line, column } of error.problems) {
              expect(line).toBeLessThanOrEqual(lines)
              expect(column).toBeGreaterThan(0)
            }
            renderProblems('x', error.problems)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('reads back what it gave, unchanged', () => {
    const job = fc.record({
      exchange: fc.constantFrom('binance', 'Kraken'),
      channels: fc.subarray([...CHANNELS, 'ohlc:1h', 'orderbook'], { minLength: 1 }),
      time_step: fc.integer({ min: 1, max: 86_400 }),
    })
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 5 }), (jobs) => {
        const stream_jobs = jobs.map((each, index) => ({ ...each, pairs: [`C${index}/USD`] }))
        const { config } = parseConfig(stringify({ stream_jobs }), options)
        expect(parseConfig(stringify(config), options).config).toEqual(config)
        expect(createConfig({ stream_jobs }, '/etc/dccd', '/home/ada')).toEqual(config)
      }),
    )
  })
})

describe('redact', () => {
  it('hides what came from the environment, tokens, logins in URLs and options of remotes', () => {
    const text = stringify({
      ...minimal,
      settings: {
        ui_auth_token: 'hunter2',
        endpoints: { binance: { rest: 'https://ada:hunter2@proxy.example.com/x@y' } },
      },
      storage: {
        remotes: [
          { provider: 'rclone', remote: ':s3,secret_access_key="hun,ter:hunter2",region=eu:bucket/a' },
          { provider: 'rclone', remote: 'SECRET:crypto' },
        ],
      },
      alerts: { webhook_url: 'https://hooks.example.com/hunter2' },
    }).replace('SECRET', '$' + '{REMOTE}')
    const { config, secrets } = parseConfig(text, { ...options, environment: { REMOTE: 'hunter2' } })
    expect(config.storage.remotes[1]?.remote).toBe('hunter2:crypto')
    const shown = redact(config, secrets)
    expect(secretTexts(config, secrets)).toEqual(
      expect.arrayContaining([
        'https://hooks.example.com/hunter2',
        'ada:hunter2',
        'hunter2',
        '"hun,ter:hunter2"',
        'hunter2:crypto',
      ]),
    )
    expect(secretTexts(config, secrets)).not.toContain('binance')
    expect(JSON.stringify(shown)).not.toContain('hunter2')
    expect(shown).toMatchObject({
      settings: { endpoints: { binance: { rest: 'https://***@proxy.example.com/x@y' } } },
      storage: { remotes: [{ remote: ':s3,secret_access_key=***,region=***:bucket/a' }, { remote: '***' }] },
      stream_jobs: config.stream_jobs,
    })
  })
})

/** Ten lists, each of ten aliases of the one before: a hundred bytes a line, ten thousand million values. */
function bomb(): string {
  const lines = ['a0: &a0 [x]']
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    )
  return lines.join('\n')
}
