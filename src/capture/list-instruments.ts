import type { ListCall, RestCall } from '../exchanges/exchange.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'

/** More pages than any venue needs: a list that does not end is none. */
const MOST_PAGES = 200

/**
 * Everything that a venue lists, over all of its lists and their pages; `ask` makes one REST call and gives the body. A pair that stands
 * there twice is the one that trades. Throws what `ask` and the readers throw, and BAD_MESSAGE where pages go in circles.
 */
export async function listInstruments(
  lists: readonly ListCall<Instrument>[],
  ask: (call: RestCall<unknown>) => Promise<string>,
): Promise<Instrument[]> {
  const found = new Map<string, Instrument>()
  for (const list of lists) {
    const asked = new Set<string>()
    let call: ListCall<Instrument> | undefined = list
    while (call) {
      if (asked.has(call.path) || asked.size >= MOST_PAGES)
        throw new CollectorError('BAD_MESSAGE', `the pages of ${list.path} do not end`)
      asked.add(call.path)
      const body = await ask(call)
      for (const each of call.read(body)) if (found.get(each.pair)?.status !== 'trading') found.set(each.pair, each)
      call = call.next?.(body)
    }
  }
  return [...found.values()]
}
