import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises'

/** An open file. Positions are bytes from the start of the file. */
export interface LayerFile {
  /** Writes at `position` and returns how many bytes were taken, which may be fewer than given. */
  write(bytes: Uint8Array, position: number): Promise<number>
  /** Reads into `target` from `position` and returns how many bytes came; 0 at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>
  /** Returns once the bytes written so far, and the size, are on the disk. */
  datasync(): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** Every file operation the journal does, so that a test can fail or end the process at each of them. */
export interface FileLayer {
  makeFolder(path: string): Promise<void>
  /** Names in a folder, in no order. */
  list(path: string): Promise<string[]>
  /** Makes a file that must not exist yet, for writing. */
  create(path: string): Promise<LayerFile>
  /** Opens an existing file for reading. */
  open(path: string): Promise<LayerFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Returns once the entries of the folder are on the disk. */
  syncFolder(path: string): Promise<void>
}

/** The operating system's files. */
export function nodeFiles(): FileLayer {
  return {
    makeFolder: async (path) => {
      await mkdir(path, { recursive: true })
    },
    list: (path) => readdir(path),
    create: (path) => openFile(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR),
    open: (path) => openFile(path, constants.O_RDONLY),
    rename,
    unlink,
    syncFolder: async (path) => {
      if (process.platform === 'win32') return // folders cannot be opened there; NTFS journals its entries
      const folder = await open(path, constants.O_RDONLY)
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    },
  }
}

async function openFile(path: string, flags: number): Promise<LayerFile> {
  const handle = await open(path, flags, 0o644)
  return {
    write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    read: async (target, position) => (await handle.read(target, 0, target.length, position)).bytesRead,
    datasync: () => handle.datasync(),
    size: async () => (await handle.stat()).size,
    close: () => handle.close(),
  }
}
