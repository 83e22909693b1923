import { readJson } from './wire.js'

const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const QUOTE = '"'

/**
 * The JSON of a frame with every number as the text that stood on the wire: `[1.10, "x"]` becomes `['1.10', 'x']`.
 * A number can then not be told from text of the same spelling. Throws a WireError when it is not JSON.
 */
export function readLossless(frame: string): unknown {
  return readJson(frame.replace(STRING_OR_NUMBER, (token) => (token.startsWith(QUOTE) ? token : QUOTE + token + QUOTE)))
}
