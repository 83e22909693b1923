import { diffArrays } from 'diff'

interface Token {
  readonly text: string
  /** The blanks before it. */
  readonly space: string
}

/** `after` with the blanks of `before` wherever neither a word nor its neighbour changed: a list keeps its padding when an entry comes or goes. */
export function respaced(before: string, after: string): string {
  const [old, now] = [tokensOf(before), tokensOf(after)]
  const changes = diffArrays(
    old.map(({ text }) => text),
    now.map(({ text }) => text),
  )
  let [at, next] = [0, 0]
  let written = ''
  let gap: 'none' | 'added' | 'removed' = 'none'
  let firstRemoved = ''
  for (const { added, removed, count = 0 } of changes) {
    if (removed) {
      if (gap === 'none') firstRemoved = old[at]?.space ?? ''
      gap = gap === 'added' ? 'added' : 'removed'
      at += count
      continue
    }
    for (let n = 0; n < count; n++) {
      const { text, space } = now[next++] ?? { text: '', space: '' }
      let shown = space
      if (!added) {
        const own = old[at++]?.space ?? ''
        const closes = text === ']' || text === '}'
        const kept = gap === 'removed' && !closes ? firstRemoved : own
        if (gap === 'none' || !/\n/.test(kept + space)) shown = kept
        gap = 'none'
      }
      written += shown + text
    }
    if (added) gap = 'added'
  }
  return written + (/\s*$/.exec(after)?.[0] ?? '')
}

function tokensOf(text: string): Token[] {
  return [...text.matchAll(/(\s*)([{}[\],]|[^\s{}[\],]+)/g)].map(([, space = '', word = '']) => ({ text: word, space }))
}
