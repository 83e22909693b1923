import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Conversation, Reading } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { differences, expectedEvents } from '../testkit/expected-events.js'
import { recordingFile } from '../testkit/recordings.js'
import { DISAGREEMENTS } from './disagreements.js'

const record = z.looseObject({
  source: z.string(),
  origin: z.string(),
  api: z.string(),
  direction: z.string(),
  transport: z.string(),
  message: z.string(),
  group: z.string().nullish(),
  seq: z.number().nullish(),
  expected: expectedEvents.nullish(),
})
type Expecting = z.infer<typeof record> & { readonly place: string }

/** The generations of the protocols that our adapters speak. */
const VENUES: Readonly<Record<string, { readonly file: string; readonly apis: readonly string[] }>> = {
  binance: { file: 'binance', apis: ['binance-ws'] },
  binance_usdm: { file: 'binance-usdm', apis: ['binance-usdm-ws'] },
  binance_coinm: { file: 'binance-coinm', apis: ['binance-coinm-ws'] },
  bitfinex: { file: 'bitfinex', apis: ['bitfinex-ws'] },
  bitmex: { file: 'bitmex', apis: ['bitmex-ws'] },
  bybit: { file: 'bybit', apis: ['bybit-ws-v5'] },
  coinbase: { file: 'coinbase', apis: ['coinbase-exchange-ws'] },
  kraken: { file: 'kraken', apis: ['kraken-ws-v2'] },
  okx: { file: 'okx', apis: ['okx-ws-v5'] },
}

function load(file: string): Expecting[] {
  const path = recordingFile(file)
  if (path === undefined) return []
  const raw = readFileSync(path)
  const lines = (path.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8').trimEnd().split('\n')
  return lines.flatMap((line, index) => {
    if (!line.includes('"expected"')) return []
    return { ...record.parse(JSON.parse(line)), place: `${file}:${index + 1}` }
  })
}

// Two readers of one feed who differ: one of them is wrong, or they mean different things. Which, stands in the list.
describe('what the authors of other parsers expect of a message', () => {
  for (const [id, { file, apis }] of Object.entries(VENUES)) {
    const present = recordingFile(file) !== undefined
    it.skipIf(!present)(
      `${id}: equal, or the difference is explained${present ? '' : ' (no recordings on this machine)'}`,
      () => {
        const adapter = exchanges[id]
        if (!adapter) throw new Error(`there is no ${id}`)
        const groups = new Map<string, Expecting[]>()
        for (const each of load(file)) {
          if (!apis.includes(each.api) || each.transport !== 'ws') continue
          const key = each.group ?? each.place
          groups.set(key, [...(groups.get(key) ?? []), each])
        }
        const found: string[] = []
        let compared = 0
        for (const members of groups.values()) {
          const conversation = adapter.live.converse({ path: '', subscriptions: [], accept: 'all' })
          for (const { expected, message, place, origin } of members.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0))) {
            const reading = readWithAck(conversation, message)
            if (!expected) continue
            compared++
            const strange =
              reading.kind === 'bad' || reading.kind === 'unknown' ? [`${reading.kind}: ${reading.reason}`] : []
            const lines = [...strange, ...differences(expected, reading.events)]
            found.push(
              ...lines.map((line) => `${place} ${line} | ${origin.replace(/^.*:/, '')} | ${message.slice(0, 150)}`),
            )
          }
        }
        expect(compared).toBeGreaterThan(0)
        const known = DISAGREEMENTS.filter(({ exchange }) => exchange === id)
        const open = found.filter((line) => !known.some(({ what }) => what.test(line)))
        expect(open).toEqual([])
        // An entry that nothing needs any more is out of date.
        expect(known.filter(({ what }) => !found.some((line) => what.test(line)))).toEqual([])
      },
    )
  }
})

const BITFINEX_CHANNELS: Readonly<Record<string, string>> = {
  derivatives: 'status',
  liquidations: 'status',
  raw_book: 'book',
}

/**
 * Messages of Bitfinex bear the number of a channel, which an acknowledgement named before. Their authors put that name into the message: behind
 * it, or in the place of the number. It is told again as the acknowledgement that it was.
 */
function readWithAck(conversation: Conversation, message: string): Reading {
  if (!message.startsWith('[')) return conversation.read(message)
  const [head, ...rest] = z.array(z.unknown()).parse(JSON.parse(message))
  const [name, symbol] = rest.slice(-2)
  conversation.read('{"event":"conf","status":"OK","flags":98304}')
  if (typeof head === 'object') {
    conversation.read(JSON.stringify({ event: 'subscribed', chanId: 1, pair: '', ...head }))
    // Written without the sequence and the time of sending.
    const end = message.indexOf('},') + 1
    return conversation.read(`[1${message.slice(end, -1)},1,1600000000000]`)
  }
  if (typeof name === 'string' && typeof symbol === 'string') {
    const channel = BITFINEX_CHANNELS[name] ?? name
    const key = symbol === 'global' ? 'liq:global' : `deriv:t${symbol}`
    const of =
      channel === 'status'
        ? { key }
        : { symbol: `t${symbol}`, pair: symbol, prec: name === 'raw_book' ? 'R0' : 'P0', len: '25' }
    conversation.read(JSON.stringify({ event: 'subscribed', channel, chanId: head, ...of }))
  }
  return conversation.read(message)
}
