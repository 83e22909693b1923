import { configOperations } from './config.js'
import { dataOperations } from './data.js'
import { historyOperations } from './history.js'
import { streamOperations } from './streams.js'
import { systemOperations } from './system.js'

/** Everything that a user can ask of a daemon, by name: API routes, commands and the client are made from it. */
export const OPERATIONS = {
  ...systemOperations,
  ...streamOperations,
  ...dataOperations,
  ...configOperations,
  ...historyOperations,
} as const

export type OperationName = keyof typeof OPERATIONS
