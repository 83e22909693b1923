export type { ErrorCode } from './model/error.js'
export { CollectorError, ERRORS } from './model/error.js'
