/** A number exactly as the exchange wrote it. */
export type DecimalText = string

const NUMBER = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/** Whether `text` is a decimal number as venues write them. */
export function isDecimal(text: unknown): text is DecimalText {
  return typeof text === 'string' && (isPlain(text) || NUMBER.test(text))
}

/** Whether `text` is digits with at most one point among or after them: what venues nearly always write, told without a regular expression. */
function isPlain(text: string): boolean {
  const { length } = text
  let digits = 0
  let point = false
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) digits++
    else if (code === 46 && !point && digits > 0) point = true
    else return false
  }
  return digits > 0
}

/** Digits of which every number is a double. */
const EXACT_DIGITS = 15
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, decimals) => 10 ** decimals)

/**
 * The double nearest to a number of at most 15 digits with at most one point among or after them; NaN for any other text. Several times as fast as
 * `Number`: digits and power of ten are exact, so that their quotient is rounded once, to the nearest.
 */
export function plainNumber(text: string): number {
  const { length } = text
  let digits = 0
  let point = -1
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) digits = digits * 10 + code - 48
    else if (code === 46 && point < 0 && at > 0) point = at
    else return Number.NaN
  }
  if (length === 0 || length - (point < 0 ? 0 : 1) > EXACT_DIGITS) return Number.NaN
  return point < 0 ? digits : digits / (POWERS[length - point - 1] ?? 1)
}

/**
 * The shortest plain spelling: no exponent, no leading or trailing zeros, no plus sign, `0` for zero.
 * Two texts name the same number exactly when their canonical spellings are equal. `undefined` when it is not a number.
 */
export function canonicalDecimal(text: DecimalText): string | undefined {
  const match = NUMBER.exec(text)
  if (!match) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  let point = whole.length + Number(exponent)
  let padded = digits
  if (point <= 0) {
    padded = '0'.repeat(1 - point) + digits
    point = 1
  } else if (point > digits.length) padded = digits.padEnd(point, '0')
  const left = padded.slice(0, point).replace(/^0+(?=\d)/, '')
  const right = padded.slice(point).replace(/0+$/, '')
  const plain = right ? `${left}.${right}` : left
  return sign === '-' && plain !== '0' ? `-${plain}` : plain
}

/**
 * The double nearest to `text`, and the canonical text where that double does not name the same number
 * (its shortest spelling differs), else `undefined`. `NaN` when it is not a number.
 */
export function toDouble(text: DecimalText): { readonly value: number; readonly text: string | undefined } {
  const plain = plainNumber(text)
  // At most 15 significant digits always survive the way through a double, unless an exponent makes it too small.
  if (!Number.isNaN(plain)) return { value: plain, text: undefined }
  const value = Number(text)
  if (text.length <= EXACT_DIGITS && isDecimal(text) && !/[eE]/.test(text)) return { value, text: undefined }
  const wanted = canonicalDecimal(text)
  if (wanted === undefined) return { value: Number.NaN, text: undefined }
  return { value, text: canonicalDecimal(String(value)) === wanted ? undefined : wanted }
}
