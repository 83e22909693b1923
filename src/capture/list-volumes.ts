import type { ExchangeAdapter, RestCall, Traded } from '../exchanges/exchange.js'
import { CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'

/** Currencies that are about a dollar: values in them are taken as they are. */
const DOLLARS: ReadonlySet<string> = new Set(['USD', 'USDT', 'USDC', 'FDUSD', 'TUSD', 'DAI', 'USDE', 'PYUSD', 'UST'])

/**
 * The value that was traded of each pair within the last 24 hours, in dollars or what stands for them, so that pairs of different quotes can be
 * ranked; `ask` makes one REST call. Throws UNSUPPORTED where the venue does not tell.
 */
export async function listVolumes(
  adapter: Pick<ExchangeAdapter, 'id' | 'volumes'>,
  instruments: readonly Instrument[],
  ask: (call: RestCall<unknown>) => Promise<string>,
): Promise<Map<string, number>> {
  if (!adapter.volumes)
    throw new CollectorError('UNSUPPORTED', `${adapter.id} does not tell what is traded most`, {
      remedy: 'Name the pairs, or use a pattern without top.',
    })
  const traded = new Map<string, Traded>()
  for (const call of adapter.volumes) for (const each of call.read(await ask(call))) traded.set(each.symbol, each)
  const rows = instruments.flatMap((instrument) => {
    const found = traded.get(instrument.symbol) ?? traded.get(instrument.restSymbol ?? '')
    return found ? [{ instrument, found }] : []
  })
  const dollars = new Map<string, number>()
  for (const { instrument, found } of rows)
    if (DOLLARS.has(instrument.quote) && found.last > 0 && !dollars.has(instrument.base))
      dollars.set(instrument.base, found.last)
  return new Map(
    rows.map(({ instrument: { pair, quote }, found: { amount, last } }) => {
      const value = 'quote' in amount ? amount.quote : amount.base * last
      const worth = value * (DOLLARS.has(quote) ? 1 : (dollars.get(quote) ?? 0))
      return [pair, Number.isFinite(worth) ? worth : 0]
    }),
  )
}
