import type { Daemon } from '../service/services.js'
import { errorText, type Io } from './output.js'

/**
 * Waits for a signal, the daemon's failure or `seconds`; then stops the daemon in order. A second signal ends the process at once, which corrupts
 * nothing: the journal is what counts. Resolves with the exit code.
 */
export async function untilStopped(daemon: Daemon, io: Io, seconds?: number): Promise<number> {
  let signals = 0
  let stop: () => void = () => {}
  const asked = new Promise<'asked'>((resolve) => {
    stop = () => resolve('asked')
  })
  const ignore = io.onSignal(() => {
    if (++signals > 1) io.exit(1)
    else stop()
  })
  const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000)
  const reason = await Promise.race([asked, daemon.failed])
  clearTimeout(timer)
  if (reason !== 'asked') io.stderr(errorText(reason))
  else if (signals) io.stderr('dccd: storing everything and ending; once more ends at once\n')
  await daemon.stop()
  ignore()
  return reason === 'asked' ? 0 : 1
}
