import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { VENUES } from '../src/emulator/emulate.js'
import type { ExchangeAdapter } from '../src/exchanges/exchange.js'
import { exchanges } from '../src/exchanges/index.js'
import { nanosFromIso, SECOND } from '../src/model/time.js'
import { ask } from '../src/net/ask.js'
import { Budgets } from '../src/net/budgets.js'
import { requestText } from '../src/net/http.js'
import { Neighbours } from '../src/net/neighbours.js'
import type { Priority, RequestBudget } from '../src/net/rate-limit.js'
import { Cleanup, startTestEmulator } from '../testkit/emulator-client.js'
import { FakeClock, settle } from '../testkit/fake-clock.js'

const START = nanosFromIso('2026-11-24T08:07:30Z') ?? 0n
const STEP_MS = 50
/** Histories of one daemon that ask at the same time; books that it begins with. */
const LOOPS = 12
const BOOKS = 30

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

const state = z.object({
  exchanges: z.record(z.string(), z.object({ http_requests: z.number(), refused: z.object({ requests: z.number() }) })),
})

/** How often, and of what weight, the venue lets one address ask in a second, as its adapter spends it. */
const perSecond = ({ limits: { rest } }: ExchangeAdapter) => rest.weight / (rest.perMs / 1000)

const TESTED = Object.values(exchanges).filter(
  ({ id, history }) => history && VENUES.some(({ exchange }) => exchange === id),
)

it.each(TESTED.map((adapter) => [adapter.id, adapter] as const))(
  'two daemons at one address, each with all that it can ask of %s, are never refused, and both get on',
  { timeout: 60_000 },
  async (exchange, adapter) => {
    const clock = new FakeClock(START)
    const emulator = await startTestEmulator(cleanup, {
      exchanges: [exchange],
      rate: 1,
      instruments: 1,
      past: 60,
      clock,
    })
    const base = `http://127.0.0.1:${emulator.port}`
    const folder = mkdtempSync(join(tmpdir(), 'dccd-two-'))
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }))
    const feed = adapter.history?.find(({ channel }) => channel === 'trades')
    const [list] = adapter.instruments
    if (!feed || !list) throw new Error('nothing to ask for')
    const listed = list.read(await (await fetch(`${base}/${exchange}${list.path}`)).text())
    const { symbol = '', restSymbol = symbol } = listed.find(({ status }) => status === 'trading') ?? {}
    const page = feed.page({ symbol, restSymbol, from: START - 50n * SECOND, until: START - 10n * SECOND })

    let underWay = 0
    const ending = new AbortController()
    const request: typeof requestText = async (...of) => {
      underWay++
      try {
        return await requestText(...of)
      } finally {
        underWay--
      }
    }
    const spent: [number, number] = [0, 0]
    const daemon = (which: 0 | 1) => {
      const fail = (error: unknown) => {
        throw error
      }
      const neighbours = new Neighbours(join(folder, 'shared'), `daemon ${which}`, clock, fail)
      const limits = { [exchange]: adapter.limits.rest }
      const budgets = new Budgets(join(folder, `${which}.json`), limits, clock, fail, { neighbours, base: () => base })
      const budget: RequestBudget = {
        take: (weight, priority, signal) => budgets.take(exchange, weight, priority, signal),
        used: (weight) => budgets.used(exchange, weight),
        blockUntil: (ms) => budgets.block(exchange, Number(ms)),
      }
      const once = async (priority: Priority) => {
        const ports = { clock, budget, request, limit: adapter.limits.rest }
        await ask(`${base}/${exchange}${page.path}`, page.weight, priority, ports, ending.signal)
        spent[which] += page.weight
      }
      const forever = async () => {
        while (!ending.signal.aborted) await once('backfill')
      }
      for (let loop = 0; loop < LOOPS; loop++) void forever().catch(() => {})
      for (let book = 0; book < BOOKS; book++) void once('resync').catch(() => {})
    }
    /** Moves time on while no request is on its way. */
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += STEP_MS) {
        do await settle()
        while (underWay > 0)
        clock.advance(STEP_MS)
      }
    }
    const windowMs = Math.max(adapter.limits.rest.perMs, 10_000)
    // What this test itself asked is over.
    await pass(windowMs + 1000)
    daemon(0)
    await pass(windowMs * 0.7)
    daemon(1)
    const [before] = spent
    await pass(windowMs * 2.5)
    const told = state.parse(await (await fetch(`${base}/_emulator/state`)).json()).exchanges[exchange]
    ending.abort()
    const allowed = (perSecond(adapter) * windowMs * 2.5) / 1000
    expect(told?.refused.requests).toBe(0)
    // Histories leave a quarter of the rest to live requests; the second one has waited for a window at most.
    for (const each of [spent[0] - before, spent[1]]) expect(each).toBeGreaterThan(allowed * 0.25)
  },
)
