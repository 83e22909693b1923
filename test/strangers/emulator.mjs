import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const MAIN = resolve(import.meta.dirname, '../../dist/src/main.js')

/** The built emulator as a process of its own. `stop` resolves when the truth file is complete. */
export async function startEmulator(options) {
  const folder = mkdtempSync(join(tmpdir(), 'dccd-strangers-'))
  const truth = join(folder, 'truth.ndjson')
  const child = spawn(process.execPath, [MAIN, 'emulate', '--port', '0', '--truth', truth, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((done) => child.once('close', done))
  let output = ''
  const port = await new Promise((found, failed) => {
    child.stdout.on('data', (data) => {
      output += data
      const [, number] = /127\.0\.0\.1:(\d+)/.exec(output) ?? []
      if (number) found(Number(number))
    })
    child.once('close', (code) => failed(new Error(`the emulator ended with ${code}: ${output}`)))
  })
  return {
    port,
    truth,
    async stop() {
      child.kill('SIGINT')
      await ended
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
