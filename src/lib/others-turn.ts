import { setImmediate } from 'node:timers/promises'

/** Between two parts of long work in one thread: lets everything have its turn that waits, and ends the work when `signal` is aborted. */
export async function othersTurn(signal?: AbortSignal): Promise<void> {
  await setImmediate()
  signal?.throwIfAborted()
}
