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
  const rounds: Subscription[][] = []
  const seen = new Map<string, number>()
  for (const each of subscriptions) {
    const round = seen.get(key(each)) ?? 0
    seen.set(key(each), round + 1)
    const members = rounds[round] ?? []
    members.push(each)
    rounds[round] = members
  }
  return rounds.flatMap((members) => planOnPath(path, limit, members))
}
