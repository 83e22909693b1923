import { runChaos } from './chaos/chaos.js'
import { startDaemon } from './compose/daemon.js'
import { catalog } from './compose/exchange-calls.js'
import { exportSource } from './compose/exporting.js'
import { openJobs } from './compose/histories.js'
import { daemonOf, idleStreams, openData, openLocal } from './compose/local.js'
import { COINS } from './emulator/coins.js'
import { startEmulator, VENUES } from './emulator/emulate.js'
import { adapterOf, exchanges } from './exchanges/index.js'
import { exportData } from './export/export-data.js'
import { systemClock } from './lib/clock.js'
import type { Capability } from './model/capability.js'
import { rebuildPorts } from './rebuild-ports.js'
import { decode } from './service/decode.js'
import { gapRows } from './service/gaps.js'
import { rebuild } from './service/rebuild.js'
import type { Services } from './service/services.js'
import { verify } from './service/verify.js'
import { importPredecessor } from './store/import-predecessor.js'
import { ReadOnlyData } from './store/reader.js'
import { runSql } from './store/sql.js'
import { visibleRows } from './store/visible.js'
import { verifyPorts } from './verify-ports.js'
import { VERSION } from './version.js'

export { defaultDependencies } from './compose/recording.js'

/** Everything the command line can ask for. `program`: the file of this program's command line, for runs of it in a process of its own. */
export function createServices(program = ''): Services {
  return {
    version: VERSION,
    catalog,
    idleStreams,
    startDaemon: (config, onError, origin) => startDaemon(config, { error: onError }, origin),
    openJobs: (config, onError) => openJobs(config, { error: onError }),
    startEmulator: (request) => startEmulator(request),
    emulated,
    chaos: (request, tell, signal) =>
      runChaos(
        request,
        {
          program: [program],
          preload: new URL('./chaos/preload.js', import.meta.url).href,
          startEmulator,
          emulated: (instruments) =>
            emulated(instruments).map((venue) => ({ ...venue, numbered: numbersBooks(venue.exchange) })),
          async gaps(dataPath) {
            const data = await openData(dataPath)
            try {
              return gapRows(data.gaps({}))
            } finally {
              await data.close()
            }
          },
          visibleRows: (dataPath, exchange, kind, pair) => visibleRows(dataPath, { exchange, kind, pair }),
          wall: () => systemClock().wall(),
        },
        tell,
        signal,
      ),
    rebuild: (dataPath, output, tell) => rebuild(dataPath, output, rebuildPorts(adapterOf), tell),
    importTree: (dataPath, tree, dryRun, tell) => importPredecessor(dataPath, tree, dryRun, systemClock(), tell),
    async export(dataPath, request) {
      const data = await ReadOnlyData.open(dataPath)
      try {
        return await exportData(exportSource(data), request)
      } finally {
        await data.close()
      }
    },
    verify: (dataPath, options, tell) => verify(dataPath, options, verifyPorts(adapterOf), tell),
    sql: (dataPath, request, signal) => runSql(dataPath, request, systemClock(), signal),
    openLocal,
    openData,
    daemonOf,
    async decode(exchange, input, write) {
      return await decode(adapterOf(exchange), input, write)
    },
  }
}

/** A channel as a config names it: candles of a minute, or of the shortest length that there is. */
function channelText({ channel, intervals = [] }: Capability): string {
  const [shortest] = intervals
  return shortest === undefined || intervals.includes('1m') ? channel : `${channel}:${shortest}`
}

function emulated(instruments: number) {
  return VENUES.map(({ exchange, instruments: list }) => {
    const pairs = list(COINS.slice(0, instruments)).map(({ pair }) => pair)
    const kindOf = (pair: string) => (pair.endsWith(':perp') ? 'perpetual' : pair.includes(':') ? 'future' : 'spot')
    const streams = (['spot', 'perpetual', 'future'] as const).flatMap((kind) => {
      const own = pairs.filter((pair) => kindOf(pair) === kind)
      const offered = exchanges[exchange]?.capabilities.filter(({ kinds }) => kinds?.includes(kind) ?? true) ?? []
      return own.length ? [{ pairs: own, channels: offered.map(channelText) }] : []
    })
    return { exchange, pairs, streams }
  })
}

/** Whether an exchange numbers the changes of its books, so that a lost one shows. */
function numbersBooks(exchange: string): boolean {
  const book = exchanges[exchange]?.capabilities.find(({ channel }) => channel === 'book')
  return book?.proof === 'counter' || book?.proof === 'chain' || book?.proof === 'connection'
}
