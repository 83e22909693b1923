import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, it } from 'vitest'
import { type ApiOnData, apiOnData } from '../../testkit/api-on-data.js'
import { FakeClock } from '../../testkit/fake-clock.js'
import { fakePorts } from '../../testkit/fake-ports.js'
import { writeLargeLedger } from '../../testkit/large-ledger.js'
import { TEN } from '../../testkit/store-rows.js'
import { createConfig } from '../config/parse.js'
import type { CollectorConfig } from '../config/schema.js'
import { QueryHost } from '../daemon/query-host.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { SECOND } from '../model/time.js'
import type { Ports } from '../service/ports.js'
import { queryThread } from '../threads/query.js'
import { type Api, serveApi } from './server.js'

// Askers that hang up, and askers that do not take what they asked for. What they leave behind must end: it holds memory, files and the turns of others.

const ENDLESS = 'SELECT count(*) FROM range(1000000000000) a, range(1000000) b'
const open: { close(): Promise<void> }[] = []
const asked: ClientRequest[] = []
afterEach(async () => {
  for (const each of asked.splice(0)) each.destroy()
  for (const each of open.splice(0).reverse()) await each.close()
})

async function serve(parts: Partial<Ports>, stallMs?: number): Promise<Api> {
  const api = await serveApi(fakePorts(parts), {
    host: '127.0.0.1',
    port: 0,
    ...(stallMs !== undefined && { stallMs }),
  })
  open.push(api)
  return api
}

/** The queries and files of a daemon, on the other side of a port as in its own thread. */
async function queries(): Promise<QueryHost> {
  const data: ApiOnData = await apiOnData()
  open.push(data)
  return queriesOf(data.ports.dataPath, { clock: systemClock() })
}

interface Setting {
  readonly clock: Clock
  /** Hears what goes over the port to the asker. */
  onMessage?(message: unknown): void
}

function queriesOf(dataPath: string, { clock, onMessage }: Setting): QueryHost {
  const { port1, port2 } = new MessageChannel()
  if (onMessage) port2.on('message', onMessage)
  const thread = Object.assign(port2, { terminate: async () => port2.close() })
  const config = createConfig({ settings: { data_path: dataPath } })
  const spawn = (config: CollectorConfig) => {
    queryThread(port1, { role: 'query', dataPath, config })
    return thread as never // a port has all of a thread that is used here
  }
  const host = new QueryHost(config, spawn, clock)
  open.push(host)
  return host
}

function send(port: number, method: string, path: string, body?: object): ClientRequest {
  const headers = body ? { 'content-type': 'application/json' } : {}
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
  sent.on('error', () => {})
  sent.end(body && JSON.stringify(body))
  asked.push(sent)
  return sent
}

const EXPORT = '/api/v1/export?exchange=binance&pair=BTC/USDT&kind=trades'

it('a query whose asker hangs up is stopped, and so are those that wait for their turn', async () => {
  const host = await queries()
  const ended: Promise<unknown>[] = []
  let begun = () => {}
  const allBegun = new Promise<void>((resolve) => {
    begun = resolve
  })
  const api = await serve({
    offload(name, input, signal) {
      const answer = host.ask(name, input, signal)
      ended.push(answer.catch((error: unknown) => error))
      if (ended.length === 5) begun()
      return answer
    },
  })
  const requests = Array.from({ length: 5 }, () => send(api.port, 'POST', '/api/v1/sql', { sql: ENDLESS }))
  await allBegun
  for (const each of requests) each.destroy()
  await Promise.all(ended)
  // The turns are free again: were one of them still taken by an endless query, this would wait for it.
  for (let n = 0; n < 3; n++)
    expect(
      await host.ask('sql', { sql: 'SELECT 1 AS one', limit: 1, timeout_s: 30 }, new AbortController().signal),
    ).toMatchObject({
      rows: [[1]],
    })
})

it('an answer over a port is stopped in the thread that makes it', async () => {
  const host = await queries()
  const gone = new AbortController()
  const answer = host.ask('sql', { sql: ENDLESS, limit: 1, timeout_s: 300 }, gone.signal)
  gone.abort(new Error('gone'))
  await expect(answer).rejects.toThrow('gone')
  // With memory for two at once, a third would wait if the first still ran.
  const quick = { sql: 'SELECT 1', limit: 1, timeout_s: 30 }
  await Promise.all([1, 2, 3].map(() => host.ask('sql', quick, new AbortController().signal)))
})

it('a file comes through a port as it does without one, and its failures with their code', async () => {
  const host = await queries()
  const dataset = { exchange: 'binance', pair: 'BTC/USDT', kind: 'trades' } as const
  const wanted = { dataset, from: 0n, until: 2n ** 62n, columns: ['trade_id'], format: 'csv', depth: 25 } as const
  const { signal } = new AbortController()
  let text = ''
  for await (const chunk of host.export(wanted, signal)) text += chunk
  expect(text.split('\n')).toHaveLength(102)
  expect(text.startsWith('trade_id\n0\n1\n')).toBe(true)
  const wrong = host.export({ ...wanted, columns: ['colour'] }, signal)
  await expect(wrong.next()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  // Left in the middle, five times: each holds one of four turns until it is closed.
  for (let n = 0; n < 5; n++) {
    const part = host.export(wanted, signal)
    await part.next()
    await part.return(undefined)
  }
  const gone = new AbortController()
  const cut = host.export(wanted, gone.signal)
  await cut.next()
  gone.abort()
  await expect(
    (async () => {
      for await (const _ of cut);
    })(),
  ).rejects.toMatchObject({ code: 'INTERNAL' })
})

/** A ledger that takes long to look through, and a part of it that does not. */
async function largeLedger(setting: Setting): Promise<QueryHost> {
  const folder = await mkdtemp(join(tmpdir(), 'dccd-ledger-'))
  open.push({ close: () => rm(folder, { recursive: true, force: true }) })
  const datasets = Array.from({ length: 400 }, (_, n) => `binance trades C${n}/USDT`)
  await writeLargeLedger(folder, { datasets, intervals: 20_000, until: TEN, length: SECOND })
  return queriesOf(folder, setting)
}
const ALL = { resolution_s: 0, limit: 200_000 }
const ONE = { ...ALL, pair: 'C1/USDT' }
const LEDGER = [
  ['coverage', ALL],
  ['gaps', { limit: 200_000 }],
  ['inventory', {}],
] as const

it.each(LEDGER)('%s over a large ledger lets others have their answer first', async (name, input) => {
  const host = await largeLedger({ clock: systemClock() })
  const { signal } = new AbortController()
  await host.ask('coverage', ONE, signal) // opened
  const order: string[] = []
  const large = host.ask(name, input, signal).then(() => order.push('large'))
  const small = host.ask('coverage', ONE, signal).then(() => order.push('small'))
  await Promise.all([large, small])
  expect(order).toEqual(['small', 'large'])
})

it.each(LEDGER)('%s over a large ledger is stopped in the middle when its asker hangs up', async (name, input) => {
  const answers: unknown[] = []
  const host = await largeLedger({ clock: systemClock(), onMessage: (message) => answers.push(message) })
  const gone = new AbortController()
  const asked = host.ask(name, input, gone.signal)
  // When this comes, the other is on its way.
  await host.ask('coverage', ONE, new AbortController().signal)
  expect(answers).toHaveLength(1)
  gone.abort(new Error('gone'))
  await expect(asked).rejects.toThrow('gone')
  while (answers.length < 2) await new Promise(setImmediate)
  expect(answers[1]).toMatchObject({ rpc: 'answer', ok: false })
})

it('an answer that takes too long ends with a clear error, and the thread stops making it', async () => {
  const answers: unknown[] = []
  const clock = new FakeClock(0n)
  const host = await largeLedger({ clock, onMessage: (message) => answers.push(message) })
  const asked = host.ask('coverage', ALL, new AbortController().signal)
  clock.advance(300_000)
  await expect(asked).rejects.toMatchObject({ code: 'QUERY_TIMEOUT', remedy: expect.stringContaining('Narrow') })
  while (answers.length < 1) await new Promise(setImmediate)
  expect(answers[0]).toMatchObject({ rpc: 'answer', ok: false })
})

/** A file without an end, and how much of it was made. */
function endless() {
  let made = 0
  let over = () => {}
  const ended = new Promise<void>((resolve) => {
    over = resolve
  })
  async function* exportData(_request: unknown, signal: AbortSignal) {
    try {
      while (!signal.aborted) {
        made++
        yield 'x'.repeat(65_536)
      }
    } finally {
      over()
    }
  }
  return { exportData, ended, made: () => made }
}

it('a file whose asker hangs up in the middle is made no further', async () => {
  const file = endless()
  const api = await serve({ exportData: file.exportData })
  const sent = send(api.port, 'GET', EXPORT)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  await once(response, 'data')
  sent.destroy()
  await file.ended
})

it('a file is made no faster than its asker takes it, and one that takes nothing is cut off', async () => {
  const file = endless()
  const api = await serve({ exportData: file.exportData }, 200)
  const sent = send(api.port, 'GET', EXPORT)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.pause()
  await file.ended
  // What the system keeps on the way, and no more.
  expect(file.made() * 65_536).toBeLessThan(64 * 1024 * 1024)
})
