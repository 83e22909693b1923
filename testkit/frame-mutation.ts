import type { Shape } from '../src/model/shape.js'

const STRING_OR_BRACE = /"[^"\\]*(?:\\.[^"\\]*)*"|\{\s*\}|\{/g

/** The frame with one more field in each of its objects, nothing else changed, not even the spelling of a number. */
export function withUnknownFields(frame: string): string {
  const field = '"zz_unknown":["new",{}]'
  return frame.replace(STRING_OR_BRACE, (token) => {
    if (token.startsWith('"')) return token
    return token === '{' ? `{${field},` : `{${field}}`
  })
}

/** More places than any list of a venue has that writes its messages as lists. */
const PLACES = ',7'.repeat(30)

/** The same; where messages are lists by places, with more places in each. */
export function withMoreOfAll(frame: string): string {
  return frame.startsWith('[') ? frame.replaceAll(']', `${PLACES}]`) : withUnknownFields(frame)
}

/** Every word that a shape knows. */
export function wordsOf(shape: Shape): string[] {
  switch (shape.is) {
    case 'word':
      return [...shape.words].filter(Boolean)
    case 'object':
      return [...shape.fields.values()].flatMap(wordsOf)
    case 'list':
      return wordsOf(shape.item)
    case 'places':
      return shape.each.flatMap(wordsOf)
    case 'either':
      return shape.forms.flatMap(wordsOf)
    default:
      return []
  }
}

/** Frames that no exchange means, made of one: cut off, empty, not text of JSON. */
export function brokenFrames(frame: string): string[] {
  const cuts = [1, Math.floor(frame.length / 3), Math.floor(frame.length / 2), frame.length - 1]
  return [
    ...cuts.filter((cut) => cut > 0 && cut < frame.length).map((cut) => frame.slice(0, cut)),
    '',
    ' ',
    'null',
    '"text"',
    '12',
    '<html><body>502 Bad Gateway</body></html>',
    `${frame}${frame}`,
    '\u0000\u0001\ufffd',
  ]
}

/** And such as are too long or too deep. */
export function hugeFrames(): string[] {
  return [`"${'x'.repeat(2_000_000)}`, '['.repeat(20_000), `${'['.repeat(100_000)}${']'.repeat(100_000)}`]
}
