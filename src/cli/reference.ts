import type { Command } from 'commander'

/** The page of the command line: every command with its arguments and options, made from the program itself. */
export function cliReference(program: Command): string {
  const commands = [...program.commands].sort((a, b) => a.name().localeCompare(b.name()))
  return [
    '# Command line',
    '',
    'Generated from the program by `npm run docs`.',
    '',
    '`dccd COMMAND --help` prints the same. Exit codes: 0 done, 1 failed, 2 usage or config, 3 data problem.',
    '',
    ...commands.map((command) => `- [\`${command.name()}\`](#${command.name()}): ${command.description()}`),
    ...commands.flatMap(section),
    '',
  ].join('\n')
}

function section(command: Command): string[] {
  const options = command.options.filter(({ hidden }) => !hidden)
  const lines = ['', `## ${command.name()}`, '', `\`dccd ${command.name()} ${command.usage()}\``, '', sentence(command)]
  if (options.length === 0) return lines
  const rows = options.map(({ flags, description, defaultValue, argChoices, mandatory }) => {
    const notes = [
      ...(mandatory ? ['required'] : []),
      ...(argChoices ? [`one of ${argChoices.join(', ')}`] : []),
      ...(defaultValue === undefined ? [] : [`default ${JSON.stringify(defaultValue)}`]),
    ]
    return `| \`${flags}\` | ${cell(description)} | ${cell(notes.join('; '))} |`
  })
  return [...lines, '', '| Option | Meaning | |', '|---|---|---|', ...rows]
}

function sentence(command: Command): string {
  const text = command.description()
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
