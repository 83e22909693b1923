/** JSON with bigints: they stand as `{"$n":"123"}`. For our own state and records only, never for a venue's text. */
export function bigStringify(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? { $n: each.toString() } : each))
}

/** Inverse of `bigStringify`. The caller validates what it gets. */
export function bigParse(text: string): unknown {
  return JSON.parse(text, (_key, each: unknown) => {
    if (typeof each === 'object' && each !== null && '$n' in each && typeof each.$n === 'string') return BigInt(each.$n)
    return each
  })
}
