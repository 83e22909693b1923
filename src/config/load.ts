import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Environment } from './environment.js'
import { type ParsedConfig, parseConfig } from './parse.js'
import { ConfigError } from './problem.js'
import { MAX_CONFIG_BYTES } from './source.js'

export interface LoadOptions {
  /** What `--config` said. Without it the usual places are searched. */
  readonly path?: string
  readonly environment?: Environment
  readonly folder?: string
  readonly home?: string
}

/** Where a config is looked for, in this order. */
export function configPlaces({
  path,
  environment = process.env,
  folder = process.cwd(),
  home = homedir(),
}: LoadOptions): string[] {
  if (path !== undefined) return [resolve(folder, path)]
  const base = environment.XDG_CONFIG_HOME || join(home, '.config')
  return [join(folder, 'config.yml'), join(base, 'dccd', 'config.yml')]
}

/** Finds, reads and checks the config. Throws ConfigError. */
export async function loadConfig(options: LoadOptions = {}, signal?: AbortSignal): Promise<ParsedConfig> {
  const { environment = process.env, home = homedir() } = options
  const places = configPlaces(options)
  for (const file of places) {
    const bytes = await readIfThere(file, signal)
    if (bytes) return parseConfig(bytes, { file, environment, home })
  }
  const target = places[0] ?? 'config.yml'
  const message = `there is no config; looked for ${places.join(' and ')}`
  throw new ConfigError(target, [{ path: '', line: 1, column: 1, message }], {
    remedy: options.path === undefined ? 'Make one: dccd init' : `Make one: dccd init --config ${quoted(target)}`,
  })
}

async function readIfThere(file: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  const refuse = (message: string, cause?: unknown) =>
    new ConfigError(file, [{ path: '', line: 1, column: 1, message }], { cause, remedy: 'Name a readable YAML file.' })
  try {
    const found = await stat(file)
    if (!found.isFile()) throw refuse('this is no file')
    if (found.size > MAX_CONFIG_BYTES) {
      throw refuse(`the file has ${found.size} bytes, a config has at most ${MAX_CONFIG_BYTES}; is it another file?`)
    }
    return await readFile(file, signal ? { signal } : {})
  } catch (error) {
    if (error instanceof ConfigError || signal?.aborted) throw error
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw refuse(code === 'EACCES' ? 'the file may not be read' : `the file cannot be read (${String(code)})`, error)
  }
}

function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
