export type * from '../daemon/jobs.js'
