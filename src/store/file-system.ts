import { statfs } from 'node:fs/promises'
import { CollectorError } from '../model/error.js'

/** File systems by the number that Linux gives them (statfs(2)) that lie elsewhere, where a sync may be answered before anything is safe. */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x786f4256, 'a folder of the VirtualBox host'],
])
const MEMORY: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
])

/** What the file system of a folder does not promise; `undefined` where nothing is known against it. Elsewhere than on Linux nothing is known. */
export function weaknessOf(path: string, type: number): CollectorError | undefined {
  const remote = REMOTE.get(type)
  if (remote)
    return new CollectorError(
      'WEAK_FILE_SYSTEM',
      `${path} lies on ${remote}: what was synced may be lost with the power, and the lock may not hold against other machines`,
    )
  const memory = MEMORY.get(type)
  if (!memory) return undefined
  return new CollectorError('WEAK_FILE_SYSTEM', `${path} lies in memory (${memory}): all of it is gone after a restart`)
}

/** See `weaknessOf`; of the file system on which the folder is now. */
export async function fileSystemWeakness(path: string): Promise<CollectorError | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    return weaknessOf(path, (await statfs(path)).type)
  } catch {
    return undefined
  }
}
