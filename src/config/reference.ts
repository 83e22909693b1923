import { configJsonSchema, type Shape } from './shape.js'

const INTRODUCTION = `# The config

<!-- Generated from src/config/schema.ts by \`npm run docs\`. -->

One YAML file. It is looked for where \`--config\` says, else as \`./config.yml\`, else as
\`$XDG_CONFIG_HOME/dccd/config.yml\` (\`~/.config/dccd/config.yml\`). \`dccd validate\` checks it and names every mistake with
line, column and the nearest valid key. \`dccd init\` writes one to begin with; \`config.schema.json\` beside this page is
the same for editors.

- A relative path counts from the folder of the file; \`~\` is your home.
- \`\${NAME}\` is replaced by the environment variable; one that is not set is a mistake. \`$\${\` is the text itself. Values from
  the environment are never shown.
- An empty value is the same as leaving the key out.
- YAML anchors, aliases and \`<<\` work.
- Each channel of a pair stands in one job only.
- A key marked *not built yet* is checked and kept, has no effect, and is named in a warning.
`

/** The reference page of the config, in Markdown. */
export function configReference(): string {
  const root = configJsonSchema()
  const sections = Object.entries(root.properties ?? {}).map(([name, shape]) => section(name, shape))
  return [INTRODUCTION, ...sections].join('\n')
}

function section(name: string, shape: Shape): string {
  const rows = Object.entries((shape.items ?? shape).properties ?? {}).flatMap(([key, inner]) =>
    rowsOf(key, inner, (shape.items ?? shape).required?.includes(key) ?? false),
  )
  const title = `## \`${name}${shape.items ? '[]' : ''}\``
  const note = shape.unbuilt ? `\n*Not built yet: ${shape.unbuilt}.*\n` : ''
  const text = [shape.description, shape.items?.description].filter(Boolean).join(' ')
  return `${title}\n\n${text}\n${note}\n| Key | Expected | Default | Meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function rowsOf(key: string, shape: Shape, required: boolean): string[] {
  const inner = shape.items?.properties ? shape.items : openShape(shape)
  const note = shape.unbuilt ? ` *Not built yet: ${shape.unbuilt}.*` : ''
  const cells = [`\`${key}\``, shape.expected ?? '', defaultText(shape, required), `${shape.description ?? ''}${note}`]
  const row = `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const prefix = shape.items ? `${key}[]` : `${key}.*`
  const below = Object.entries(inner?.properties ?? {})
  return [
    row,
    ...below.flatMap(([name, of]) => rowsOf(`${prefix}.${name}`, of, inner?.required?.includes(name) ?? false)),
  ]
}

/** The shape of the values of a group with free keys. */
function openShape(shape: Shape): Shape | undefined {
  return typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined
}

function defaultText(shape: Shape, required: boolean): string {
  if (required) return '**required**'
  if (shape.default === undefined || shape.default === null) return ''
  return `\`${typeof shape.default === 'string' ? shape.default || '""' : JSON.stringify(shape.default)}\``
}
