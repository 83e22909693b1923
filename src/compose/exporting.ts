import { type ExportReport, type ExportRequest, type ExportSource, exportData } from '../export/export-data.js'
import { exportStream, type StreamedExport } from '../export/export-stream.js'
import { ReadOnlyData } from '../store/reader.js'

function exportSource({ reader }: ReadOnlyData): ExportSource {
  return {
    scan: (dataset, from, until, columns) => reader.scan(dataset, from, until, columns),
    parquet: (...args) => reader.copy(...args),
    symbol: (exchange, pair) => reader.symbol(exchange, pair),
    ledger: () => reader.ledger(),
  }
}

export async function* exportChunks(dataPath: string, request: StreamedExport): AsyncGenerator<string | Uint8Array> {
  const data = await ReadOnlyData.open(dataPath)
  try {
    yield* exportStream(exportSource(data), request)
  } finally {
    await data.close()
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
