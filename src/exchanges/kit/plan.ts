import type { ConnectionPlan, Subscription } from '../exchange.js'

/** Cuts a list into pieces of at most `size`, in order. */
export function batches<T>(items: readonly T[], size: number): T[][] {
  const cut: T[][] = []
  for (let at = 0; at < items.length; at += size) cut.push(items.slice(at, at + size))
  return cut
}

/** As few connections as the venue's limit allows, all on one path. */
export function planOnPath(path: string, limit: number, subscriptions: readonly Subscription[]): ConnectionPlan[] {
  return batches(subscriptions, limit).map((part) => ({ path, subscriptions: part }))
}

/** The same where a connection can carry each thing (`key`) only once: each repetition goes to further connections. */
export function planOncePerKey(
  path: string,
  limit: number,
  subscriptions: readonly Subscription[],
  key: (subscription: Subscription) => string,
): ConnectionPlan[] {
  return oncePerKey(subscriptions, key).flatMap((members) => planOnPath(path, limit, members))
}

/** Cuts a list into lists in which no key is twice: the first has all keys, the second those that come again, and so on. */
export function oncePerKey(
  subscriptions: readonly Subscription[],
  key: (each: Subscription) => string,
): Subscription[][] {
  const seen = new Map<string, number>()
  return grouped(subscriptions, (each) => {
    const round = seen.get(key(each)) ?? 0
    seen.set(key(each), round + 1)
    return round
  })
}

/** A list cut by what `of` tells of each item, in the order in which that first comes. */
export function grouped<T>(items: readonly T[], of: (item: T) => unknown): T[][] {
  const groups = new Map<unknown, T[]>()
  for (const item of items) {
    const key = of(item)
    const group = groups.get(key) ?? []
    group.push(item)
    groups.set(key, group)
  }
  return [...groups.values()]
}
