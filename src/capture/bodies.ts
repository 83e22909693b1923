import { z } from 'zod'
import { CHANNELS, INTERVALS, isInterval } from '../model/dataset.js'
import { ERRORS, type ErrorCode } from '../model/error.js'

/** The JSON bodies of journal records that capture writes and derivation reads again: checked, because a journal outlives a program. */

const interval = z.string().refine(isInterval, { message: `one of ${Object.keys(INTERVALS).join(', ')}` })

const errorCode = z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(ERRORS, code))

const subscription = z.object({
  id: z.string(),
  channel: z.enum(CHANNELS),
  symbol: z.string(),
  pair: z.string(),
  depth: z.number().int().positive().exactOptional(),
  interval: interval.exactOptional(),
  /** Seconds between stored book snapshots, and how many levels a side they keep. */
  time_step: z.number().positive(),
  keep: z.number().int().positive(),
})

/**
 * Body of `open`: what the connection is for. `polled`: there is no socket, only REST questions asked at a steady pace. `replaces`: it takes over from these
 * connections of the lane, without a break.
 */
export const openBody = z.object({
  exchange: z.string(),
  path: z.string(),
  subscriptions: z.array(subscription),
  polled: z.boolean().exactOptional(),
  replaces: z.array(z.number()).exactOptional(),
})
export type OpenBody = z.infer<typeof openBody>
export type PlannedSubscription = z.infer<typeof subscription>

/** Body of `wanted`. `since` (nanoseconds as text): the dataset was already wanted from then on, by an earlier run. */
export const wantedBody = z.object({
  on: z.boolean(),
  datasets: z.array(z.object({ key: z.string(), since: z.string().nullable() })),
})

/** Body of `decide`: what the data alone does not tell. */
export const decideBody = z.discriminatedUnion('what', [
  /** These subscriptions are no longer wanted on this connection. */
  z.object({ what: z.literal('unsubscribe'), ids: z.array(z.string()) }),
  /** The book of this subscription did not come in time: ask again. */
  z.object({ what: z.literal('resync'), id: z.string(), detail: z.string() }),
  /** A WebSocket ping or pong came: the connection lives. */
  z.object({ what: z.literal('alive') }),
  /** A poll got no answer before the next was due. */
  z.object({ what: z.literal('missed'), ids: z.array(z.string()), code: errorCode, detail: z.string() }),
  /** Frames were discarded because the journal did not keep up. */
  z.object({ what: z.literal('discarded'), frames: z.number(), bytes: z.number() }),
  /** A gap cannot be filled: the venue has nothing of it, or not any more. Of no connection. Nanoseconds as text. */
  z.object({
    what: z.literal('lost'),
    dataset: z.string(),
    from: z.string(),
    until: z.string(),
    code: z.enum(['HISTORY_OUT_OF_REACH', 'HISTORY_INCOMPLETE', 'UNSUPPORTED']),
    detail: z.string(),
  }),
])
export type DecideBody = z.infer<typeof decideBody>

const counted = z.string().regex(/^\d+$/)

/** A stretch that pages have proven together: nanoseconds and counters as text. */
export const grownStretch = z.object({
  run: counted,
  from: z.string(),
  until: z.string(),
  before: counted.nullable(),
  last: counted.nullable(),
})

/**
 * The page is some lines of a file of an archive, gzipped: `part` of it, from 0, and whether it is the last. `sha256`: of the whole file as it was fetched. `whole`: see
 * `ArchivePart`.
 */
const archivedPart = z.object({
  sha256: z.string(),
  part: z.number().int().nonnegative(),
  last: z.boolean(),
  whole: z.boolean(),
})

/**
 * A page of the past, with all that its meaning needs: whose, the stretch asked for (nanoseconds and counters as text), the cursor, and
 * `grown`, the stretch that the pages before it proved.
 */
const pagePurpose = z.object({
  what: z.literal('page'),
  exchange: z.string(),
  dataset: z.string(),
  channel: z.enum(CHANNELS),
  request: z.object({
    symbol: z.string(),
    rest: z.string(),
    from: z.string(),
    until: z.string(),
    interval: interval.exactOptional(),
    after: counted.exactOptional(),
    before: counted.exactOptional(),
  }),
  cursor: z.json().exactOptional(),
  grown: grownStretch.exactOptional(),
  archive: archivedPart.exactOptional(),
})
export type PagePurpose = z.infer<typeof pagePurpose>

/**
 * Purpose of a `rest` record: the snapshot of a book, one to compare the book with, a poll for these
 * subscriptions, or a page of the past.
 */
export const restPurpose = z.discriminatedUnion('what', [
  z.object({ what: z.literal('snapshot'), id: z.string() }),
  z.object({ what: z.literal('compare'), id: z.string() }),
  z.object({ what: z.literal('poll'), ids: z.array(z.string()) }),
  pagePurpose,
])
export type RestPurpose = z.infer<typeof restPurpose>
