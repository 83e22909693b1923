import type { z } from 'zod'
import { ExportDesk } from '../compose/export-desk.js'
import { exportsInTurn } from '../compose/exporting.js'
import { sqlInTurn } from '../compose/sql-in-turn.js'
import type { QueryMethods, QueryStart } from '../daemon/query-messages.js'
import { systemClock } from '../lib/clock.js'
import { type Port, serveRpc } from '../lib/rpc.js'
import { CollectorError, decodeError, encodeError } from '../model/error.js'
import type { Operation } from '../service/operation.js'
import { isOperation, OPERATIONS } from '../service/operations/table.js'
import type { StoredPorts } from '../service/ports.js'
import { answerQuestion, isQuestion } from '../service/questions.js'
import type { StoredData } from '../service/services.js'
import { openStoredData } from '../store/stored-data.js'

/**
 * Answers operations over the stored data and makes files of it, away from the thread that serves the API: a ledger of a hundred thousand intervals
 * takes a second to look through, and the API answers others meanwhile.
 */
export function queryThread(port: Port, { dataPath, config: first }: QueryStart): void {
  let config = first
  let data: Promise<StoredData> | undefined
  const opened = () => {
    data ??= openStoredData(dataPath).catch((error: unknown) => {
      data = undefined
      throw error
    })
    return data
  }
  const ports: StoredPorts = {
    data: opened,
    dataPath,
    config: () => config,
    sql: sqlInTurn(dataPath, systemClock()),
  }
  const desk = new ExportDesk(exportsInTurn(dataPath))
  const methods: QueryMethods = {
    askText: async (name, input, signal) => JSON.stringify(await methods.ask(name, input, signal)),
    async ask(name, input, signal) {
      if (isQuestion(name)) return await answerQuestion(ports, name, input)
      const found: Operation | undefined = isOperation(name) ? OPERATIONS[name] : undefined
      const operation = found?.apart && (found as Operation<z.ZodType, z.ZodType, StoredPorts>) // what `apart` says
      if (!operation) throw new CollectorError('INTERNAL', `${name} is not answered here`)
      return await operation.run(ports, input, signal) // checked by its own schema before it came here
    },
    openExport: (id, request) => desk.open(id, request),
    nextChunk: (id) => desk.next(id),
    closeExport: (id) => desk.close(id),
    configure(next) {
      config = next
    },
    async close() {
      await (await data)?.close()
    },
  }
  serveRpc(port, methods, { encode: encodeError, decode: decodeError })
}
