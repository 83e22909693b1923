import { spawn } from 'node:child_process'
import type { Clock } from '../../lib/clock.js'
import { CollectorError } from '../../model/error.js'

export interface RcloneOptions {
  readonly clock: Clock
  /** The program; a path or a name on PATH. */
  readonly command?: string
  /** Where the chosen environment is taken from. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** A copy whose counters stand still for this long is ended. There is no limit on its whole time: a first copy may take days. */
  readonly stalledAfterMs?: number
}

/** What rclone gets of our environment. Not AWS_CA_BUNDLE, with which its S3 refuses to start. */
const ENVIRONMENT = [
  'PATH HOME USER LOGNAME LANG TMPDIR TEMP TMP XDG_CONFIG_HOME XDG_CACHE_HOME SSH_AUTH_SOCK SSL_CERT_FILE SSL_CERT_DIR',
  'HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy',
  'AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_SHARED_CREDENTIALS_FILE AWS_CONFIG_FILE',
  'GOOGLE_APPLICATION_CREDENTIALS SYSTEMROOT APPDATA LOCALAPPDATA USERPROFILE',
].flatMap((line) => line.split(' '))

const MINOR: ReadonlySet<string> = new Set(['debug', 'info', 'notice', 'warning'])
const KILL_AFTER_MS = 3000
const TAIL_BYTES = 4000

/**
 * `rclone copy`: adds and replaces at the remote, never deletes there. Resolves only when rclone says that all of it is there; throws
 * REMOTE_FAILED with the end of what it said, or the signal's reason after an abort. No shell is involved.
 */
export async function rcloneCopy(
  from: string,
  remote: string,
  options: RcloneOptions,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted()
  const { clock, command = 'rclone', env = process.env, stalledAfterMs = 600_000 } = options
  const flags = ['--exclude', '.dccd/**', '--use-json-log', '--stats', '10s', '--stats-log-level', 'NOTICE']
  const child = spawn(command, ['copy', ...flags, '--', from, remote], {
    env: chosen(env),
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: false,
    windowsHide: true,
  })
  let tail = ''
  let partial = ''
  let progress = ''
  let stalled = false
  let cancelKill = () => {}
  const end = () => {
    child.kill('SIGTERM')
    cancelKill()
    cancelKill = clock.after(KILL_AFTER_MS, () => child.kill('SIGKILL'))
  }
  const watch = () =>
    clock.after(stalledAfterMs, () => {
      stalled = true
      end()
    })
  let cancelWatch = watch()
  const line = (text: string) => {
    const { message, counters } = readLine(text)
    if (message !== '') tail = `${tail}\n${message}`.slice(-TAIL_BYTES)
    if (counters === undefined || counters === progress) return
    progress = counters
    cancelWatch()
    if (!stalled) cancelWatch = watch()
  }
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n')
    partial = (lines.pop() ?? '').slice(-65_536)
    for (const text of lines) line(text)
  })
  signal?.addEventListener('abort', end)
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (status, killed) => resolve(status ?? killed ?? 'unknown'))
    })
    if (partial !== '') line(partial)
    signal?.throwIfAborted()
    if (stalled) throw failed(remote, `nothing moved for ${stalledAfterMs / 1000} s`, tail)
    if (code !== 0) throw failed(remote, `rclone ended with ${code}`, tail)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      throw new CollectorError('REMOTE_FAILED', `the program ${command} was not found`, {
        remedy:
          'Install rclone (https://rclone.org/install) and make it reachable on PATH, or set storage.sync_interval to 0.',
        cause,
      })
    throw cause
  } finally {
    cancelWatch()
    cancelKill()
    signal?.removeEventListener('abort', end)
  }
}

function failed(remote: string, what: string, tail: string): CollectorError {
  const said = withoutSecrets(tail.trim())
  return new CollectorError('REMOTE_FAILED', `${withoutSecrets(remote)}: ${what}${said === '' ? '' : `: ${said}`}`)
}

/** Passwords and keys of addresses and connection strings replaced by `***`. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/(\w:\/\/)[^\s/@]+@/g, '$1***@')
    .replace(
      /([\w-]*(?:pass|password|secret|token|key|auth|bearer)[\w-]*\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,:;&]+)/gi,
      '$1***',
    )
}

function readLine(text: string): { message: string; counters: string | undefined } {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return { message: text, counters: undefined }
  }
  if (typeof record !== 'object' || record === null) return { message: text, counters: undefined }
  if ('stats' in record && typeof record.stats === 'object' && record.stats !== null) {
    const stats: Record<string, unknown> = { ...record.stats }
    const counters = ['bytes', 'checks', 'transfers', 'listed', 'totalChecks'].map((name) => stats[name])
    return { message: '', counters: JSON.stringify(counters) }
  }
  // Below an error are notices of the config file and the like, which would push out what went wrong.
  if ('level' in record && typeof record.level === 'string' && MINOR.has(record.level))
    return { message: '', counters: undefined }
  const object = 'object' in record && typeof record.object === 'string' ? `${record.object}: ` : ''
  const message = 'msg' in record && typeof record.msg === 'string' ? record.msg.trim() : ''
  return { message: message === '' ? '' : object + message, counters: undefined }
}

function chosen(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const picked: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && (ENVIRONMENT.includes(name) || name.startsWith('RCLONE_'))) picked[name] = value
  return picked
}
