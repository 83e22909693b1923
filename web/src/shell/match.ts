/**
 * How well a text matches what was typed: all its letters in order, better when they begin words and stand together. Undefined: not at all.
 */
export function matchScore(text: string, typed: string): number | undefined {
  const low = text.toLowerCase()
  const wanted = typed.toLowerCase().replaceAll(/\s+/g, '')
  const whole = wanted === '' ? -1 : low.indexOf(typed.toLowerCase().trim())
  if (whole >= 0) return 1000 - whole - low.length / 100
  let at = -1
  let score = 0
  for (const letter of wanted) {
    const next = low.indexOf(letter, at + 1)
    if (next < 0) return undefined
    if (next === at + 1) score += 5
    else if (/[^a-z0-9]/.test(low[next - 1] ?? ' ')) score += 4
    else score -= Math.min(3, next - at)
    at = next
  }
  return score - low.length / 100
}
