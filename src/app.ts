import { readFile } from 'node:fs/promises'
import { systemClock } from './lib/clock.js'
import type { Services } from './service/services.js'
import { VERSION } from './version.js'

/**
 * Everything the command line can ask for, loaded as it is asked for: no command waits for the code of others. `program`: the file of this program's command
 * line, for runs of it in a process of its own.
 */
export function createServices(program = ''): Services {
  return {
    version: VERSION,
    catalog: async () => (await import('./compose/exchange-calls.js')).catalog,
    exampleConfig,
    openData: async (dataPath) => await (await import('./store/stored-data.js')).openStoredData(dataPath),
    idleStreams: async (config) => (await import('./compose/idle-streams.js')).idleStreams(config),
    openLocal: async (dataPath, origin) => (await import('./compose/local.js')).openLocal(dataPath, origin),
    daemonOf: async (dataPath) => (await import('./compose/daemon-of.js')).daemonOf(dataPath),
    startDaemon: async (config, onError, origin) =>
      (await import('./compose/daemon.js')).startDaemon(config, { error: onError }, origin),
    openJobs: async (config, onError) => (await import('./compose/histories.js')).openJobs(config, { error: onError }),
    startEmulator: async (request) => (await import('./emulator/emulate.js')).startEmulator(request),
    emulated: async (instruments) => (await import('./compose/emulated.js')).emulated(instruments),
    async chaos(request, tell, signal) {
      const { runChaos } = await import('./chaos/chaos.js')
      const { chaosPorts } = await import('./compose/chaos-run.js')
      return await runChaos(request, chaosPorts(program), tell, signal)
    },
    async rebuild(dataPath, output, tell) {
      const { rebuild } = await import('./service/rebuild.js')
      const { rebuildPorts } = await import('./compose/rebuild-ports.js')
      const { adapterOf } = await import('./exchanges/index.js')
      return await rebuild(dataPath, output, rebuildPorts(adapterOf), tell)
    },
    async importTree(dataPath, tree, dryRun, tell) {
      const { importPredecessor } = await import('./store/import-predecessor.js')
      return await importPredecessor(dataPath, tree, dryRun, systemClock(), tell)
    },
    async export(dataPath, request) {
      const { exportFolder } = await import('./compose/exporting.js')
      return await exportFolder(dataPath, request)
    },
    async verify(dataPath, options, tell) {
      const { verify } = await import('./service/verify.js')
      const { verifyPorts } = await import('./compose/verify-ports.js')
      const { adapterOf } = await import('./exchanges/index.js')
      return await verify(dataPath, options, verifyPorts(adapterOf), tell)
    },
    async sql(dataPath, request, signal) {
      return await (await import('./store/sql.js')).runSql(dataPath, request, systemClock(), signal)
    },
    async decode(exchange, input, write) {
      const { adapterOf } = await import('./exchanges/index.js')
      return await (await import('./service/decode.js')).decode(adapterOf(exchange), input, write)
    },
  }
}

async function exampleConfig(): Promise<string> {
  const [inPackage, inCheckout] = (await import('./compose/places.js')).EXAMPLE_CONFIG
  return await readFile(inPackage, 'utf8').catch(() => readFile(inCheckout, 'utf8'))
}
