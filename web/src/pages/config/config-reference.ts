import type { ApiClient } from '../../api/api-client.js'
import type { ExchangeOffer } from '../../api/contract.js'
import type { TextSchema } from '../../parts/yaml-place.js'

/** The reference of the config, as its page in `docs/reference` is made from: what the editor completes. Exchanges are those that the daemon knows. */
export async function referenceOf(api: ApiClient, signal: AbortSignal): Promise<TextSchema> {
  const [reference, offers] = await Promise.all([
    import('../../../../docs/reference/config.schema.json'),
    api.get<readonly ExchangeOffer[]>('/capabilities', {}, signal),
  ])
  const exchanges = offers.map(({ exchange }) => exchange)
  return withKnown(reference.default, 'exchange', exchanges)
}

/** The schema with words for every key of a name. */
function withKnown(schema: TextSchema, key: string, known: readonly string[]): TextSchema {
  const { properties, items } = schema
  const inside = Object.entries(properties ?? {}).map(([name, each]): [string, TextSchema] => [
    name,
    name === key ? { ...each, known } : withKnown(each, key, known),
  ])
  return {
    ...schema,
    ...(properties ? { properties: Object.fromEntries(inside) } : {}),
    ...(items ? { items: withKnown(items, key, known) } : {}),
  }
}
