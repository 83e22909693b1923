/** Runs the built program, or nothing, in this process as its command line would, and prints CPU and memory at the end. */
import { writeSync } from 'node:fs'

const [program, ...args] = process.argv.slice(2)
process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  const peakMb = process.resourceUsage().maxRSS / 1024
  writeSync(1, `\n${JSON.stringify({ trades: 0, cpuSeconds: (user + system) / 1e6, peakMb })}\n`)
})
if (program) {
  process.argv = [process.execPath, program, ...args]
  await import(program)
}
