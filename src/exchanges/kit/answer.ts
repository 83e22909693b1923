import { CollectorError } from '../../model/error.js'
import { readJson, WireError } from './wire.js'

/**
 * Reads the JSON body of a REST answer; throws BAD_MESSAGE where it makes no sense. `what` names it in the message. `json`: `readLossless` where
 * the venue writes prices as numbers.
 */
export function readAnswer<T>(
  body: string,
  what: string,
  read: (answer: unknown) => T,
  json: (text: string) => unknown = readJson,
): T {
  try {
    return read(json(body))
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new CollectorError('BAD_MESSAGE', `${what}: ${error.message}`, { cause: error })
  }
}
