import { bytesText, type Io, numberText, table, timeText } from './output.js'

type Fields = Readonly<Record<string, unknown>>
type Screen = Pick<Io, 'terminal' | 'columns'>

/**
 * A value as people read it: a list of groups as a table, a group as one line for each field, text as it is. Names tell the unit: what is called
 * `bytes`, or ends so, is a size; nanoseconds since 1970 are shown as a time, or left out where the same time stands beside them as text.
 */
export function valueText(value: unknown, io: Screen): string {
  return namedText('', value, io)
}

function namedText(name: string, value: unknown, io: Screen): string {
  if (Array.isArray(value)) return listText(value, io)
  if (!isGroup(value)) return `${cellText(name, value)}\n`
  const entries = Object.entries(value).filter(([field]) => !isTwice(field, value))
  // A field that is a long list or text stands after the others.
  const long = entries.filter(([, each]) => isLong(each))
  const short = entries.filter(([, each]) => !isLong(each))
  const width = Math.max(0, ...short.map(([field]) => field.length))
  // Of a group called `bytes` every field is one.
  const unitOf = (field: string) => (name === 'bytes' ? name : field)
  const lines = short.map(([field, each]) => `${field.padEnd(width)}  ${cellText(unitOf(field), each)}\n`).join('')
  return lines + long.map(([field, each]) => `\n${field}:\n${namedText(field, each, io)}`).join('')
}

function listText(list: readonly unknown[], io: Screen): string {
  if (list.length === 0) return '(none)\n'
  if (!list.every(isGroup)) return list.map((each) => `${cellText('', each)}\n`).join('')
  const lists = new Set(list.flatMap((each) => Object.keys(each).filter((name) => isListOfGroups(each[name]))))
  // Lists within: each group has a heading of its own.
  if (lists.size) return list.map((each) => headed(each, lists, io)).join('\n')
  const names = [...new Set(list.flatMap((each) => Object.keys(each).filter((name) => !isTwice(name, each))))]
  const rows = list.map((each) => names.map((name) => cellText(name, each[name])))
  return table(
    names.map((name) => name.toUpperCase()),
    rows,
    io,
  )
}

function headed(group: Fields, lists: ReadonlySet<string>, io: Screen): string {
  const head = Object.entries(group).filter(([name, each]) => !lists.has(name) && each !== null)
  const inner = [...lists].map((name) => namedText(name, group[name], io).replaceAll(/^(?=.)/gm, '  '))
  return `${head.map(([name, each]) => cellText(name, each)).join(' ')}\n${inner.join('\n')}`
}

function isGroup(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isListOfGroups(value: unknown): value is readonly Fields[] {
  return Array.isArray(value) && value.some(isGroup)
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' ? value.includes('\n') : isListOfGroups(value) || isGroup(value)
}

/** For programs only: the same instant stands beside it as text. */
function isTwice(name: string, group: Fields): boolean {
  return isNanos(group[name]) && `${name}_time` in group
}

function isNanos(value: unknown): value is string {
  return typeof value === 'string' && /^\d{19}$/.test(value)
}

function cellText(name: string, value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number') {
    if (/(^|_)bytes$/.test(name)) return bytesText(value)
    return numberText(name.endsWith('_ms') ? Math.round(value) : name.endsWith('_s') ? Number(value.toFixed(3)) : value)
  }
  if (isNanos(value)) return timeText(BigInt(value))
  if (typeof value === 'string') return value.trimEnd()
  if (Array.isArray(value))
    return value.length
      ? value.map((each) => cellText(name, isGroup(each) ? Object.values(each)[0] : each)).join(', ')
      : '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
