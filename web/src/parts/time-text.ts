/** Milliseconds of an ISO time or of nanoseconds as text; undefined for what is neither. */
export function millisOf(value: string | null | undefined): number | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (/^\d{16,19}$/.test(value)) return Number(BigInt(value) / 1000n) / 1000
  // Date takes milliseconds at most.
  const ms = Date.parse(value.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(ms) ? undefined : ms
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

interface Parts {
  readonly date: string
  readonly time: string
}

const FORMATS = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('sv-SE', {
    ...(zone === 'local' ? {} : { timeZone: zone }),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  FORMATS.set(zone, made)
  return made
}

export function partsIn(ms: number, zone: string): Parts {
  const [date = '', time = ''] = formatOf(zone).format(ms).split(' ')
  return { date, time }
}

/** `2026-11-24 10:00:00`, in a zone. */
export function dateTimeText(ms: number, zone: string): string {
  const { date, time } = partsIn(ms, zone)
  return `${date} ${time}`
}

/** `10:00:00.123`, in a zone. */
export function clockText(ms: number, zone: string): string {
  const fraction = String(Math.floor(((ms % 1000) + 1000) % 1000)).padStart(3, '0')
  return `${partsIn(ms, zone).time}.${fraction}`
}

/** How long something is, in its two largest units: `3 h 20 min`, `12.3 s`, `45 ms`. */
export function durationText(seconds: number): string {
  const s = Math.abs(seconds)
  if (s < 0.0005) return '0 s'
  if (s < 0.9995) return `${Math.round(s * 1000)} ms`
  if (s < 9.95) return `${s.toFixed(1)} s`
  const whole = Math.round(s)
  if (whole < 120) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  const rest = whole % 60
  if (minutes < 120) return `${minutes} min${minutes < 10 && rest > 0 ? ` ${rest} s` : ''}`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** How long ago: `now`, `12 s`, `3 min`. */
export function ageText(ms: number | undefined, now: number): string {
  if (ms === undefined) return '–'
  const seconds = (now - ms) / 1000
  if (seconds < 1.5) return 'now'
  return durationText(Math.round(seconds))
}
