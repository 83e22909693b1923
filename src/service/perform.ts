import { checked } from './check-input.js'
import type { Operation } from './operation.js'
import { OPERATIONS, type OperationName, type OperationOutput } from './operations/table.js'
import type { Ports } from './ports.js'

/** Checks the input of an operation and runs it, in the thread where it belongs. Aborting `signal` stops it where it can be stopped. */
export async function perform<N extends OperationName>(
  ports: Ports,
  name: N,
  given: unknown,
  signal: AbortSignal,
): Promise<OperationOutput<N>> {
  const operation: Operation = OPERATIONS[name]
  const input = checked(operation.input, given)
  const output =
    operation.apart && ports.offload
      ? await ports.offload(name, input, signal)
      : await operation.run(ports, input, signal)
  return output as OperationOutput<N> // of the operation that was just run
}

/** The answer of an operation that is `apart` as JSON, made in its own thread; undefined where it has none. */
export async function performApart(
  ports: Ports,
  name: OperationName,
  given: unknown,
  signal: AbortSignal,
): Promise<string | undefined> {
  const operation: Operation = OPERATIONS[name]
  if (!operation.apart) return undefined
  return await ports.offloadText?.(name, checked(operation.input, given), signal)
}
