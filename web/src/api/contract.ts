import type { Answers } from './answers.js'

/** Names for the answers of the HTTP API that the UI reads. `answers.ts` is made from its OpenAPI document. */

export type StreamRow = Answers['streams.list'][number]
export type ConnectionLine = Answers['streams.log'][number]
export type StreamState = StreamRow['state']

/** Who may what: docs/formats/http-api.md. */
export interface Session {
  readonly login_needed: boolean
  readonly role: 'read' | 'control' | null
  readonly may_change: boolean
  readonly readonly: boolean
}

export type Health = Answers['health']
export type ExchangeOffer = Answers['capabilities'][number]
export type ChannelOffer = ExchangeOffer['channels'][number]
export type InstrumentPage = Answers['instruments']

export type InventoryRow = Answers['inventory'][number]
export type CoverageAnswer = Answers['coverage']
export type CoverageDataset = CoverageAnswer['datasets'][number]
export type CoverageInterval = CoverageDataset['intervals'][number]
export type GapRow = Answers['gaps'][number]
export type ReadPage = Answers['read']
export type SqlAnswer = Answers['sql']
export type CandlesAnswer = Answers['candles']
export type Candle = CandlesAnswer['candles'][number]

export type BookAnswer = Answers['book']
export type BookLevel = readonly [string, string]
/** A book as a ladder shows it, stored or live. */
export interface BookView {
  readonly time: string | null
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
}

export type AlertRow = Answers['alerts'][number]
export type AlertTest = Answers['alerts.test']
export type LogLine = Answers['logs'][number]
export type StorageAnswer = Answers['storage']
export type SyncAnswer = Answers['sync']

export type RunRow = Answers['runs'][number]
export type RunState = RunRow['state']
export type RunDetail = Answers['runs.get']
export type RunPlan = Answers['runs.plan']
export type JobsAnswer = Answers['jobs']
export type JobRow = JobsAnswer['jobs'][number]

export type ConfigAnswer = Answers['config.get']
export type ConfigProblem = ConfigAnswer['problems'][number]
export type ConfigCheck = Answers['config.validate']
export type ConfigSaved = Answers['config.replace']
