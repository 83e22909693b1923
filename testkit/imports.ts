import { posix } from 'node:path'

/** One import of a source file. */
export interface Import {
  /** The importing file, from the project's root: `src/net/socket.ts`. */
  readonly file: string
  readonly line: number
  /** The imported file, from the root, or the package: `src/lib/clock.ts`, `node:fs/promises`, `ws`. */
  readonly target: string
  /** Gone at run time: `import type`, `export type`. */
  readonly typeOnly: boolean
  /** Loaded when its line is run, not with the file: `import()`, the file of a worker. */
  readonly later: boolean
}

// The formatter puts every statement at the start of a line, so comments and strings cannot look like one.
const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[\w$*{][^'"`;]*?\s+from\s+)?['"]([^'"\n]+)['"]/gm
const CALL = /\bimport\(\s*['"]([^'"\n]+)['"]|\bnew URL\(\s*['"](\.[^'"\n]+\.js)['"],\s*import\.meta\.url/g

/** Every import in the text of a file: statements, re-exports, `import()`, and files that a worker is started from. */
export function importsOf(file: string, text: string): Import[] {
  const found = [
    ...[...text.matchAll(STATEMENT)].map((match) => ({
      match,
      name: match[2],
      typeOnly: match[1] !== undefined,
      later: false,
    })),
    ...[...text.matchAll(CALL)].map((match) => ({ match, name: match[1] ?? match[2], typeOnly: false, later: true })),
  ]
  return found
    .map(({ match, name = '', typeOnly, later }) => ({
      file,
      line: text.slice(0, match.index).split('\n').length,
      target: name.startsWith('.') ? posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts') : packageOf(name),
      typeOnly,
      later,
    }))
    .sort((a, b) => a.line - b.line)
}

function packageOf(name: string): string {
  if (name.startsWith('node:')) return name
  const parts = name.split('/')
  return parts.slice(0, name.startsWith('@') ? 2 : 1).join('/')
}
