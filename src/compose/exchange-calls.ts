import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { listInstruments } from '../capture/list-instruments.js'
import { refusedAnswer } from '../capture/refused-answer.js'
import type { CollectorConfig } from '../config/schema.js'
import type { CatalogEntry } from '../config/validate-against.js'
import { adapterOf, exchanges } from '../exchanges/index.js'
import { systemClock } from '../lib/clock.js'
import type { CollectorError } from '../model/error.js'
import { Budgets } from '../net/budgets.js'
import { requestText } from '../net/http.js'
import { Neighbours } from '../net/neighbours.js'
import { refusalOf } from '../net/refusal.js'
import { InstrumentLists, type ListDeps } from '../service/instrument-lists.js'
import { type DaemonLog, hiddenFolder } from './threads.js'

/** What the exchanges offer, for the config and the manager. */
export const catalog: readonly CatalogEntry[] = Object.values(exchanges)

/** The request budgets of a config's data folder. */
export function createBudgets(config: CollectorConfig, log: DaemonLog): Budgets {
  const limits = Object.fromEntries(Object.entries(exchanges).map(([id, { limits }]) => [id, limits.rest]))
  const path = join(hiddenFolder(config), 'budgets.json')
  const clock = systemClock()
  const onError = (error: CollectorError) => log.error(error)
  // Daemons of one machine have one address, whatever their folders. A container may run as a number that is no user of it.
  const folder = join(tmpdir(), `dccd-${process.getuid?.() ?? 'user'}`)
  return new Budgets(path, limits, clock, onError, {
    neighbours: new Neighbours(folder, resolve(config.storage.local_path), clock, onError),
    base: (exchange) => config.settings.endpoints[exchange]?.rest ?? adapterOf(exchange).endpoints.rest,
  })
}

/** One REST call of an exchange within its budget; gives the body, or throws what a refusal means. */
export function askRest(
  exchange: string,
  endpoints: CollectorConfig['settings']['endpoints'],
  budgets: Budgets,
  signal: AbortSignal,
) {
  const clock = systemClock()
  const adapter = adapterOf(exchange)
  const base = endpoints[exchange]?.rest ?? adapter.endpoints.rest
  return async ({ path, weight }: { readonly path: string; readonly weight: number }): Promise<string> => {
    await budgets.take(exchange, weight, 'discovery', signal)
    const answer = await requestText(base + path, { clock }, signal)
    if (answer.status >= 200 && answer.status < 300) return new TextDecoder().decode(answer.body)
    const error = refusedAnswer(adapter, refusalOf, base + path, answer)
    const { code, retry } = error
    if (code === 'RATE_LIMITED' || code === 'BANNED')
      budgets.block(exchange, typeof retry === 'object' ? retry.afterMs : 10_000)
    throw error
  }
}

/** What exchanges list: from the last time that they were asked, else asked now, within their budget. */
export function instrumentLists(config: CollectorConfig, budgets: Budgets, saved: ListDeps['saved']): InstrumentLists {
  const clock = systemClock()
  return new InstrumentLists({
    clock,
    saved,
    async fetch(exchange) {
      const ask = askRest(exchange, config.settings.endpoints, budgets, new AbortController().signal)
      return await listInstruments(adapterOf(exchange).instruments, ask)
    },
  })
}
