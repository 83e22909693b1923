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
  const texts = columns.filter(({ type }) => type === 'VARCHAR')
  const known = [
    'count(*)',
    ...columns.map(({ name }) => `count(${name})`),
    ...texts.flatMap(({ name }) => [`min(${name})`, `max(${name})`]),
  ]
  const [counts = []] = await engine.rows(`SELECT ${known.join(', ')} FROM (${rows})`)
  const all = counts[0]
  const bounds = counts.slice(1 + columns.length)
  const constants = new Map<string, string>()
  columns.forEach(({ name, type }, index) => {
    if (new RegExp(`\\b${name}\\b`).test(order)) return
    const held = counts[index + 1]
    const at = texts.findIndex((each) => each.name === name)
    const [least, most] = [bounds[at * 2], bounds[at * 2 + 1]]
    if (Number(held) === 0) constants.set(name, `NULL::${type}`)
    else if (at >= 0 && held === all && typeof least === 'string' && least === most)
      constants.set(name, `${quoted(least)}::${type}`)
  })
  const sorted = columns.filter(({ name }) => !constants.has(name)).map(({ name }) => name)
  const shown = columns.map(({ name }) => (constants.has(name) ? `${constants.get(name)} AS ${name}` : name))
  return `SELECT ${shown.join(', ')} FROM (SELECT ${sorted.join(', ')} FROM (${rows}) ORDER BY ${order})`
}
