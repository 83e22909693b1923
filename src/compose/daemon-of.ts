import { join } from 'node:path'
import { readDaemonFile, readDaemonToken } from '../store/daemon-file.js'

/** The living daemon of a data folder, with the token by which its own user may ask it. */
export async function daemonOf(dataPath: string) {
  const dccd = join(dataPath, '.dccd')
  const found = await readDaemonFile(join(dccd, 'daemon.json'))
  if (!found || !isAlive(found.pid)) return undefined
  const token = await readDaemonToken(join(dccd, 'daemon.token'))
  return token === undefined ? found : { ...found, token }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process: it lives.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
