import { type Io, table } from './output.js'

type Fields = Readonly<Record<string, unknown>>

/** A value as people read it: a list of groups as a table, a group as one line for each field, text as it is. */
export function valueText(value: unknown, io: Pick<Io, 'terminal' | 'columns'>): string {
  if (Array.isArray(value)) return listText(value, io)
  if (!isGroup(value)) return `${cellText(value)}\n`
  const entries = Object.entries(value)
  // A field that is a long list or text stands after the others.
  const long = entries.filter(([, each]) => isLong(each))
  const short = entries.filter(([, each]) => !isLong(each))
  const width = Math.max(0, ...short.map(([name]) => name.length))
  const lines = short.map(([name, each]) => `${name.padEnd(width)}  ${cellText(each)}\n`).join('')
  return lines + long.map(([name, each]) => `\n${name}:\n${valueText(each, io)}`).join('')
}

function listText(list: readonly unknown[], io: Pick<Io, 'terminal' | 'columns'>): string {
  if (list.length === 0) return '(none)\n'
  if (!list.every(isGroup)) return list.map((each) => `${cellText(each)}\n`).join('')
  const names = [...new Set(list.flatMap((each) => Object.keys(each)))]
  const rows = list.map((each) => names.map((name) => cellText(each[name])))
  return table(
    names.map((name) => name.toUpperCase()),
    rows,
    io,
  )
}

function isGroup(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isLong(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\n')
  return Array.isArray(value) ? value.some(isGroup) : isGroup(value)
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'string') return value.trimEnd()
  if (Array.isArray(value))
    return value.length ? value.map((each) => cellText(isGroup(each) ? Object.values(each)[0] : each)).join(', ') : '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
