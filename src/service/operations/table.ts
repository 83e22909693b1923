import type { z } from 'zod'
import { alertOperations } from './alerts.js'
import { configOperations } from './config.js'
import { dataOperations } from './data.js'
import { exportOperations } from './export.js'
import { historyOperations } from './history.js'
import { streamOperations } from './streams.js'
import { systemOperations } from './system.js'

/** Everything that a user can ask of a daemon, by name: API routes, commands and the client are made from it. */
export const OPERATIONS = {
  ...systemOperations,
  ...streamOperations,
  ...dataOperations,
  ...exportOperations,
  ...alertOperations,
  ...configOperations,
  ...historyOperations,
} as const

export type OperationName = keyof typeof OPERATIONS
export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name)
}

/** What an operation is given. */
export type OperationInput<N extends OperationName> = z.input<(typeof OPERATIONS)[N]['input']>
/** What an operation answers. */
export type OperationOutput<N extends OperationName> = z.output<(typeof OPERATIONS)[N]['output']>
