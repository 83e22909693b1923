import type { Headers } from './refusal.js'

/**
 * What a venue says was spent in its current window, in the units of our budget of `weight`: Binance tells the weight itself
 * (`x-mbx-used-weight-1m`), BitMEX what is left of how much (`x-ratelimit-remaining`, `-limit`). `undefined` where an answer tells nothing.
 */
export function spentWeight(headers: Headers, weight: number): number | undefined {
  const used = read(headers['x-mbx-used-weight-1m'])
  if (used !== undefined) return used
  const [limit, left] = [read(headers['x-ratelimit-limit']), read(headers['x-ratelimit-remaining'])]
  if (limit === undefined || left === undefined || limit <= 0) return undefined
  return (Math.max(0, limit - left) / limit) * weight
}

function read(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
