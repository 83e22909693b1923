import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { ParsedConfig } from '../config/parse.js'
import { CollectorError } from '../model/error.js'
import { checked } from '../service/check-input.js'
import { fromText, inputSchema, type JsonSchema } from '../service/json-schema.js'
import type { Operation } from '../service/operation.js'
import { OPERATIONS, type OperationName } from '../service/operations/table.js'
import type { Services } from '../service/services.js'
import { configOption, dataOption, jsonOption, type Where } from './arguments.js'
import { clientOf } from './daemon-client.js'
import { type Io, json } from './output.js'
import { valueText } from './value-text.js'

/** Operations with a command of their own, written by hand: which one. */
export const OWN_COMMANDS: Partial<Record<OperationName, string>> = {
  'streams.list': 'status',
  inventory: 'inventory',
  gaps: 'gaps',
  read: 'read',
  export: 'export',
  sql: 'sql',
  book: 'book',
  candles: 'ohlc',
  'runs.start': 'backfill',
  'runs.plan': 'backfill',
  runs: 'runs',
  'runs.get': 'runs',
  'runs.cancel': 'runs',
  jobs: 'jobs',
  'jobs.run': 'jobs',
  'jobs.pause': 'jobs',
}

interface Made {
  /** Words of the command, then its arguments in order: names of input fields. */
  readonly command: string
  readonly arguments?: readonly string[]
  /** The text of this field is read from a file. */
  readonly file?: string
  /** Fields that nobody types. */
  readonly without?: readonly string[]
  /** It asks a running daemon; there is nothing to do without one. */
  readonly daemon?: true
}

/** Operations whose command is made from their schema. */
export const MADE_COMMANDS: Partial<Record<OperationName, Made>> = {
  health: { command: 'health', daemon: true },
  capabilities: { command: 'capabilities' },
  instruments: { command: 'instruments', arguments: ['exchange'] },
  logs: { command: 'logs' },
  coverage: { command: 'coverage' },
  storage: { command: 'storage' },
  alerts: { command: 'alerts' },
  'alerts.ack': { command: 'alerts ack', arguments: ['id'] },
  'alerts.test': { command: 'alerts test' },
  sync: { command: 'sync status' },
  'sync.run': { command: 'sync now' },
  'streams.start': { command: 'streams start', arguments: ['key'], daemon: true },
  'streams.stop': { command: 'streams stop', arguments: ['key'], daemon: true },
  'streams.restart': { command: 'streams restart', arguments: ['key'], daemon: true },
  'streams.log': { command: 'streams log', arguments: ['key'], daemon: true },
  'config.get': { command: 'config show' },
  'config.schema': { command: 'config schema' },
  'config.validate': { command: 'config check', arguments: ['yaml'], file: 'yaml', without: ['changes'] },
  'config.replace': { command: 'config replace', arguments: ['yaml'], file: 'yaml', without: ['etag'] },
  'config.patch': { command: 'config set', without: ['changes', 'etag'] },
  'config.undo': { command: 'config undo' },
  'config.reload': { command: 'config reload', daemon: true },
  'config.add': { command: 'add' },
  'config.remove': { command: 'remove' },
}

const GROUPS: Readonly<Record<string, string>> = {
  streams: 'start, stop and restart streams of the running daemon; the config stays as it is',
  config: 'show, check and change the config, comments kept; a running daemon takes it over at once',
  sync: 'copies to the remotes',
}

/** What the commands need. */
export interface OperationTools {
  readonly services: Services
  readonly io: Io
  load(path: string | undefined): Promise<ParsedConfig>
}

/** A command for each operation that has none of its own. With a running daemon it asks that one, else it does the work itself. */
export function addOperationCommands(program: Command, tools: OperationTools): void {
  const groups = new Map<string, Command>()
  for (const [name, made] of Object.entries(MADE_COMMANDS) as [OperationName, Made][]) {
    const words = made.command.split(' ')
    const last = words.at(-1) ?? ''
    const parent = words.length > 1 ? groupOf(program, groups, words[0] ?? '') : program
    addCommand(parent.command(last), name, made, tools)
  }
}

function groupOf(program: Command, groups: Map<string, Command>, word: string): Command {
  // A command of its own may have others below it.
  const known = groups.get(word) ?? program.commands.find((each) => each.name() === word)?.enablePositionalOptions()
  if (known) return known
  const made = program.command(word).description(GROUPS[word] ?? '')
  groups.set(word, made)
  return made
}

function addCommand(command: Command, name: OperationName, made: Made, tools: OperationTools): void {
  const operation: Operation = OPERATIONS[name]
  const schema = inputSchema(operation.input)
  const required = new Set(schema.required ?? [])
  command.description(operation.summary.replace(/^./, (first) => first.toLowerCase()).replaceAll('`', ''))
  command.addOption(configOption()).addOption(dataOption()).addOption(jsonOption())
  const places = made.arguments ?? []
  for (const field of places) {
    const word = made.file === field ? 'file' : field
    const needed = required.has(field) || made.daemon === true
    command.argument(
      needed ? `<${word}>` : `[${word}]`,
      made.file === field ? 'the new text' : plain(schema.properties?.[field]),
    )
  }
  if (name === 'config.patch')
    command
      .argument('<path>', 'the key: settings.ui_port, stream_jobs.0.pairs.2')
      .argument('[value]', 'as YAML writes it: 9000, [a, b]; without it the key is removed')
  const options = Object.entries(schema.properties ?? {}).filter(
    ([field]) => !places.includes(field) && !made.without?.includes(field),
  )
  for (const [field, of] of options) command.addOption(optionOf(field, of, required.has(field)))
  command.action(async (...given: unknown[]) => {
    const values = command.opts<Where & Record<string, unknown>>()
    const input: Record<string, unknown> = {}
    for (const [at, field] of places.entries())
      if (given[at] !== undefined)
        input[field] =
          made.file === field
            ? await fileText(tools.io, String(given[at]))
            : fromText(given[at], schema.properties?.[field])
    for (const [field, of] of options) {
      const value = values[optionName(field)]
      if (value !== undefined) input[field] = typeof value === 'boolean' ? value : fromText(value, of)
    }
    if (name === 'config.patch') input.changes = [changeOf(String(given[0]), given[1])]
    const output = await invoke(name, input, made, values, tools)
    tools.io.stdout(values.json ? json(output) : valueText(output, tools.io))
  })
}

function optionOf(field: string, schema: JsonSchema, required: boolean): Option {
  const flag = `--${field.replaceAll('_', '-')}`
  const isFlag = schema.type === 'boolean'
  const kind = schema.type === 'array' ? '<list>' : schema.type === 'string' ? '<text>' : '<n>'
  const option = new Option(isFlag ? flag : `${flag} ${kind}`, plain(schema))
  if (Array.isArray(schema.enum)) option.choices(schema.enum.map(String))
  return option.makeOptionMandatory(required)
}

function optionName(field: string): string {
  return field.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function plain(schema: JsonSchema | undefined): string {
  const text = (schema?.description ?? '').replaceAll('`', '').replace(/\.$/, '')
  const preset = schema?.default === undefined ? '' : ` (default: ${JSON.stringify(schema.default)})`
  return `${text.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())}${preset}`
}

async function fileText(io: Io, path: string): Promise<string> {
  try {
    return await readFile(resolve(io.folder, path), 'utf8')
  } catch (cause) {
    throw new CollectorError('USAGE', `${path} cannot be read`, { cause, remedy: 'Check the path.' })
  }
}

/** `stream_jobs.0.pairs.2` and a value as YAML writes it. */
function changeOf(path: string, value: unknown): unknown {
  const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step))
  return { path: steps, ...(value === undefined ? {} : { value: yamlValue(String(value)) }) }
}

/** Numbers, switches and lists as they are meant; all else is text. */
function yamlValue(text: string): unknown {
  if (text === 'null' || text === '~') return null
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  if (!/^\[.*\]$/s.test(text)) return text
  const inner = text.slice(1, -1).trim()
  return inner === '' ? [] : inner.split(',').map((each) => yamlValue(each.trim()))
}

/** Asks the daemon of the data folder, else does the work in this process. */
async function invoke(
  name: OperationName,
  given: Record<string, unknown>,
  made: Made,
  where: Where,
  tools: OperationTools,
): Promise<unknown> {
  const { services, io } = tools
  const parsed = where.data === undefined ? await tools.load(where.config) : undefined
  const dataPath = parsed?.config.storage.local_path ?? resolve(io.folder, where.data ?? '')
  const daemon = await services.daemonOf(dataPath)
  if (!daemon && made.daemon)
    throw new CollectorError('UNSUPPORTED', `no dccd runs on ${dataPath}`, { remedy: 'Start it with: dccd start' })
  const local = daemon
    ? undefined
    : await services.openLocal(dataPath, parsed && { parsed, environment: io.environment })
  const ask = async (asked: OperationName, input: object): Promise<unknown> => {
    const operation: Operation = OPERATIONS[asked]
    // Checked here as well, so that a mistake is told in the same words whoever does the work.
    const valid = checked(operation.input, input)
    if (daemon) return await clientOf(daemon).call(asked, input as never) // checked by its own schema
    if (!local) throw new CollectorError('INTERNAL', 'nobody does the work')
    return await operation.run(local, valid, new AbortController().signal)
  }
  try {
    if (!made.without?.includes('etag')) return await ask(name, given)
    // The command has just read what it changes: whoever edits at the same moment is not overwritten.
    const { etag } = (await ask('config.get', {})) as { etag: string }
    return await ask(name, { ...given, etag })
  } finally {
    await local?.close()
  }
}
