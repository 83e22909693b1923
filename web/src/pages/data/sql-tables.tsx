import type { ApiClient, ApiError } from '../../api/api-client.js'
import type { SqlAnswer } from '../../api/contract.js'
import type { EditorMark, EditorTables } from '../../parts/editor-view.js'
import { Failure } from '../../parts/nothing.js'

const COLUMNS = `SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'main' ORDER BY table_name, ordinal_position`

/** What can be asked, as the daemon knows it. */
export async function tablesOf(api: ApiClient, signal: AbortSignal): Promise<EditorTables> {
  const { rows } = await api.post<SqlAnswer>('/sql', { sql: COLUMNS, limit: 10_000 }, signal)
  const tables: Record<string, { readonly name: string; readonly type: string }[]> = {}
  for (const [table, name, type] of rows) {
    const columns = tables[String(table)] ?? []
    tables[String(table)] = [...columns, { name: String(name), type: String(type).toLowerCase() }]
  }
  return tables
}

/** Every table with its columns. */
export function SqlTables({ tables, error }: { tables: EditorTables | undefined; error: ApiError | undefined }) {
  if (error && !tables) return <Failure error={error} />
  return (
    <>
      <h3 class="soft">Tables</h3>
      {Object.entries(tables ?? {}).map(([table, columns]) => (
        <details key={table}>
          <summary class="mono">{table}</summary>
          <dl class="mono">
            {columns.map(({ name, type }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd class="faint">{type}</dd>
              </div>
            ))}
          </dl>
        </details>
      ))}
    </>
  )
}

/** The word that an error of DuckDB names, where it stands in the text; the first line when it names none. */
export function marksOf(sql: string, message: string): readonly EditorMark[] {
  const [, word] =
    /(?:near|name|column|function|Type)\s+"?([\w.]+)"?/.exec(message.replace(/with name /, 'name ')) ?? []
  const at = word === undefined ? -1 : sql.toLowerCase().indexOf(word.toLowerCase())
  const before = sql.slice(0, Math.max(0, at)).split('\n')
  return [{ line: before.length, column: (before.at(-1)?.length ?? 0) + 1, tone: 'error', message }]
}
