const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const SHORT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

/** A count with its thousands apart. */
export function countText(value: number): string {
  return WHOLE.format(value).replaceAll(',', '\u2009')
}

/** A count in as little as can be read: `1.2M`. */
export function shortText(value: number): string {
  return value < 10_000 ? countText(value) : SHORT.format(value)
}

/** Events per second. */
export function rateText(value: number): string {
  if (value === 0) return '0'
  if (value < 10) return value.toFixed(1)
  return shortText(Math.round(value))
}

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`
}

export function lagText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  if (Math.abs(ms) < 9.95) return `${ms.toFixed(1)} ms`
  return Math.abs(ms) < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** A share of 0 to 1, with as many digits as tell it from the whole: never 100 % for less. */
export function shareText(share: number): string {
  const percent = share * 100
  if (share >= 1) return '100 %'
  if (percent > 99.99) return '> 99.99 %'
  return `${Math.min(percent, 99.99).toFixed(percent >= 99 ? 2 : 1)} %`
}

/** Decimal texts of one column: with as many decimals each as the longest needs, so that their points stand below each other. */
export function evenDecimals(texts: readonly string[]): string[] {
  const parts = texts.map((text) => {
    const [whole = '', decimals = ''] = text.split('.')
    return { whole, decimals: decimals.replace(/0+$/, '') }
  })
  const most = Math.max(0, ...parts.map(({ decimals }) => decimals.length))
  return parts.map(({ whole, decimals }) => (most === 0 ? whole : `${whole}.${decimals.padEnd(most, '0')}`))
}
