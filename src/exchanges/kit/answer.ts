import { CollectorError } from '../../model/error.js'
import { readJson, WireError } from './wire.js'

/** Reads the JSON body of a REST answer; throws BAD_MESSAGE where it makes no sense. `what` names it in the message. */
export function readAnswer<T>(body: string, what: string, read: (answer: unknown) => T): T {
  try {
    return read(readJson(body))
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new CollectorError('BAD_MESSAGE', `${what}: ${error.message}`, { cause: error })
  }
}
