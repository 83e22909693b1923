const STRING_OR_BRACE = /"[^"\\]*(?:\\.[^"\\]*)*"|\{\s*\}|\{/g

/** The frame with one more field in each of its objects, nothing else changed, not even the spelling of a number. */
export function withUnknownFields(frame: string): string {
  const field = '"zz_unknown":["new",{}]'
  return frame.replace(STRING_OR_BRACE, (token) => {
    if (token.startsWith('"')) return token
    return token === '{' ? `{${field},` : `{${field}}`
  })
}

/** Frames that no exchange means: cut off, empty, not text of JSON, and large. */
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
    `"${'x'.repeat(2_000_000)}`,
    '['.repeat(20_000),
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ]
}
