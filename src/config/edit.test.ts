import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { editYaml, redactYaml, restoreSecrets } from './edit.js'

const text = `# who we are
settings:
  data_path: ./data   # on the big disk
  ui_auth_token: "s3cret-token"
storage:
  remotes:
    - { provider: rclone, remote: ":s3,access_key_id=AK,secret_access_key='a,b':bucket" }
    - { provider: rclone, remote: nas:crypto }
stream_jobs:
  - exchange: binance
    pairs: [BTC/USDT, ETH/USDT]
    channels: [trades, book]
alerts:
  webhook_url: \${HOOK}
`

describe('editing a config in place', () => {
  it('changes what is named and keeps comments, order and style', () => {
    const edited = editYaml(text, [
      { path: ['stream_jobs', 0, 'pairs', 2], value: 'SOL/USDT' },
      { path: ['settings', 'ui_port'], value: 9000 },
      { path: ['stream_jobs', 1], value: { exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades'] } },
    ])
    expect(edited).toBe(
      text
        .replace('ETH/USDT]', 'ETH/USDT, SOL/USDT]')
        .replace('"s3cret-token"\n', '"s3cret-token"\n  ui_port: 9000\n')
        .replace(
          'channels: [trades, book]\n',
          'channels: [trades, book]\n  - exchange: kraken\n    pairs: [BTC/USD]\n    channels: [trades]\n',
        ),
    )
  })

  it('what stands beside a change in its line stays byte for byte: padding, quotes, columns', () => {
    const flow = `settings: { data_path: ./data,   ui_port: 8080 }   # both
stream_jobs:
- { exchange: binance, pairs: [BTC/USDT,  "ETH/USDT"], channels: [ trades ] }  # the busy ones
- {exchange: kraken,   pairs: [ BTC/USD ], channels: [trades,book]}
`
    const added = editYaml(flow, [
      { path: ['stream_jobs', 0, 'pairs', 2], value: 'SOL/USDT' },
      { path: ['settings', 'ui_port'], value: 9000 },
      { path: ['stream_jobs', 1, 'channels', 0] },
    ])
    expect(added).toBe(
      flow.replace('"ETH/USDT"]', '"ETH/USDT", SOL/USDT]').replace('8080', '9000').replace('[trades,book]', '[book]'),
    )
  })

  it('removes a key, and refuses a path through a value', () => {
    expect(editYaml(text, [{ path: ['stream_jobs', 0, 'pairs', 0] }])).toContain('pairs: [ETH/USDT]')
    expect(() => editYaml(text, [{ path: ['settings', 'data_path', 'x'], value: 1 }])).toThrow('settings.data_path.x')
    expect(() => editYaml('a: [', [])).toThrow('not valid YAML')
    expect(() => editYaml('a: *nobody', [{ path: ['b'], value: 1 }])).toThrow('not valid YAML')
  })

  it('shows no secret, whatever stands around it', () => {
    const shown = redactYaml(text) ?? ''
    expect(shown).not.toMatch(/s3cret|AK|'a,b'/)
    expect(shown).toContain('ui_auth_token: "***"')
    expect(shown).toContain(`webhook_url: ${'$'}{HOOK}`)
    expect(shown.split('\n').length).toBe(text.split('\n').length)
    expect(redactYaml('settings: [')).toBeUndefined()
    // By an anchor the secret stands elsewhere.
    expect(redactYaml('x: &t topsecret\nsettings: { ui_auth_token: *t }')).not.toContain('topsecret')
    expect(redactYaml('settings:\n  ui_auth_token: |\n    topsecret\nalerts: {}\n')).not.toContain('topsecret')
  })

  it('a redacted text that comes back has its secrets again, also where entries moved', () => {
    const shown = redactYaml(text) ?? ''
    expect(restoreSecrets(shown, text)).toBe(text)
    const [before = '', remotes = '', after = ''] = shown.split(/(?<=remotes:\n)|(?=stream_jobs)/)
    const swapped = [
      before,
      ...remotes
        .split('\n')
        .slice(0, 2)
        .reverse()
        .map((line) => `${line}\n`),
      after,
    ].join('')
    expect(restoreSecrets(swapped, text)).toContain("secret_access_key='a,b'")
    expect(() => restoreSecrets('alerts:\n  webhook_url: "https://***@example.org/"\n', text)).toThrow(
      'alerts.webhook_url holds ***',
    )
  })

  it('an edited text can be read again, whatever the value', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
        (value) => {
          const edited = editYaml(text, [{ path: ['settings', 'timezone'], value }])
          // Adding the same again changes nothing: it was understood.
          expect(editYaml(edited, [{ path: ['settings', 'timezone'], value }])).toBe(edited)
        },
      ),
    )
  })
})
