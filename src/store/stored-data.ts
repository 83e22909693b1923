import type { Dataset, Interval } from '../model/dataset.js'
import type { Nanos } from '../model/time.js'
import type { RunQuery } from './catalog.js'
import type { BarRule } from './derived-candles.js'
import type { PageRange } from './page-reader.js'
import { type GapFilter, ReadOnlyData } from './reader.js'

/** A data folder opened for reading, as the operations ask it. */
export async function openStoredData(dataPath: string) {
  const data = await ReadOnlyData.open(dataPath)
  const { reader } = data
  return {
    inventory: () => reader.inventory(),
    eventRanges: (signal?: AbortSignal) => reader.eventRanges(signal),
    writeAmplification: () => reader.writeAmplification(),
    runs: (query: RunQuery) => reader.runs(query),
    instruments: (exchange: string) => reader.instruments(exchange),
    listing: (exchange: string, at: Nanos) => reader.listing(exchange, at),
    datasets: () => reader.datasets(),
    covered: (dataset: Dataset) => reader.coverage(dataset),
    gaps: (filter: GapFilter) => reader.gaps(filter),
    eachLedger: (filter: GapFilter, signal?: AbortSignal) => reader.eachLedger(filter, signal),
    standing: (dataset: Dataset, at: Nanos) => reader.standing(dataset, at),
    bookRows: (dataset: Dataset, at: Nanos, signal?: AbortSignal) => reader.bookRows(dataset, at, signal),
    derivedCandles: (dataset: Dataset, rule: Interval | BarRule, from: Nanos, until: Nanos, signal?: AbortSignal) =>
      reader.derivedCandles(dataset, rule, from, until, signal),
    scan: (dataset: Dataset, from: Nanos, until: Nanos, columns?: readonly string[], signal?: AbortSignal) =>
      reader.scan(dataset, from, until, columns, signal),
    page: (dataset: Dataset, range: PageRange, columns?: readonly string[], signal?: AbortSignal) =>
      reader.page(dataset, range, columns, signal),
    close: () => data.close(),
  }
}
