import { type Fields, isFields } from './wire.js'

/** A size from the `filters` that Binance lists a symbol with; zero means that there is none. */
export function filterSize({ filters }: Fields, filterType: string, name: string): string | undefined {
  if (!Array.isArray(filters)) return undefined
  const filter = filters.filter(isFields).find((each) => each.filterType === filterType)
  const size = filter?.[name]
  return typeof size === 'string' && Number(size) > 0 ? size : undefined
}
