import type { Gap } from '../model/gaps.js'
import { isoFromNanos } from '../model/time.js'

/** Gaps as rows of JSON: `from` and `until` in nanoseconds as text. */
export function gapRows(gaps: readonly Gap[]) {
  return gaps.map(({ dataset, from, until, code, detail, missing, lost }) => {
    const [exchange = '', kind = '', pair = '', interval] = dataset.split(' ')
    return {
      exchange,
      kind,
      pair,
      interval: interval ?? null,
      from: from.toString(),
      until: until.toString(),
      from_time: isoFromNanos(from),
      until_time: isoFromNanos(until),
      seconds: Number(until - from) / 1e9,
      missing: missing === undefined ? null : missing.toString(),
      code,
      detail,
      // Why it cannot be filled any more, once that is known.
      lost: lost ? lost.detail : null,
    }
  })
}
