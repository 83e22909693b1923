import { Archives } from '../archives/fetch-archive.js'
import { Deriver } from '../capture/deriver.js'
import { Lane } from '../capture/lane.js'
import { listInstruments } from '../capture/list-instruments.js'
import { PageDriver } from '../capture/page-driver.js'
import { findInstrument } from '../capture/task-plan.js'
import type { HistoryMethods, HistoryNews, HistoryStart } from '../daemon/history-messages.js'
import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { adapterOf } from '../exchanges/index.js'
import { executeRun, planRun, type RunPorts } from '../history/run.js'
import { datasetOfTarget, type Target } from '../history/target.js'
import { PortLaneWriter } from '../journal/lane-writer.js'
import { systemClock } from '../lib/clock.js'
import { type Port, RpcClient, serveRpc } from '../lib/rpc.js'
import { datasetKey } from '../model/dataset.js'
import { CollectorError, decodeError, encodeError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import { ask, blocked } from '../net/ask.js'
import type { BudgetMethods } from '../net/budgets.js'
import { download } from '../net/download.js'
import { GrantedBudget } from '../net/granted-budget.js'
import { requestText } from '../net/http.js'
import type { Priority } from '../net/rate-limit.js'
import { refusalOf } from '../net/refusal.js'
import { ColumnBuilder } from '../store/columns.js'
import { StoreClient } from '../store/store-thread.js'

const CODEC = { encode: encodeError, decode: decodeError }
/** Rows or answers beyond this are made safe before the next page is asked for: what bounds the memory of a run of any length. */
const COMMIT_BYTES = 10 * 1024 * 1024
/** What was fetched is safe at least this often: what a killed run loses at most. */
const COMMIT_MS = 5000
const TELL_MS = 250

/** The history thread: pages of the past into a lane of its own, and from there into the store. */
export function historyThread(port: Port, start: HistoryStart): void {
  const clock = systemClock()
  const main = new RpcClient<BudgetMethods>(port, CODEC)
  const store = new StoreClient(start.store)
  const writer = new PortLaneWriter(start.lane, start.journal, clock)
  writer.append({ type: 'config', wall: clock.wall(), body: start.config })
  const builder = new ColumnBuilder()
  const numbers = new Int32Array(start.connections)
  const tell = (news: HistoryNews) => port.postMessage(news)
  const lane = new Lane(clock, writer, new Deriver(adapterOf, builder), (wish) => driver.obey(wish))
  const budgets = new Map<string, GrantedBudget>()
  const budgetOf = (exchange: string) => {
    const budget = budgets.get(exchange) ?? new GrantedBudget(exchange, main)
    budgets.set(exchange, budget)
    return budget
  }
  const askExchange = (exchange: string, path: string, weight: number, priority: Priority, signal: AbortSignal) => {
    const { endpoints, limits, refusal } = adapterOf(exchange)
    const base = start.endpoints[exchange]?.rest ?? endpoints.rest
    const own = { clock, budget: budgetOf(exchange), request: requestText, limit: limits.rest }
    return ask(base + path, weight, priority, { ...own, ...(refusal ? { refusal } : {}) }, signal)
  }
  const driver = new PageDriver(lane, {
    adapter: adapterOf,
    ask: askExchange,
    refused: (exchange, error) => blocked(error, budgetOf(exchange)),
    nextConnection: () => Atomics.add(numbers, 0, 1),
  })

  let turn: Promise<unknown> = Promise.resolve()
  const commitNow = async () => {
    if (builder.bytes === 0) return
    const position = lane.freeze()
    const batch = builder.take()
    await lane.whenDurable(position)
    await store.submit(start.lane, position, batch)
    await store.commit()
  }
  const commit = async (): Promise<void> => {
    const mine = turn.catch(() => {}).then(commitNow)
    turn = mine
    await mine
  }
  const safe = setInterval(() => void commit().catch(() => {}), COMMIT_MS)

  const lists = new Map<string, ReadonlyMap<string, Instrument>>()
  const instrument = async (exchange: string, pair: string, signal: AbortSignal): Promise<Instrument> => {
    let listed = lists.get(exchange)
    if (!listed?.has(pair)) {
      const saved = listed ? undefined : await store.loadInstruments(exchange)
      listed = new Map(saved?.map((each) => [each.pair, each]))
    }
    if (!listed.has(pair)) {
      const list = await listInstruments(adapterOf(exchange).instruments, async ({ path, weight }) =>
        new TextDecoder().decode((await askExchange(exchange, path, weight, 'discovery', signal)).body),
      )
      listed = new Map(list.map((each) => [each.pair, each]))
      tell({ news: 'instruments', exchange, list })
    }
    lists.set(exchange, listed)
    return findInstrument(exchange, pair, listed)
  }

  const wait = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done)
        cancel()
        resolve()
      }
      const cancel = clock.after(ms, done)
      signal.addEventListener('abort', done)
    })
  const archives = new Archives(start.archives, {
    open: (url, method, signal) => download(url, { clock, method }, signal),
    refused: ({ status, headers }) => refusalOf(status, headers, clock.wall()),
    wait,
    random: Math.random,
  })
  const cleaned = archives.clean()
  /** Who asks another host than the exchange's own must not be given the exchange's own files. */
  const archiveBase = (exchange: string): string | undefined => {
    const { archive, rest } = start.endpoints[exchange] ?? {}
    return archive ?? (rest === undefined ? adapterOf(exchange).endpoints.archive : undefined)
  }
  const withFiles = (exchange: string): ExchangeAdapter => {
    const { archives: published, ...adapter } = adapterOf(exchange)
    return published && archiveBase(exchange) !== undefined ? { ...adapter, archives: published } : adapter
  }

  const runPorts = (priority: Priority): RunPorts => ({
    adapter: withFiles,
    instrument,
    ledger: {
      proven: (dataset) => store.proven(dataset),
      gaps: (filter) => store.gaps(filter),
      rows: async (dataset) => {
        const key = datasetKey(dataset)
        return (await store.inventory()).find((each) => datasetKey(each.dataset) === key)?.rows ?? 0
      },
    },
    async page(target, request, cursor, grown, signal) {
      const fetched = await driver.page(pageOf(target), request, cursor, grown, priority, signal)
      if (builder.bytes + lane.bytes > COMMIT_BYTES) await commit()
      return fetched
    },
    archives: {
      async stage(exchange, archive, file, mark, signal) {
        await cleaned
        return await archives.fetch(archiveBase(exchange) ?? '', file, archive, mark, signal)
      },
      length: (exchange, file, signal) => archives.length(archiveBase(exchange) ?? '', file, signal),
      async part(target, request, cursor, grown, of) {
        const fetched = await driver.part(pageOf(target), request, cursor, grown, of)
        if (builder.bytes + lane.bytes > COMMIT_BYTES) await commit()
        return fetched
      },
      async look({ exchange, channel }, request, cursor, signal) {
        const feed = adapterOf(exchange).history?.find((each) => each.channel === channel)
        if (!feed) throw new CollectorError('UNSUPPORTED', `${exchange} serves no past of ${channel}`)
        const { path, weight, read } = feed.page(request, cursor)
        const { body } = await askExchange(exchange, path, weight, priority, signal)
        return read(new TextDecoder().decode(body))
      },
    },
    lose: (dataset, { from, until, code, detail }) =>
      lane.decide(0, { what: 'lost', dataset, from: `${from}`, until: `${until}`, code, detail }),
    commit,
    wait,
    random: Math.random,
    wall: () => clock.wall(),
  })

  const running = new Map<number, AbortController>()
  const methods: HistoryMethods = {
    async plan(order) {
      await commit()
      return await planRun(order, runPorts(order.priority), new AbortController().signal)
    },
    async run(order) {
      const ending = new AbortController()
      running.set(order.run, ending)
      let due: (() => void) | undefined
      let newest: (HistoryNews & { news: 'parts' }) | undefined
      const show = () => {
        due = undefined
        if (newest) tell(newest)
      }
      try {
        await commit()
        const hooks = {
          parts: (parts: (HistoryNews & { news: 'parts' })['parts']) => {
            newest = { news: 'parts', run: order.run, parts }
            due ??= clock.after(TELL_MS, show)
          },
          log: (line: string) => tell({ news: 'log', run: order.run, line }),
        }
        const parts = await executeRun(order, runPorts(order.priority), hooks, ending.signal)
        ending.signal.throwIfAborted()
        return parts
      } finally {
        due?.()
        show()
        running.delete(order.run)
        await commit()
      }
    },
    cancel: (run) => running.get(run)?.abort(new CollectorError('PROCESS_STOPPED', 'the run was cancelled')),
    async stop() {
      clearInterval(safe)
      for (const ending of running.values())
        ending.abort(new CollectorError('PROCESS_STOPPED', 'the daemon was stopped'))
      await commit()
      const position = await lane.end()
      await store.submit(start.lane, position, builder.take())
      await store.commit()
    },
  }
  serveRpc(port, methods, CODEC)
}

function pageOf(target: Target) {
  const { exchange, channel } = target
  return { exchange, channel, dataset: datasetKey(datasetOfTarget(target)) }
}
