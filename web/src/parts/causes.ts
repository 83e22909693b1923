/** Why something is missing, by the code in the ledger: docs/reference/errors.md in as few words as a list has room for. */
const CAUSES: Readonly<Record<string, string>> = {
  CONNECT_FAILED: 'The exchange could not be reached',
  CONNECTION_LOST: 'The connection was cut',
  CONNECTION_SILENT: 'The connection fell silent',
  SUBSCRIBE_REJECTED: 'The exchange refused the subscription',
  SUBSCRIBE_TIMEOUT: 'The exchange did not confirm the subscription',
  RATE_LIMITED: 'The exchange asked for fewer requests',
  BANNED: 'The exchange refused this address for a while',
  BAD_MESSAGE: 'A frame could not be read',
  SEQUENCE_GAP: 'Frames did not arrive: the exchange’s counter jumped',
  CHECKSUM_MISMATCH: 'A book did not match its checksum and was taken anew',
  BOOK_CROSSED: 'A book was crossed and was taken anew',
  BOOK_DIVERGED: 'A book differed from a fresh snapshot',
  HISTORY_OUT_OF_REACH: 'The exchange serves no history that old',
  HISTORY_INCOMPLETE: 'The exchange leaves it out of its history',
  BACKLOG_FULL: 'More came than could be kept up with',
  DISK_FULL: 'The disk was full',
  STORE_FAILED: 'The data folder could not be written',
  JOURNAL_DAMAGED: 'A part of the journal can no longer be read',
  PROCESS_STOPPED: 'The daemon was stopped',
  PROCESS_CRASHED: 'The daemon did not run',
  UNSUBSCRIBED: 'The stream was stopped',
  EXCHANGE_DOWN: 'The exchange announced maintenance',
  CLOCK_WRONG: 'The clock of this machine was wrong',
}

export function causeText(code: string): string {
  return CAUSES[code] ?? 'Something is missing'
}
