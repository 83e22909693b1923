/** How far the damage of an error goes: only what is in scope restarts. */
export type Scope = 'call' | 'instrument' | 'connection' | 'stream' | 'exchange' | 'process'
/** When trying again makes sense. */
export type Retry = 'never' | 'now' | 'backoff' | { readonly afterMs: number }

interface ErrorRule {
  readonly scope: Scope
  readonly retry: Retry
  readonly meaning: string
  readonly remedy: string
}

/** Every error code of the project. The code says what, the scope how far, the retry rule when again. Rendered into the docs. */
export const ERRORS = {
  CONNECT_FAILED: {
    scope: 'connection',
    retry: 'backoff',
    meaning: 'The exchange could not be reached.',
    remedy: 'Check the network and settings.endpoints; it is tried again by itself.',
  },
  CONNECTION_LOST: {
    scope: 'connection',
    retry: 'now',
    meaning: 'An open connection ended.',
    remedy: 'None needed: it reconnects by itself.',
  },
  CONNECTION_SILENT: {
    scope: 'connection',
    retry: 'now',
    meaning: 'A connection stayed open but sent nothing for longer than the exchange promises.',
    remedy: 'None needed: it reconnects by itself.',
  },
  SUBSCRIBE_REJECTED: {
    scope: 'instrument',
    retry: { afterMs: 300_000 },
    meaning: 'The exchange refused a subscription.',
    remedy: 'Check pair, channel and depth; `dccd status` shows what the exchange said.',
  },
  SUBSCRIBE_TIMEOUT: {
    scope: 'connection',
    retry: 'backoff',
    meaning: 'The exchange did not confirm a subscription in time.',
    remedy: 'None needed: the connection is made again.',
  },
  RATE_LIMITED: {
    scope: 'exchange',
    retry: 'backoff',
    meaning: 'The exchange asked for fewer requests.',
    remedy: 'None needed: requests wait as long as the exchange says.',
  },
  BANNED: {
    scope: 'exchange',
    retry: { afterMs: 120_000 },
    meaning: 'The exchange refuses this address for a while.',
    remedy: 'Wait; run fewer collectors behind one address.',
  },
  BAD_MESSAGE: {
    scope: 'instrument',
    retry: 'now',
    meaning: 'A frame could not be read.',
    remedy: 'The frame is kept in the journal; `dccd decode` shows why it was refused.',
  },
  UNKNOWN_MESSAGE: {
    scope: 'call',
    retry: 'never',
    meaning: 'A frame of a form that this version does not know.',
    remedy: 'The frame is kept in the journal; a newer version may read it.',
  },
  SEQUENCE_GAP: {
    scope: 'instrument',
    retry: 'now',
    meaning: "The exchange's own counter shows that something is missing.",
    remedy: 'None needed: the book is taken anew and the hole stands in the ledger.',
  },
  SCHEMA_DRIFT: {
    scope: 'exchange',
    retry: 'never',
    meaning:
      'The exchange has changed its protocol: a rule fails on every message, or there are fields and words that its documentation does not name.',
    remedy:
      'Look for a newer version. Until then what is understood goes on; where a rule fails it is marked as unverifiable. `dccd health` tells all that was seen.',
  },
  CHECKSUM_MISMATCH: {
    scope: 'instrument',
    retry: 'now',
    meaning: "A book does not match the exchange's checksum.",
    remedy: 'None needed: the book is taken anew and the hole stands in the ledger.',
  },
  BOOK_CROSSED: {
    scope: 'instrument',
    retry: 'now',
    meaning: 'The best bid of a book reached its best ask.',
    remedy: 'None needed: the book is taken anew and the hole stands in the ledger.',
  },
  BOOK_DIVERGED: {
    scope: 'instrument',
    retry: 'now',
    meaning: 'A book without proof differs from a fresh snapshot.',
    remedy: 'None needed: the book is taken anew and the stretch since the last equal snapshot stands in the ledger.',
  },
  UNSUPPORTED: {
    scope: 'call',
    retry: 'never',
    meaning: 'The exchange does not offer this.',
    remedy: 'Choose one of the channels, intervals and depths that the message lists.',
  },
  UNKNOWN_INSTRUMENT: {
    scope: 'instrument',
    retry: { afterMs: 900_000 },
    meaning: 'The exchange does not list this pair.',
    remedy: 'Check the spelling BASE/QUOTE; the message names the nearest listed pairs.',
  },
  ARCHIVE_MISSING: {
    scope: 'call',
    retry: 'never',
    meaning: 'The exchange has not published this file of its archive.',
    remedy:
      'None needed: what it would hold is asked by request, as far as the exchange serves it. Files come hours after their day.',
  },
  ARCHIVE_DAMAGED: {
    scope: 'call',
    retry: 'never',
    meaning: 'A file of an archive has a wrong checksum, is cut short, or is not what it should be.',
    remedy:
      'None needed: nothing of it is used, and what it would hold is asked by request. `--no-archives` leaves archives out.',
  },
  ARCHIVE_DISAGREES: {
    scope: 'call',
    retry: 'never',
    meaning: 'A file of an archive tells other rows than the exchange does by request.',
    remedy: 'None needed: what it would hold is asked by request.',
  },
  HISTORY_OUT_OF_REACH: {
    scope: 'call',
    retry: 'never',
    meaning: 'The exchange does not serve history that old.',
    remedy: 'Ask for a later start.',
  },
  HISTORY_INCOMPLETE: {
    scope: 'call',
    retry: 'never',
    meaning: 'The exchange leaves something out of its history that must have been there.',
    remedy: 'None: what is missing stands in the ledger as lost.',
  },
  BACKLOG_FULL: {
    scope: 'connection',
    retry: 'now',
    meaning: 'Frames came faster than the disk took them, and some were discarded and counted.',
    remedy: 'Use a faster disk or fewer streams.',
  },
  STORE_FAILED: {
    scope: 'process',
    retry: 'backoff',
    meaning: 'Writing to the data folder failed.',
    remedy: 'Check the disk; nothing acknowledged is lost, the journal is replayed.',
  },
  DISK_FULL: {
    scope: 'process',
    retry: 'backoff',
    meaning: 'The disk of the data folder is full.',
    remedy: 'Make room; recording goes on by itself.',
  },
  DATA_DAMAGED: {
    scope: 'call',
    retry: 'never',
    meaning: 'Stored rows are not what was written, and could not be made anew.',
    remedy: 'Run `dccd verify --repair`; what it moved aside lies in .dccd/quarantine.',
  },
  WEAK_FILE_SYSTEM: {
    scope: 'process',
    retry: 'never',
    meaning: 'The file system of the data does not promise what recording builds on.',
    remedy: 'Use a local disk for the data, or for catalog and journal alone with storage.state_path.',
  },
  CATALOG_RESTORED: {
    scope: 'process',
    retry: 'never',
    meaning: 'The catalog was gone; its last backup was put in its place and the rest derived again from the journal.',
    remedy: 'None needed; `dccd verify --deep` compares everything. Find out what removed .dccd/catalog.',
  },
  JOURNAL_DAMAGED: {
    scope: 'call',
    retry: 'never',
    meaning: 'A part of the journal that was safe on disk can no longer be read.',
    remedy: 'Check the disk; the damaged part is kept aside and the hole stands in the ledger.',
  },
  PROCESS_STOPPED: { scope: 'process', retry: 'never', meaning: 'The daemon was stopped.', remedy: 'Start it again.' },
  PROCESS_CRASHED: {
    scope: 'process',
    retry: 'now',
    meaning: 'The daemon ended without being asked to.',
    remedy: 'Look at the log; the journal was replayed at the next start.',
  },
  UNSUBSCRIBED: {
    scope: 'stream',
    retry: 'never',
    meaning: 'The stream was stopped or removed from the config.',
    remedy: 'Start it again if it is wanted.',
  },
  EXCHANGE_DOWN: {
    scope: 'exchange',
    retry: 'backoff',
    meaning: 'The exchange announced maintenance.',
    remedy: 'None needed: it is tried again by itself.',
  },
  DATA_LOCKED: {
    scope: 'process',
    retry: 'never',
    meaning: 'Another process writes to this data folder.',
    remedy: 'Stop the process that the message names, or choose another data_path.',
  },
  DATA_NOT_WRITABLE: {
    scope: 'process',
    retry: 'never',
    meaning: 'The data folder cannot be written.',
    remedy: 'Change its owner or permissions, or choose another data_path.',
  },
  DATA_FOREIGN: {
    scope: 'call',
    retry: 'never',
    meaning: 'The data folder is of a version that this program does not read.',
    remedy: 'Use the version that wrote it, or another data_path.',
  },
  PORT_IN_USE: {
    scope: 'process',
    retry: 'never',
    meaning: 'The HTTP port is taken.',
    remedy: 'Stop what uses it, or set settings.ui_port (0 takes a free one).',
  },
  REMOTE_NOT_FOUND: {
    scope: 'call',
    retry: 'never',
    meaning: 'The remote has no such object.',
    remedy: 'Check the name of the remote and the path.',
  },
  REMOTE_FAILED: {
    scope: 'call',
    retry: 'backoff',
    meaning: 'Copying to a remote failed.',
    remedy: 'Check `rclone` and the remote; it is tried again at the next interval.',
  },
  CLOCK_WRONG: {
    scope: 'process',
    retry: 'backoff',
    meaning: "This machine's clock is more than a day away from the exchange's.",
    remedy: 'Set the clock (NTP); recording begins by itself when it is right.',
  },
  ALERT_FAILED: {
    scope: 'call',
    retry: 'backoff',
    meaning: 'An alert could not be sent.',
    remedy: 'Check `alerts.webhook_url` and whether this machine reaches it.',
  },
  CONFIG_INVALID: {
    scope: 'process',
    retry: 'never',
    meaning: 'The config has mistakes.',
    remedy: 'Each mistake is listed with its line, column and the nearest valid value.',
  },
  HOST_REFUSED: {
    scope: 'call',
    retry: 'never',
    meaning: 'A request to the HTTP API named another host than this machine.',
    remedy: 'Call it as 127.0.0.1 or localhost with its port.',
  },
  ORIGIN_REFUSED: {
    scope: 'call',
    retry: 'never',
    meaning: 'A page of another site called the HTTP API.',
    remedy: 'Open the page that the daemon serves, or add the origin to settings.ui_allow_origins.',
  },
  UNAUTHORIZED: {
    scope: 'call',
    retry: 'never',
    meaning: 'The HTTP API asks for a token, and none that it knows came.',
    remedy: 'Send `Authorization: Bearer TOKEN` with settings.ui_auth_token, or log in.',
  },
  FORBIDDEN: {
    scope: 'call',
    retry: 'never',
    meaning: 'The token may look and not change, or the API only shows.',
    remedy: 'Use the token of settings.ui_auth_token; set settings.ui_readonly to false.',
  },
  TOO_MANY_REQUESTS: {
    scope: 'call',
    retry: { afterMs: 1000 },
    meaning: 'A client sent more requests, or opened more feeds, than it may.',
    remedy: 'Wait a second, or raise settings.ui_rate_limit.',
  },
  BODY_TOO_LARGE: {
    scope: 'call',
    retry: 'never',
    meaning: 'The body of a request is larger than the HTTP API takes.',
    remedy: 'Send less at once.',
  },
  MEDIA_TYPE_REFUSED: {
    scope: 'call',
    retry: 'never',
    meaning: 'The body of a request is of a type that the HTTP API does not take.',
    remedy: 'Send JSON with `Content-Type: application/json`.',
  },
  METHOD_REFUSED: {
    scope: 'call',
    retry: 'never',
    meaning: 'The HTTP API does not take this method here.',
    remedy: 'Use one that the header `Allow` lists.',
  },
  NOT_FOUND: {
    scope: 'call',
    retry: 'never',
    meaning: 'The HTTP API has nothing at this path.',
    remedy: 'Look at /api/docs for the paths.',
  },
  STREAM_UNKNOWN: {
    scope: 'call',
    retry: 'never',
    meaning: 'There is no stream of this key, running or configured.',
    remedy: '`dccd status` lists the keys.',
  },
  CONFIG_CHANGED: {
    scope: 'call',
    retry: 'never',
    meaning: 'The config was changed by somebody else since it was read.',
    remedy: 'Read it again, look at the difference, and send the change with its new etag.',
  },
  QUERY_REFUSED: {
    scope: 'call',
    retry: 'never',
    meaning: 'A query asked for more than reading the published data.',
    remedy: 'Send one SELECT over the views; `SHOW TABLES` lists them.',
  },
  QUERY_FAILED: {
    scope: 'call',
    retry: 'never',
    meaning: 'A query could not be understood or carried out.',
    remedy: 'Correct it as the message says; `DESCRIBE trades` lists columns.',
  },
  QUERY_TIMEOUT: {
    scope: 'call',
    retry: 'never',
    meaning: 'A query took longer than it may.',
    remedy: 'Narrow it by exchange, pair and date, or allow more with --timeout.',
  },
  NO_BOOK: {
    scope: 'call',
    retry: 'never',
    meaning: 'There is no whole book at or before that instant.',
    remedy: 'Ask for a later instant; `dccd inventory` shows what is held.',
  },
  EXPORT_TOO_LARGE: {
    scope: 'call',
    retry: 'never',
    meaning: 'More rows than a file of this format can hold.',
    remedy: 'Export a shorter range with --from and --until, or use parquet.',
  },
  INTERNAL: {
    scope: 'call',
    retry: 'never',
    meaning: 'A request failed for a reason that nobody foresaw.',
    remedy: 'Look at the log and report it.',
  },
  USAGE: {
    scope: 'call',
    retry: 'never',
    meaning: 'A command was given something it does not understand.',
    remedy: 'Run it with --help.',
  },
} as const satisfies Record<string, ErrorRule>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorOptions {
  readonly scope?: Scope
  readonly retry?: Retry
  readonly remedy?: string
  readonly cause?: unknown
}

/** Every error the project throws on purpose. `message` is one readable sentence; `remedy` says what to do. */
export class CollectorError extends Error {
  override readonly name = 'CollectorError'
  readonly code: ErrorCode
  readonly scope: Scope
  readonly retry: Retry
  readonly remedy: string

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.scope = options.scope ?? ERRORS[code].scope
    this.retry = options.retry ?? ERRORS[code].retry
    this.remedy = options.remedy ?? ERRORS[code].remedy
  }
}

/** The error as one of ours: itself, or wrapped under `code` with its message kept. */
export function asCollectorError(error: unknown, code: ErrorCode): CollectorError {
  if (error instanceof CollectorError) return error
  return new CollectorError(code, error instanceof Error ? error.message : String(error), { cause: error })
}

/** A CollectorError as plain data, to cross threads or stand in JSON; anything else becomes STORE_FAILED with its message. */
export function encodeError(error: unknown): { code: string; message: string; remedy: string | undefined } {
  const { code, message, remedy } = asCollectorError(error, 'STORE_FAILED')
  return { code, message, remedy }
}

/** Inverse of `encodeError`. */
export function decodeError(error: { code: string; message: string; remedy: string | undefined }): CollectorError {
  const code = Object.hasOwn(ERRORS, error.code) ? (error.code as ErrorCode) : 'STORE_FAILED'
  return new CollectorError(code, error.message, error.remedy === undefined ? {} : { remedy: error.remedy })
}
