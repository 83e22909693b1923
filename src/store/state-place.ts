import { cp, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CollectorError } from '../model/error.js'
import { DataFolder } from './data-folder.js'
import { makeFolder, syncFile, syncFolder } from './durable-file.js'
import { isMissing, storeError } from './failure.js'

/** What of `.dccd` must lie on a disk that keeps what was synced. */
const STATE = ['catalog', 'journal'] as const

/**
 * Has catalog and journal lie in `statePath` (`storage.state_path`): what is in the data folder already is moved, and links stand in its place, so that whoever opens
 * the data folder finds them. The caller holds the data lock, and nothing is open yet. Killed at any point, the next call goes on. Throws `CONFIG_INVALID` when
 * they lie elsewhere already, `DATA_FOREIGN` when the place holds those of another data folder.
 */
export async function placeState(dataPath: string, statePath: string): Promise<void> {
  const { hidden } = new DataFolder(dataPath)
  try {
    await makeFolder(statePath)
    for (const name of STATE) await place(join(hidden, name), join(statePath, name))
    await syncFolder(hidden)
  } catch (error) {
    throw storeError(error, `put catalog and journal into ${statePath}`)
  }
}

async function place(from: string, to: string): Promise<void> {
  const aside = `${from}.moved`
  const known = await kindOf(from)
  if (known === 'link') {
    const there = resolve(join(from, '..'), await readlink(from))
    if (there !== resolve(to))
      throw new CollectorError(
        'CONFIG_INVALID',
        `catalog and journal lie in ${there}, storage.state_path wants ${to}`,
        {
          remedy:
            'Name the folder where they are, or move it there while no dccd runs and let the link in .dccd follow.',
        },
      )
    await rm(aside, { recursive: true, force: true })
    return
  }
  if ((await kindOf(aside)) !== 'none') {
    // A move that did not come to its link: what was set aside is whole.
    await rm(to, { recursive: true, force: true })
    if (known === 'none') await rename(aside, from)
  }
  if ((await readdir(to).catch(() => [])).length > 0)
    throw new CollectorError('DATA_FOREIGN', `${to} belongs to another data folder`, {
      remedy: 'Give storage.state_path a folder of its own for each data folder.',
    })
  if ((await kindOf(from)) === 'none') await mkdir(to, { recursive: true })
  else {
    const moving = `${to}.moving`
    await rm(moving, { recursive: true, force: true })
    await cp(from, moving, { recursive: true })
    await syncAll(moving)
    await rename(from, aside)
    await rm(to, { recursive: true, force: true })
    await rename(moving, to)
  }
  await syncFolder(join(to, '..'))
  await symlink(resolve(to), from, 'junction')
  await syncFolder(join(from, '..'))
  await rm(aside, { recursive: true, force: true })
}

async function kindOf(path: string): Promise<'none' | 'link' | 'folder'> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'folder'
  } catch (error) {
    if (isMissing(error)) return 'none'
    throw error
  }
}

async function syncAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await syncAll(path)
    else await syncFile(path)
  }
  await syncFolder(folder)
}
