import type { Interval } from '../model/dataset.js'
import type { Instrument } from '../model/instrument.js'
import type { Nanos } from '../model/time.js'
import type { Ports, StoredPorts } from './ports.js'

/** A pair whose candles can be had, and from what. */
export interface CandlePair {
  readonly exchange: string
  readonly pair: string
  /** Candles of any interval can be made from its trades. */
  readonly trades: boolean
  /** Intervals of which the exchange's own candles are stored. */
  readonly intervals: readonly Interval[]
}

/**
 * What parts of an answer are asked of the stored data, by name. Like operations that are `apart` they are answered in the query thread of a daemon: the
 * thread that serves the API opens no stored data.
 */
export const QUESTIONS = {
  /** Every pair with stored trades or candles, in the order of their names. */
  async candlePairs(ports: StoredPorts): Promise<CandlePair[]> {
    const found = new Map<string, { exchange: string; pair: string; trades: boolean; intervals: Interval[] }>()
    for (const { exchange, pair, kind, interval } of (await ports.data()).datasets()) {
      if (kind !== 'trades' && kind !== 'ohlc') continue
      const name = `${exchange}:${pair}`
      const known = found.get(name) ?? { exchange, pair, trades: false, intervals: [] }
      found.set(name, known)
      if (kind === 'trades') known.trades = true
      else if (interval) known.intervals.push(interval)
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
  },

  /** What an exchange listed at a moment, as far as the data folder saw it; without a moment, when it was last asked. */
  async listing(
    ports: StoredPorts,
    { exchange, at }: { exchange: string; at?: Nanos },
  ): Promise<readonly Instrument[]> {
    const data = await ports.data()
    return at === undefined ? (data.instruments(exchange) ?? []) : data.listing(exchange, at).list
  },
} as const satisfies Readonly<Record<string, (ports: StoredPorts, input: never) => Promise<unknown>>>

type Questions = typeof QUESTIONS
export type QuestionName = keyof Questions

export function isQuestion(name: string): name is QuestionName {
  return Object.hasOwn(QUESTIONS, name)
}

/** Answers in this thread; `input` as `question` was given it. */
export async function answerQuestion(ports: StoredPorts, name: QuestionName, input: unknown): Promise<unknown> {
  const answer: (ports: StoredPorts, input: never) => Promise<unknown> = QUESTIONS[name]
  return await answer(ports, input as never) // checked by the type of `question`
}

/** Asks in the thread where it belongs. */
export async function question<N extends QuestionName>(
  ports: Ports,
  name: N,
  input: Parameters<Questions[N]>[1],
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Questions[N]>>> {
  const answer = await (ports.offload?.(name, input, signal) ?? answerQuestion(ports, name, input))
  return answer as Awaited<ReturnType<Questions[N]>> // of the question that was just asked
}
