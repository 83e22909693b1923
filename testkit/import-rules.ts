import type { Import } from './imports.js'

/** What one folder of `src` may import, itself aside. Names are folders or files below `src`. */
interface Rule {
  readonly may: readonly string[]
  /** Only their types. */
  readonly typesOf?: readonly string[]
  /** Packages and parts of Node; `node` stands for all of Node but child processes. */
  readonly packages?: readonly string[]
}

const PORTS = [
  'net',
  'journal',
  'capture',
  'history',
  'store',
  'replay',
  'export',
  'daemon',
  'chaos',
  'exchanges/exchange.ts',
]

/** The table of docs and design: who may import whom. */
export const RULES: Readonly<Record<string, Rule>> = {
  lib: { may: [], packages: ['node'] },
  model: { may: ['lib'] },
  'exchanges/exchange.ts': { may: ['model', 'lib'] },
  'exchanges/index.ts': { may: ['exchanges', 'model/error.ts'] },
  'exchanges/kit': { may: ['model', 'lib', 'exchanges/exchange.ts'], packages: ['node:zlib', 'zod'] },
  'exchanges/*': { may: ['model', 'lib', 'exchanges/exchange.ts', 'exchanges/kit'], packages: ['zod'] },
  config: { may: ['model', 'lib'], packages: ['node', 'zod', 'croner', 'yaml', 'diff'] },
  net: { may: ['model', 'lib'], packages: ['node', 'ws'] },
  journal: { may: ['model', 'lib'], packages: ['node', 'zod'] },
  capture: {
    may: ['model', 'lib', 'exchanges/exchange.ts'],
    typesOf: ['net', 'journal', 'archives'],
    packages: ['node', 'zod'],
  },
  store: { may: ['model', 'lib'], packages: ['node', '@duckdb/node-api', '@duckdb/node-bindings', 'libsql', 'zod'] },
  // Stored rows in the formats of others.
  export: { may: ['model', 'lib'], packages: ['node', 'apache-arrow', 'write-excel-file', 'libsql', 'fflate'] },
  // Files of the past: fetched, checked, cut into parts.
  archives: {
    may: ['model', 'lib'],
    typesOf: ['net', 'exchanges/exchange.ts'],
    packages: ['node'],
  },
  history: { may: ['model', 'lib'], typesOf: ['net', 'store', 'archives', 'exchanges/exchange.ts'] },
  replay: { may: ['model', 'lib'], typesOf: ['journal', 'store', 'exchanges/exchange.ts'] },
  daemon: {
    may: ['model', 'lib', 'config', 'daemon/remotes'],
    typesOf: ['net', 'journal', 'capture', 'history', 'store', 'export'],
    packages: ['node', 'zod', 'croner', 'pino'],
  },
  'daemon/remotes': { may: ['model', 'lib', 'config', 'daemon'], packages: ['node', 'node:child_process', 'zod'] },
  // These are pure: an event as a row, a book from its changes, a run as it was kept.
  service: {
    may: ['model', 'lib', 'config', 'capture/rows.ts', 'capture/book.ts', 'daemon/stored-runs.ts'],
    typesOf: PORTS,
    packages: ['node', 'zod', 'diff'],
  },
  api: {
    may: ['service', 'model', 'config', 'lib'],
    packages: ['node', 'fastify', '@fastify/websocket', 'ws', 'prom-client', 'zod'],
  },
  // Talks to a daemon over HTTP; of the operations it takes the names, the addresses and the types.
  client: { may: ['service/routes.ts', 'model'], typesOf: ['service'], packages: ['node'] },
  cli: { may: ['service', 'client', 'model', 'config', 'lib'], packages: ['node', 'commander'] },
  // Runs the built program beside an emulator and compares; knows nothing of its inside.
  chaos: { may: ['model', 'lib'], packages: ['node', 'node:child_process', 'zod'] },
  emulator: { may: ['model', 'lib'], packages: ['node', 'ws', 'zod', 'fflate'] },
  // The composition roots: the only files that name concrete classes.
  'app.ts': { may: ['*'], packages: ['*'] },
  compose: { may: ['*'], packages: ['node'] },
  'worker.ts': { may: ['threads'], typesOf: ['daemon', 'lib'], packages: ['node'] },
  threads: { may: ['*'], packages: ['node', 'zod'] },
  'index.ts': { may: ['*'] },
  'main.ts': { may: ['app.ts', 'cli', 'model', 'lib'], packages: ['node'] },
}

/** Files and folders that only these may import. */
const GUARDED: Readonly<Record<string, readonly string[]>> = {
  'app.ts': ['main.ts', 'index.ts'],
  compose: ['app.ts', 'index.ts', 'threads/query.ts'],
  'main.ts': [],
  'index.ts': [],
  threads: ['worker.ts'],
  'worker.ts': ['compose/places.ts'],
}

/** Why an import breaks the rules, or `undefined`. Imports of one's own folder are free. */
export function offence({ file, line, target, typeOnly }: Import): string | undefined {
  const say = (why: string) => `${file}:${line} imports ${target}: ${why}`
  const importer = inSrc(file)
  if (importer === undefined) return undefined
  const unit = unitOf(importer)
  const rule = RULES[unit] ?? (unit.startsWith('exchanges/') ? RULES['exchanges/*'] : undefined)
  if (!rule) return say(`${unit} has no rule in testkit/import-rules.ts`)
  if (!/^(src|testkit|test|bench|web)\//.test(target)) {
    return allowsPackage(rule, target) ? undefined : say(`${unit} may not use this package`)
  }
  const imported = inSrc(target)
  if (imported === undefined) return say('src imports nothing but src')
  if (/\.test\.ts$/.test(imported)) return say('nobody imports a test')
  const guards = GUARDED[imported] ?? GUARDED[unitOf(imported)]
  if (guards && unit !== unitOf(imported) && !guards.includes(importer))
    return say(`only ${guards.join(', ') || 'nobody'} may`)
  if (unitOf(imported) === unit) return undefined
  if (rule.may.some((name) => covers(name, imported))) return undefined
  const asTypes = rule.typesOf?.some((name) => covers(name, imported)) ?? false
  if (asTypes && typeOnly) return undefined
  return say(asTypes ? `${unit} may import its types only` : `${unit} may import ${rule.may.join(', ') || 'nothing'}`)
}

function inSrc(path: string): string | undefined {
  return path.startsWith('src/') ? path.slice(4) : undefined
}

/** The folder or file that a rule is for. */
function unitOf(path: string): string {
  const [folder = '', second = ''] = path.split('/')
  if (folder === 'exchanges') return `exchanges/${second}`
  if (folder === 'daemon' && second === 'remotes') return 'daemon/remotes'
  return folder
}

function covers(name: string, path: string): boolean {
  return name === '*' || path === name || path.startsWith(`${name}/`)
}

function allowsPackage({ packages = [] }: Rule, target: string): boolean {
  if (packages.includes('*') || packages.includes(target)) return true
  return target.startsWith('node:') && target !== 'node:child_process' && packages.includes('node')
}

/** Rings of files that import each other at run time, each as the files in order. */
export function importCycles(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>()
  for (const { file, target, typeOnly } of imports) {
    if (!typeOnly) next.set(file, [...(next.get(file) ?? []), target])
  }
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file)
    if (at >= 0) cycles.push(trail.slice(at))
    if (at >= 0 || done.has(file)) return
    for (const target of next.get(file) ?? []) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of next.keys()) visit(file, [])
  return cycles
}
