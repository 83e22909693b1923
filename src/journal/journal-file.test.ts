import { expect, it } from 'vitest'
import { type FileLayer, nodeFiles } from './file-layer.js'
import { openJournalFile } from './journal-file.js'

// Node closes what nobody closed when it collects garbage, with a warning, and will end the process for it.
it.each([false, true])(
  'a journal file that cannot tell its size is not left open (compressed: %s)',
  async (compressed) => {
    let open = 0
    const files: FileLayer = {
      ...nodeFiles(),
      open: async (path) => {
        if (compressed && !path.endsWith('.gz')) throw Object.assign(new Error('absent'), { code: 'ENOENT' })
        open++
        return {
          write: async () => 0,
          read: async () => 0,
          datasync: async () => {},
          size: () => Promise.reject(new Error('EIO')),
          close: async () => {
            open--
          },
        }
      },
    }
    await expect(openJournalFile(files, '/j', 1)).rejects.toThrow('EIO')
    expect(open).toBe(0)
  },
)
