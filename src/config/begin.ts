import { stat } from 'node:fs/promises'
import { writeFileAtomic } from '../lib/atomic-file.js'
import { CollectorError } from '../model/error.js'

/** Writes a first config. What is there already stays as it is: throws USAGE unless it is an empty file. */
export async function beginConfig(file: string, text: string): Promise<void> {
  const there = await stat(file).catch(() => undefined)
  if (there && !(there.isFile() && there.size === 0)) {
    throw new CollectorError('USAGE', `${file} is there already and stays as it is`, {
      remedy: 'Check it with `dccd validate`, or name another file with --config.',
    })
  }
  await writeFileAtomic(file, text)
}
