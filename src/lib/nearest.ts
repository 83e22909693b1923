/** The candidate that `text` most likely meant, or `undefined` when none is near. Capitals and `-`, `_` do not count. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(text)
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const name = plain(candidate)
    const begins = Math.min(name.length, wanted.length) > 3 && (name.startsWith(wanted) || wanted.startsWith(name))
    const distance = Math.min(editDistance(wanted, name), begins ? 1.5 : Number.POSITIVE_INFINITY)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  if (best === undefined) return undefined
  return least <= Math.max(1, Math.floor(Math.min(wanted.length, best.length) / 2.5)) ? best : undefined
}

function plain(text: string): string {
  return text
    .slice(0, 100)
    .toLowerCase()
    .replace(/[-_\s]/g, '')
}

/** How many letters must be inserted, removed, replaced or swapped with their neighbour. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] && i > 1 && j > 1)
        cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
