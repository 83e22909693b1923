import { type ExportReport, type ExportRequest, type ExportSource, exportData } from '../export/export-data.js'
import { exportStream, type StreamedExport } from '../export/export-stream.js'
import { Turns } from '../service/turns.js'
import { ReadOnlyData } from '../store/reader.js'

/** Files that are made at once, each with a DuckDB of its own; so many more wait. */
const EXPORTS = 4
const EXPORTS_WAIT = 100

function exportSource({ reader }: ReadOnlyData, signal?: AbortSignal): ExportSource {
  return {
    scan: (dataset, from, until, columns) => reader.scan(dataset, from, until, columns, signal),
    parquet: (dataset, from, until, columns, path, limit) =>
      reader.copy(dataset, from, until, columns, path, limit, signal),
    symbol: (exchange, pair) => reader.symbol(exchange, pair),
    ledger: () => reader.ledger(),
  }
}

/** Makes files of a folder's rows, some at once and the others in turn. Aborting `signal` stops it. */
export function exportsInTurn(dataPath: string) {
  const turns = new Turns(EXPORTS, EXPORTS_WAIT)
  return async function* (
    request: StreamedExport,
    signal: AbortSignal,
  ): AsyncGenerator<string | Uint8Array, void, undefined> {
    const end = await turns.take(signal)
    try {
      const data = await ReadOnlyData.open(dataPath)
      try {
        yield* exportStream(exportSource(data, signal), request)
      } finally {
        await data.close()
      }
    } finally {
      end()
    }
  }
}

/** What a request asks of a data folder, as files. */
export async function exportFolder(dataPath: string, request: ExportRequest): Promise<ExportReport> {
  const data = await ReadOnlyData.open(dataPath)
  try {
    return await exportData(exportSource(data), request)
  } finally {
    await data.close()
  }
}
