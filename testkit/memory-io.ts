import { Readable } from 'node:stream'
import type { Io } from '../src/cli/output.js'

/** A terminal that only remembers: what a command printed, with what it read. */
export class MemoryIo implements Io {
  out = ''
  err = ''
  readonly terminal = false
  readonly columns = 120
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly folder: string
  readonly stdin: AsyncIterable<Uint8Array>
  private readonly listeners = new Set<() => void>()

  constructor(options: { folder?: string; stdin?: string; environment?: Record<string, string> } = {}) {
    this.folder = options.folder ?? '/nowhere'
    this.environment = options.environment ?? {}
    this.stdin = Readable.from([Buffer.from(options.stdin ?? '')])
  }

  readonly stdout = (text: string): void => {
    this.out += text
  }

  readonly write = async (chunk: string | Uint8Array): Promise<void> => {
    this.out += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1')
  }

  readonly stderr = (text: string): void => {
    this.err += text
  }

  onSignal(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** As if somebody pressed Ctrl-C. */
  interrupt(): void {
    for (const listener of this.listeners) listener()
  }

  exit(code: number): void {
    throw new Error(`the command ended the process with ${code}`)
  }
}
