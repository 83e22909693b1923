import type { Daemon } from '../service/services.js'
import { errorText, type Io } from './output.js'

/**
 * Starts a daemon and waits for a signal, its failure or `seconds`; then stops it in order. Signals are heard from the first moment: one that comes
 * while `start` is at work stops what has started. A second one ends the process at once, which corrupts nothing: the journal is what counts.
 * Resolves with the exit code.
 */
export async function runDaemon(io: Io, start: () => Promise<Daemon>, seconds?: number): Promise<number> {
  let signals = 0
  let isStarting = true
  let stop: () => void = () => {}
  const asked = new Promise<'asked'>((resolve) => {
    stop = () => resolve('asked')
  })
  const ignore = io.onSignal(() => {
    if (++signals > 1) io.exit(1)
    if (isStarting) io.stderr('dccd: ends as soon as it has started; once more ends at once\n')
    stop()
  })
  try {
    const daemon = await start()
    isStarting = false
    const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000)
    const reason = await Promise.race([asked, daemon.failed])
    clearTimeout(timer)
    if (reason !== 'asked') io.stderr(errorText(reason))
    else if (signals) io.stderr('dccd: storing everything and ending; once more ends at once\n')
    await daemon.stop()
    return reason === 'asked' ? 0 : 1
  } finally {
    ignore()
  }
}
