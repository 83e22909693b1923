#!/usr/bin/env node
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createServices } from './app.js'
import { runCli } from './cli/run-cli.js'
import { expectShortLives } from './lib/short-lived.js'

expectShortLives()

const LINGER_MS = 5000

// Who closes our output early (`| head`) has seen enough: no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

const code = await runCli(process.argv.slice(2), createServices(fileURLToPath(import.meta.url)), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  write: async (chunk) => {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
  },
  stdin: process.stdin,
  terminal: process.stdout.isTTY,
  columns: process.stdout.columns ?? 120,
  environment: process.env,
  folder: process.cwd(),
  onSignal(listener) {
    const names = ['SIGINT', 'SIGTERM'] as const
    for (const name of names) process.on(name, listener)
    return () => {
      for (const name of names) process.off(name, listener)
    }
  },
  exit: (status) => process.exit(status),
})
process.exitCode = code
// The command is over. A stop is back within its time whatever hangs: a thread that did not end in it must not keep the process; what is still to be printed may.
setInterval(() => {
  if (process.stdout.writableLength === 0) process.exit(code)
}, LINGER_MS).unref()
