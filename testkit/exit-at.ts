import fs, {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'
import Database from 'libsql'

/**
 * How a process ends in the middle of its work: killed, or killed together with the power of its disk. `both`: killed, and at `ROOT-power` stands what
 * would be left if the power had gone too.
 */
export type Ending = 'kill' | 'power' | 'both'

const PATH_OPERATIONS = ['rename', 'link', 'unlink', 'mkdir', 'copyFile', 'open'] as const
const HANDLE_OPERATIONS = ['sync', 'datasync', 'write', 'writeFile'] as const

/**
 * Ends this process just before its n-th file operation or SQL commit, counted from 1. With loss of power, what the disk of `root` would then hold
 * for sure is put in its place: files as they were when they were synced last (half of the bytes where they never were), folders with the entries
 * that they had when they were synced last. The catalog counts as synced by each of its commits. Call it before anything is done.
 * Returns how many operations there were so far.
 */
export function exitAt(n: number, ending: Ending, root: string): () => number {
  let count = 0
  const disk = new SafeDisk(root)
  const step = () => {
    if (++count !== n) return
    if (ending === 'power') disk.lose()
    if (ending === 'both') disk.leave(`${root}-power`)
    process.kill(process.pid, 'SIGKILL')
    for (;;); // the signal ends this
  }
  for (const name of PATH_OPERATIONS) {
    wrap(fs.promises, name, step, (result, [path]) => {
      if (name !== 'open' || typeof result !== 'object' || result === null) return
      for (const operation of HANDLE_OPERATIONS)
        wrap(result, operation, step, () => {
          if (operation === 'sync' || operation === 'datasync') disk.synced(String(path))
        })
    })
  }
  wrap(Database.prototype, 'exec', (args) => {
    if (args[0] === 'COMMIT') step()
  })
  syncBuiltinESMExports()
  return () => count
}

/** Has `before` called before each call of a method, and `after` with its result, awaited. */
function wrap(
  target: object,
  name: string,
  before: (args: readonly unknown[]) => void,
  after?: (result: unknown, args: readonly unknown[]) => void,
): void {
  const original: unknown = Reflect.get(target, name)
  if (typeof original !== 'function') throw new Error(`there is no ${name} to be wrapped`)
  Reflect.set(target, name, function (this: unknown, ...args: unknown[]) {
    before(args)
    const result: unknown = Reflect.apply(original, this, args)
    if (!after) return result
    return Promise.resolve(result).then((value: unknown) => {
      after(value, args)
      return value
    })
  })
}

/** What of a folder is safe from the loss of power. */
class SafeDisk {
  private readonly root: string
  /** Bytes of files at their last sync, by inode. */
  private readonly files = new Map<number, Buffer>()
  /** Names in folders at their last sync, with inodes. */
  private readonly folders = new Map<string, Map<string, number>>()

  constructor(root: string) {
    this.root = root
    this.adopt(root)
  }

  /** What stood there before is on the disk. */
  private adopt(path: string): void {
    this.synced(path)
    if (existsSync(path) && statSync(path).isDirectory())
      for (const name of readdirSync(path)) this.adopt(join(path, name))
  }

  synced(path: string): void {
    // Other operations are under way: what is there now may be gone in a moment.
    const stats = path.startsWith(this.root) ? statSync(path, { throwIfNoEntry: false }) : undefined
    if (!stats) return
    if (stats.isFile()) this.files.set(stats.ino, readFileSync(path))
    else this.folders.set(path, new Map(inodesIn(path)))
  }

  /** Puts in the place of the folder what is left of it. */
  lose(): void {
    const [left, gone] = [`${this.root}-left`, `${this.root}-gone`]
    this.leave(left)
    fs.renameSync(this.root, gone)
    fs.renameSync(left, this.root)
    rmSync(gone, { recursive: true, force: true })
  }

  /** Makes a folder of what is left. */
  leave(left: string): void {
    // Operations that others of this process have under way come to their end first: none must meet what is put in its place.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    mkdirSync(left)
    this.restore(this.root, left)
  }

  private restore(from: string, to: string): void {
    if (from.endsWith(join('.dccd', 'catalog'))) {
      for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name))
      return
    }
    const now = new Map(this.inodes(from))
    for (const [name, ino] of this.folders.get(from) ?? []) {
      const path = [...now].find(([, other]) => other === ino)?.[0]
      const bytes = this.files.get(ino)
      if (bytes) writeFileSync(join(to, name), bytes)
      else if (path !== undefined && statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
        mkdirSync(join(to, name))
        this.restore(path, join(to, name))
      } else if (path !== undefined && existsSync(path)) {
        const unsafe = readFileSync(path)
        writeFileSync(join(to, name), unsafe.subarray(0, unsafe.length >> 1))
      }
    }
  }

  /** Inodes of what stands in a folder and beside it: a file may have been renamed since the folder was synced. */
  private *inodes(folder: string): Generator<[string, number]> {
    for (const place of [folder, ...this.folders.keys()])
      if (existsSync(place)) for (const [name, ino] of inodesIn(place)) yield [join(place, name), ino]
    if (folder !== this.root) yield [dirname(folder), -1]
  }
}

/** What stands in a folder, by name. */
function* inodesIn(folder: string): Generator<[string, number]> {
  for (const name of readdirSync(folder)) {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false })
    if (stats) yield [name, stats.ino]
  }
}
