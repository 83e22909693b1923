import { z } from 'zod'
import { diffTasks } from '../../config/diff.js'
import { redactYaml } from '../../config/edit.js'
import { redact } from '../../config/redact.js'
import { configJsonSchema } from '../../config/shape.js'
import { tasksOf } from '../../config/tasks.js'
import { CollectorError } from '../../model/error.js'
import { type CheckedConfig, configDiff } from '../config-file.js'
import { restartNeeded } from '../config-restart.js'
import { addStreams, removeStreams } from '../config-streams.js'
import { channels, exchange, nothing, pair } from '../fields.js'
import { operation } from '../operation.js'
import type { AppliedConfig, Ports } from '../ports.js'

const problem = z.object({
  path: z.string().describe('The key: `stream_jobs[0].channels[1]`; empty for the file as a whole.'),
  line: z.number(),
  column: z.number(),
  message: z.string(),
  found: z.string().optional(),
  expected: z.string().optional(),
  nearest: z.string().optional(),
  source: z.string().optional().describe('The line as written; left out where it may hold a secret.'),
})

/** Any JSON. */
const json = z.unknown()

const change = z.strictObject({
  path: z
    .array(z.union([z.string().max(200), z.int().min(0).max(100_000)]))
    .max(12)
    .describe('Steps to the key: `["stream_jobs", 0, "pairs"]`. A list grows by an index at its end.'),
  value: json.optional().describe('Left out, the key is removed.'),
})

const yaml = z.string().max(1_048_576).describe('The whole file. `***` stands for a secret that stays as it is.')
const changes = z.array(change).max(1000)
const etag = z.string().max(100).describe('The `etag` of the answer that was edited, as the header `If-Match`.')

const plan = z.object({
  started: z.array(z.string()),
  stopped: z.array(z.string()),
  restarted: z.array(z.string()),
  unchanged: z.array(z.string()),
})

const applied = plan.extend({
  rolled_back: z.boolean().describe('Something could not be built, and everything is as before.'),
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
  restart_needed: z.array(z.string()).describe('Changed keys that count only after a restart of the daemon.'),
})

const get = operation({
  summary: 'The config without its secrets: as text with its comments, and as it is in force with every default',
  role: 'read',
  input: nothing,
  output: z.object({
    file: z
      .string()
      .nullable()
      .describe('null when the daemon has no config file (the demo): it cannot be edited then.'),
    etag: z.string().describe('Names this content; send it back as `If-Match`.'),
    yaml: z.string().nullable().describe('null when there is no file, or none that can be read as YAML.'),
    config: z.record(z.string(), json).describe('What is in force, with defaults.'),
    in_force: z
      .boolean()
      .describe('Whether the file is what is in force; it is not after an edit by hand until `config.reload`.'),
    warnings: z.array(problem),
    problems: z.array(problem).describe('Mistakes in the file, when it was edited by hand.'),
  }),
  async run(ports) {
    const config = redact(ports.config(), ports.secrets()) as Record<string, unknown> // a group, as the config is
    if (ports.configFile.file === undefined)
      return { file: null, etag: '', yaml: null, config, in_force: true, warnings: [], problems: [] }
    const { file, yaml, etag, warnings, problems } = await ports.configFile.shown()
    const inForce = etag === ports.configEtag()
    return {
      file,
      etag,
      yaml,
      config,
      in_force: inForce,
      warnings: [...warnings],
      problems: [...problems],
    }
  },
})

const schema = operation({
  summary: 'The JSON schema of the config, with descriptions and defaults, for forms and editors',
  role: 'read',
  input: nothing,
  output: z.record(z.string(), json),
  run: () => ({ ...configJsonSchema() }),
})

const proposal = z.strictObject({
  yaml: yaml.optional().describe('A whole text; without it the file as it stands.'),
  changes: changes.optional().describe('Changes of that text, in order.'),
})

const validate = operation({
  summary:
    'Check a config, whole or as changes, without saving it: mistakes with line and column, the difference, and what it would start and stop',
  role: 'read',
  input: proposal,
  output: z.object({
    valid: z.boolean(),
    yaml: z.string().nullable().describe('The text that would be saved, without secrets.'),
    problems: z.array(problem),
    warnings: z.array(problem),
    diff: z.string().describe('Against the file, as a unified diff; empty when nothing changes.'),
    plan: plan
      .extend({ restart_needed: z.array(z.string()) })
      .nullable()
      .describe('null when it is not valid.'),
  }),
  async run(ports, input) {
    const { before, ...checked } = await ports.configFile.propose(input)
    return {
      valid: checked.parsed !== undefined,
      yaml: redactYaml(checked.text) ?? null,
      problems: [...checked.problems],
      warnings: [...checked.warnings],
      diff: configDiff(before.text, checked.text),
      plan: planOf(ports, checked),
    }
  },
})

function planOf(ports: Ports, { parsed }: CheckedConfig) {
  if (!parsed) return null
  const taskPer = (id: string) => ports.catalog.find((entry) => entry.id === id)?.taskPer ?? 'pair'
  const { started, stopped, restarted, unchanged } = diffTasks(
    tasksOf(ports.config(), taskPer),
    tasksOf(parsed.config, taskPer),
  )
  return {
    started: [...started],
    stopped: [...stopped],
    restarted: [...restarted],
    unchanged: [...unchanged],
    restart_needed: restartNeeded(ports.config(), parsed.config),
  }
}

const saved = z.object({
  etag: z.string().describe('Names the new content.'),
  diff: z.string(),
  warnings: z.array(problem),
  applied,
})

type Proposal = Parameters<Ports['configFile']['save']>[0]

async function save(ports: Ports, proposal: Proposal, etag: string | undefined): Promise<z.input<typeof saved>> {
  const { before, after, warnings, accepted } = await ports.configFile.save(proposal, etag, async (parsed, after) => {
    refuseHidden(ports, parsed.config)
    const report = await ports.apply(parsed, after.etag)
    if (report.rolledBack)
      throw report.error ?? new CollectorError('CONFIG_INVALID', 'the config could not be put into force')
    return report
  })
  return {
    etag: after.etag,
    diff: configDiff(before.text, after.text),
    warnings: [...warnings],
    applied: reported(accepted),
  }
}

/** A remote that is written out in place of a name can make rclone run a program: only the owner of the file may do that. */
function refuseHidden(ports: Ports, config: ReturnType<Ports['config']>): void {
  const known = new Set(ports.config().storage.remotes.map(({ remote }) => remote))
  for (const { remote } of config.storage.remotes)
    if (!known.has(remote) && (remote.startsWith(':') || remote.includes(',')))
      throw new CollectorError('FORBIDDEN', 'a remote with its options written out is taken from the file alone', {
        remedy: 'Name it with `rclone config` and use NAME:PATH, or write it into the config file by hand.',
      })
}

function reported(report: AppliedConfig): z.input<typeof applied> {
  const { error } = report
  return {
    started: [...report.started],
    stopped: [...report.stopped],
    restarted: [...report.restarted],
    unchanged: [...report.unchanged],
    rolled_back: report.rolledBack,
    error: error ? { code: error.code, message: error.message, remedy: error.remedy } : null,
    restart_needed: [...report.restartNeeded],
  }
}

const replace = operation({
  summary: 'Save a whole config and put it into force; what is not valid changes nothing',
  role: 'control',
  input: z.strictObject({ yaml, etag }),
  output: saved,
  run: (ports, { yaml, etag }) => save(ports, { yaml }, etag),
})

const patch = operation({
  summary: 'Change some keys of the config, comments kept, and put it into force; what is not valid changes nothing',
  role: 'control',
  input: z.strictObject({ changes: changes.min(1), etag }),
  output: saved,
  run: (ports, { changes, etag }) => save(ports, { changes }, etag),
})

const undo = operation({
  summary: 'Go back to the config before the last save; once more goes forth again',
  role: 'control',
  input: nothing,
  output: saved,
  run: async (ports) => save(ports, { yaml: await ports.configFile.previous() }, undefined),
})

const reload = operation({
  summary: 'Put the config file into force as it stands, after an edit by hand',
  role: 'control',
  input: nothing,
  output: saved,
  run: (ports) => save(ports, {}, undefined),
})

const entry = {
  exchange,
  pairs: z.array(pair).min(1).max(1000),
  channels: channels.optional(),
}

const add = operation({
  summary: 'Add pairs to the config, comments kept, and start their streams',
  role: 'control',
  input: z.strictObject({
    ...entry,
    channels,
    time_step: z.int().min(1).max(86_400).optional().describe('Seconds between two stored snapshots of a book.'),
    depth: z.int().min(1).max(50_000).optional().describe('Levels a side of a book.'),
  }),
  output: saved,
  async run(ports, input) {
    const { parsed } = await ports.configFile.propose({})
    return await save(ports, { changes: addStreams(parsed?.config ?? ports.config(), input) }, undefined)
  },
})

const remove = operation({
  summary:
    'Take pairs, or some channels of them, out of the config, comments kept, and stop their streams; what is stored stays',
  role: 'control',
  input: z.strictObject(entry),
  output: saved,
  async run(ports, input) {
    const { parsed } = await ports.configFile.propose({})
    return await save(ports, { changes: removeStreams(parsed?.config ?? ports.config(), input) }, undefined)
  },
})

export const configOperations = {
  'config.get': get,
  'config.schema': schema,
  'config.validate': validate,
  'config.replace': replace,
  'config.patch': patch,
  'config.undo': undo,
  'config.reload': reload,
  'config.add': add,
  'config.remove': remove,
}
