import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { MemoryIo } from '../../../testkit/memory-io.js'
import { openApi } from '../../api/openapi.js'
import { createServices } from '../../app.js'
import { MADE_COMMANDS, OWN_COMMANDS } from '../../cli/operation-commands.js'
import { buildProgram } from '../../cli/run-cli.js'
import { ROUTES } from '../routes.js'
import { OPERATIONS, type OperationName } from './table.js'

const names = Object.keys(OPERATIONS) as OperationName[]
const program = buildProgram(createServices(), new MemoryIo(), () => {})

function commandOf(words: readonly string[]): Command | undefined {
  return words.reduce<Command | undefined>(
    (command, word) => command?.commands.find((each) => each.name() === word),
    program,
  )
}

// What can be done in one of them can be done in all: nothing is hidden in the UI, nothing is for scripts alone.
describe('command line, API and UI offer the same', () => {
  it.each(names)('%s has a route, a command, and a place in the UI', (name) => {
    expect(ROUTES[name], 'a route').toBeDefined()
    const words = (MADE_COMMANDS[name]?.command ?? OWN_COMMANDS[name])?.split(' ')
    expect(words, 'a command').toBeDefined()
    expect(commandOf(words ?? []), `the command ${words?.join(' ')}`).toBeDefined()
  })

  it('no route, no command and no description is of an operation that does not exist', () => {
    for (const name of [...Object.keys(ROUTES), ...Object.keys(MADE_COMMANDS), ...Object.keys(OWN_COMMANDS)])
      expect(names).toContain(name)
    const described = Object.values(openApi('1').paths).flatMap((methods) =>
      Object.values(methods).map((each) => each.operationId),
    )
    expect(described.sort()).toEqual([...names].sort())
  })

  it('no two operations answer at one address', () => {
    const addresses = Object.values(ROUTES).map(({ method, path }) => `${method} ${path}`)
    expect(new Set(addresses).size).toBe(addresses.length)
  })
})
