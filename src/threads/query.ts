import type { QueryMethods, QueryStart } from '../daemon/query-messages.js'
import { type Port, serveRpc } from '../lib/rpc.js'
import { CollectorError, decodeError, encodeError } from '../model/error.js'
import type { Operation } from '../service/operation.js'
import { isOperation, OPERATIONS } from '../service/operations/table.js'
import type { StoredPorts } from '../service/ports.js'
import type { StoredData } from '../service/services.js'
import { openStoredData } from '../store/stored-data.js'

/**
 * Answers operations over the stored data away from the thread that serves the API: a ledger of a hundred thousand intervals takes a second to
 * look through, and the API answers others meanwhile.
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
  const methods: QueryMethods = {
    async ask(name, input) {
      if (!isOperation(name)) throw new CollectorError('INTERNAL', `there is no operation ${name}`)
      const operation: Operation<never, never, StoredPorts> = OPERATIONS[name] as never // one that is `apart`
      return await operation.run(
        { data: opened, dataPath, config: () => config },
        input as never,
        new AbortController().signal,
      )
    },
    configure(next) {
      config = next
    },
    async close() {
      await (await data)?.close()
    },
  }
  serveRpc(port, methods, { encode: encodeError, decode: decodeError })
}
