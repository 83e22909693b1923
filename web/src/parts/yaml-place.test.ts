import { expect, it } from 'vitest'
import reference from '../../../docs/reference/config.schema.json' with { type: 'json' }
import { type Offers, offersAt, type TextSchema } from './yaml-place.js'

const schema: TextSchema = reference

/** What is offered where `|` stands. */
function at(text: string): Offers | undefined {
  const offset = text.indexOf('|')
  return offersAt(schema, text.replace('|', ''), offset)
}

function labels(text: string): readonly string[] {
  return at(text)?.offers.map(({ label }) => label) ?? []
}

it('offers the keys of the mapping that is typed in, but those that it has', () => {
  expect(labels('|')).toEqual(['settings', 'storage', 'journal', 'stream_jobs', 'histo_jobs', 'jobs', 'alerts'])
  expect(labels('alerts: {}\n|\nsettings:\n  ui_port: 1\n')).not.toContain('settings')
  expect(labels('settings:\n  ui_port: 1\n  ui_|')).toContain('ui_host')
  expect(labels('settings:\n  ui_port: 1\n  ui_|')).not.toContain('ui_port')
  expect(labels('settings:\n  |\n  ui_port: 1\n')).not.toContain('ui_port')
  expect(labels('settings:\n  endpoints:\n    kraken:\n      |')).toEqual(['websocket', 'rest', 'archive'])
})

it('knows the items of lists, indented or not, and the one beside them', () => {
  const job = 'stream_jobs:\n  - exchange: kraken\n    pairs: [BTC/USD]\n'
  expect(labels(`${job}    |`)).toEqual(expect.arrayContaining(['channels', 'depth']))
  expect(labels(`${job}    |`)).not.toContain('pairs')
  expect(labels(`${job}  - |`)).toEqual(expect.arrayContaining(['exchange', 'pairs']))
  expect(labels('stream_jobs:\n- exchange: kraken\n  |')).toContain('channels')
  expect(labels('stream_jobs:\n- exchange: kraken\n- |\n  pairs: [A/B]')).not.toContain('pairs')
  expect(labels(`${job}|`)).toContain('alerts')
  expect(labels('storage:\n  remotes:\n    - provider: rclone\n      |')).toEqual(['remote'])
})

it('offers the values of a key, in lists of both kinds', () => {
  expect(labels('alerts:\n  format: |')).toEqual(['auto', 'slack', 'ntfy'])
  expect(labels('settings:\n  ui_readonly: t|')).toEqual(['true', 'false'])
  expect(labels('settings:\n  workers: |')).toEqual(['auto'])
  expect(labels('stream_jobs:\n  - channels: [trades, bo|')).toContain('book')
  expect(labels('stream_jobs:\n  - channels: [trades, bo|]')).toContain('book')
  expect(labels('stream_jobs:\n  - channels:\n      - trades\n      - |')).toContain('quotes')
  expect(at('alerts:\n  format: sl|')?.from).toBe('alerts:\n  format: '.length)
})

it('offers nothing in comments, in values that may be anything, and in places that there are not', () => {
  expect(labels('settings: # |')).toEqual([])
  expect(labels('settings:\n  data_path: |')).toEqual([])
  expect(labels('nowhere:\n  |')).toEqual([])
  expect(labels('settings:\n  ui_port:\n    |')).toEqual([])
})

it('writes what follows a key: a blank, a list, a mapping', () => {
  const text = (of: string, label: string) => at(of)?.offers.find((each) => each.label === label)?.text
  expect(text('|', 'settings')).toBe('settings:\n  ')
  expect(text('|', 'stream_jobs')).toBe('stream_jobs:\n  - ')
  expect(text('stream_jobs:\n  - |', 'exchange')).toBe('exchange: ')
})
