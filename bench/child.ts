import { spawn } from 'node:child_process'

/** What a child process of this folder reports at its end. */
export interface Result {
  readonly trades: number
  readonly cpuSeconds: number
  readonly peakMb: number
}

/** Runs a script of this folder and gives what it prints last. */
export async function child(script: string, args: readonly string[]): Promise<Result> {
  const path = new URL(script, import.meta.url).pathname
  const running = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  running.stdout.on('data', (data: Buffer) => {
    output += data.toString()
  })
  const code = await new Promise((resolve) => running.on('close', resolve))
  const last = output.trim().split('\n').at(-1) ?? ''
  if (code !== 0) throw new Error(`${script} ended with ${String(code)}: ${last}`)
  return JSON.parse(last) as Result // printed by the scripts of this folder
}
