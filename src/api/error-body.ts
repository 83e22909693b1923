import { asCollectorError, CollectorError, type ErrorCode } from '../model/error.js'
import { FieldError } from '../service/check-input.js'

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  UNAUTHORIZED: 401,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  STREAM_UNKNOWN: 404,
  NO_BOOK: 404,
  REMOTE_NOT_FOUND: 404,
  METHOD_REFUSED: 405,
  CONFIG_CHANGED: 412,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_REFUSED: 415,
  CONFIG_INVALID: 422,
  UNSUPPORTED: 422,
  UNKNOWN_INSTRUMENT: 422,
  QUERY_REFUSED: 422,
  QUERY_FAILED: 422,
  QUERY_TIMEOUT: 422,
  TOO_MANY_REQUESTS: 429,
  DATA_LOCKED: 409,
  HISTORY_OUT_OF_REACH: 422,
  ALERT_FAILED: 502,
  CONNECT_FAILED: 502,
  BAD_MESSAGE: 502,
  RATE_LIMITED: 503,
  BANNED: 503,
  REMOTE_FAILED: 502,
  DATA_FOREIGN: 503,
  PROCESS_STOPPED: 503,
  STORE_FAILED: 503,
  DISK_FULL: 503,
}

/** The HTTP status of an error. */
export function statusOf({ code }: CollectorError): number {
  return STATUS_OF[code] ?? 500
}

/** What every refusal and failure of the API looks like. `field`: the input field that is at fault; null when none is. */
export interface ErrorBody {
  readonly code: ErrorCode
  readonly message: string
  readonly field: string | null
  readonly remedy: string
}

export function errorBody(error: CollectorError): ErrorBody {
  const { code, message, remedy } = error
  const body = { code, message, field: error instanceof FieldError ? error.field : null, remedy }
  return 'problems' in error ? ({ ...body, problems: error.problems } as ErrorBody) : body
}

/** Whatever was thrown as one of ours. What fastify refuses by itself is the asker's mistake. */
export function apiError(cause: unknown): CollectorError {
  if (cause instanceof CollectorError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new CollectorError('BODY_TOO_LARGE', 'the body is too large')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new CollectorError('MEDIA_TYPE_REFUSED', 'the body is of a type that is not taken here')
  const asked = cause instanceof Error && 'statusCode' in cause && Number(cause.statusCode) < 500
  return asked
    ? new CollectorError('USAGE', cause.message, { remedy: 'Correct the request; /api/docs describes each one.' })
    : asCollectorError(cause, 'INTERNAL')
}
