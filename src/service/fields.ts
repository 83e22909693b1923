import { z } from 'zod'
import { INTERVALS, type Interval, isInterval, KINDS } from '../model/dataset.js'
import { isPair } from '../model/instrument.js'
import { nanosFromIso } from '../model/time.js'

/** An instant after all others that data can have. */
export const LONGEST = 2n ** 62n

/** The fields that the inputs of operations are made of. */
export const exchange = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[a-z][a-z0-9_]*$/, 'must be the id of an exchange in small letters')
  .describe('The exchange, by its id: `binance`.')
export const pair = z
  .string()
  .max(60)
  .refine(isPair, 'must be BASE/QUOTE or BASE/QUOTE:market')
  .describe('`BTC/USDT`; a perpetual `BTC/USDT:perp`.')
export const kind = z.enum(KINDS).describe('What is stored.')
export const interval = z
  .string()
  .max(4)
  .refine((text): text is Interval => isInterval(text), `must be one of ${Object.keys(INTERVALS).join(', ')}`)
  .describe('Length of a candle: `1m`, `1h`, `1d`.')
export const channels = z
  .array(z.string().min(1).max(20))
  .min(1)
  .max(40)
  .describe('`trades`, `book`, `quotes`, `ohlc`, `ohlc:1h` and so on.')

/** An instant as people write it. */
export const instant = z
  .string()
  .max(40)
  .transform((text, context) => {
    const value = /^\d{16,19}$/.test(text) ? BigInt(text) : nanosFromIso(text)
    if (value !== undefined && value <= LONGEST) return value
    context.addIssue({ code: 'custom', message: 'must be ISO time such as 2026-11-24T10:00:00Z, or nanoseconds' })
    return z.NEVER
  })
  .describe('ISO time such as `2026-11-24T10:00:00Z` (without a zone it is UTC), or nanoseconds.')

export const from = instant.optional().describe('Inclusive. ISO time or nanoseconds.')
export const until = instant.optional().describe('Exclusive. ISO time or nanoseconds.')

export const rowLimit = (preset: number, most: number) =>
  z.int().min(1).max(most).default(preset).describe('At most this many.')

/** An opaque place to go on at, from the answer before. */
export const cursor = z.string().max(1000).optional().describe('Where to go on: `next_cursor` of the answer before.')

/** Fields of outputs: instants as text. */
export const isoTime = z.string().nullable().describe('ISO time in UTC with nanoseconds; null when not known.')
export const nanosText = z
  .string()
  .describe('Nanoseconds since 1970 (UTC) as text: they are beyond what a double holds.')

/** Any cell of a stored row: numbers are exact decimal text, times nanoseconds as text. */
export const cell = z.union([z.string(), z.number(), z.boolean(), z.null()])

export const errorFields = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
})

export const nothing = z.strictObject({})
