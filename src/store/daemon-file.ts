import { readFile, rm } from 'node:fs/promises'
import { writeFileAtomic } from '../lib/atomic-file.js'
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

/** The token by which programs of the same user talk to the daemon; `undefined` when there is none, or it may not be read. */
export async function readDaemonToken(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text !== undefined && /^[\w-]{40,}\n$/.test(text) ? text.trim() : undefined
}

/** Readable for this user alone. */
export async function writeDaemonToken(path: string, token: string): Promise<void> {
  await rm(path, { force: true })
  await writeFileAtomic(path, `${token}\n`, 0o600)
}

export async function removeDaemonFile(path: string): Promise<void> {
  await removeFile(path)
}
