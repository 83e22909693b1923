import { readFile } from 'node:fs/promises'
import { removeFile, writeAtomically } from './durable-file.js'

/** Who uses the data folder: what `.dccd/daemon.json` tells. The lock, not this file, decides. */
export interface DaemonInfo {
  readonly pid: number
  /** Address of the HTTP API. */
  readonly host: string
  /** Port of the HTTP API; 0 before it listens. */
  readonly port: number
  /** ISO time. */
  readonly started: string
}

/** `undefined` when there is no such file, or none that can be read. */
export async function readDaemonFile(path: string): Promise<DaemonInfo | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isDaemonInfo(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isDaemonInfo(value: unknown): value is DaemonInfo {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  return (
    Number.isSafeInteger(fields.get('pid')) &&
    Number.isSafeInteger(fields.get('port')) &&
    typeof fields.get('host') === 'string' &&
    typeof fields.get('started') === 'string'
  )
}

export async function writeDaemonFile(path: string, info: DaemonInfo): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(info)}\n`)
}

export async function removeDaemonFile(path: string): Promise<void> {
  await removeFile(path)
}
