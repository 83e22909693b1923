import type { Kind } from '../model/dataset.js'
import { fileColumns, fileOrder, quoted } from './canonical.js'
import type { Engine } from './engine.js'

/**
 * A query for rows of a kind in the order of their file. Columns in which all rows say the same (most hold nothing) do not go through the sort: it is
 * what a publish needs memory for.
 */
export async function sortedRows(engine: Engine, kind: Kind, rows: string): Promise<string> {
  const columns = fileColumns(kind)
  const order = fileOrder(kind)
  const about = columns.map(({ name, type }) => {
    const text = type === 'VARCHAR'
    return `count(${name}), ${text ? `min(${name}), max(${name})` : 'NULL, NULL'}`
  })
  const [[all, ...facts] = []] = await engine.rows(`SELECT count(*), ${about.join(', ')} FROM (${rows})`)
  const constants = new Map<string, string>()
  columns.forEach(({ name, type }, index) => {
    if (new RegExp(`\\b${name}\\b`).test(order)) return
    const [held, least, most] = facts.slice(index * 3, index * 3 + 3)
    if (Number(held) === 0) constants.set(name, `NULL::${type}`)
    else if (held === all && typeof least === 'string' && least === most)
      constants.set(name, `${quoted(least)}::${type}`)
  })
  const sorted = columns.filter(({ name }) => !constants.has(name)).map(({ name }) => name)
  const shown = columns.map(({ name }) => (constants.has(name) ? `${constants.get(name)} AS ${name}` : name))
  return `SELECT ${shown.join(', ')} FROM (SELECT ${sorted.join(', ')} FROM (${rows}) ORDER BY ${order})`
}
