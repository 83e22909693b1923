import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { csvText, ndjsonText } from './csv.js'
import { counted, type ExportRequest, type ExportSource, exportData, tableOf } from './export-data.js'

/** An export that is sent and not kept. */
export type StreamedExport = Omit<ExportRequest, 'output' | 'overwrite'>

/**
 * Stored rows in another format, as bytes as they come. Formats that are written from their end, such as Parquet, are written into a temporary file
 * first. Throws what `exportData` throws, before the first bytes where it can.
 */
export async function* exportStream(
  source: ExportSource,
  request: StreamedExport,
): AsyncGenerator<string | Uint8Array> {
  const { format, limit } = request
  if (format === 'csv' || format === 'ndjson' || format === 'arrow-stream') {
    const whole: ExportRequest = { ...request, output: '', overwrite: false }
    const { table } = counted(tableOf(source, whole), limit)
    if (format === 'csv') yield* csvText(table)
    else if (format === 'ndjson') yield* ndjsonText(table)
    else yield* (await import('./arrow.js')).arrowBytes(table, 'stream')
    return
  }
  const folder = await mkdtemp(join(tmpdir(), 'dccd-export-'))
  try {
    const output = join(folder, 'export')
    await exportData(source, { ...request, output, overwrite: false })
    yield* createReadStream(output, { highWaterMark: 256 * 1024 })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
