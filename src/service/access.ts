import type { CollectorConfig } from '../config/schema.js'
import { CollectorError } from '../model/error.js'
import { type KnownToken, Tokens } from './tokens.js'

const SHORTEST = 16

/** The tokens that a config names, and the one of this machine's user. Throws CONFIG_INVALID for one that can be guessed where others reach it. */
export function accessTokens({ settings }: CollectorConfig, local: string | undefined, open: boolean): Tokens {
  const { ui_auth_token: control, ui_read_token: read } = settings
  const known: KnownToken[] = []
  if (control !== null) known.push({ token: control, role: 'control' })
  if (read !== null) known.push({ token: read, role: 'read' })
  if (open && control === null)
    throw new CollectorError(
      'CONFIG_INVALID',
      `settings.ui_host ${settings.ui_host} lets other machines in, and there is no token`,
      {
        remedy: 'Set settings.ui_auth_token (`openssl rand -hex 32` makes one), or ui_host to 127.0.0.1.',
      },
    )
  if (open && known.some(({ token }) => token.length < SHORTEST))
    throw new CollectorError(
      'CONFIG_INVALID',
      `a token that other machines may try has at least ${SHORTEST} characters`,
      {
        remedy: 'Set a longer settings.ui_auth_token; `openssl rand -hex 32` makes one.',
      },
    )
  // Without a token of the config this machine is trusted, and the local one opens nothing that is not open.
  if (known.length > 0 && local !== undefined) known.push({ token: local, role: 'control' })
  return new Tokens(known)
}

/** Whether an address is of this machine alone. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** A config without the tokens themselves: their hashes are kept elsewhere. */
export function withoutTokens(config: CollectorConfig): CollectorConfig {
  const { ui_auth_token, ui_read_token } = config.settings
  const hide = (token: string | null) => (token === null ? null : '***')
  return {
    ...config,
    settings: { ...config.settings, ui_auth_token: hide(ui_auth_token), ui_read_token: hide(ui_read_token) },
  }
}
