import type { z } from 'zod'
import type { Ports } from './ports.js'

/** Who may: `read` looks, `control` also changes. */
export type Role = 'read' | 'control'

/**
 * One thing that a user can ask for, however it is asked: the API route, the command and the client's method of it are made from this. Its schemas
 * check what comes in and are the source of the OpenAPI document.
 */
export interface Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType, P = Ports> {
  readonly summary: string
  readonly role: Role
  /** It needs the stored data alone (`StoredPorts`) and may take long: a daemon answers it in a thread of its own. */
  readonly apart?: true
  readonly input: I
  readonly output: O
  /** Throws a CollectorError with the code that command line and API both show. */
  run(ports: P, input: z.output<I>, signal: AbortSignal): Given<z.input<O>> | Promise<Given<z.input<O>>>
}

/** What is handed out and not changed any more. */
export type Given<T> = T extends object ? { readonly [K in keyof T]: Given<T[K]> } : T

/** An operation with its types inferred. */
export function operation<I extends z.ZodType, O extends z.ZodType, P = Ports>(
  made: Operation<I, O, P>,
): Operation<I, O, P> {
  return made
}
