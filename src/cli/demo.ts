import { join, resolve } from 'node:path'
import { editYaml } from '../config/edit.js'
import { parseConfig } from '../config/parse.js'
import { writeFileAtomic } from '../lib/atomic-file.js'
import { inventoryRows } from '../service/inventory.js'
import type { Services } from '../service/services.js'
import { statusJson } from '../service/streams.js'
import { errorText, type Io } from './output.js'
import { runDaemon } from './run-daemon.js'
import { inventoryTable } from './show-data.js'
import { streamsTable } from './show-streams.js'

interface DemoOptions {
  readonly seconds?: number
  readonly data: string
  readonly port: number
  readonly seed: string
  readonly instruments: number
  readonly exchanges?: readonly string[]
}

const HEADER = '# The config of the demo; it is written anew at each start.\nsettings:\nstream_jobs:\n'

/** Emulated exchanges and a daemon that records them, with a live table; at the end what is on disk. */
export async function runDemo(services: Services, io: Io, options: DemoOptions): Promise<void> {
  const { seed, instruments, exchanges } = options
  const emulator = await services.startEmulator({ port: 0, seed, instruments, ...(exchanges ? { exchanges } : {}) })
  try {
    const listed = await services.emulated(instruments)
    const emulated = listed.filter(({ exchange }) => exchanges?.includes(exchange) ?? true)
    // In a file, so that the UI and `dccd config` can change it while the demo runs.
    const file = join(resolve(io.folder, options.data), '.dccd', 'demo.yml')
    const settings = {
      data_path: resolve(io.folder, options.data),
      ui_port: options.port,
      endpoints: Object.fromEntries(
        emulated.map(({ exchange }) => [
          exchange,
          {
            websocket: `ws://127.0.0.1:${emulator.port}/${exchange}`,
            rest: `http://127.0.0.1:${emulator.port}/${exchange}`,
            archive: `http://127.0.0.1:${emulator.port}/${exchange}`,
          },
        ]),
      ),
    }
    const jobs = emulated.flatMap(({ exchange, streams }) =>
      streams.map(({ pairs, channels }) => ({
        exchange,
        pairs: [...pairs],
        channels: [...channels],
        depth: 25,
        time_step: 5,
      })),
    )
    const text = editYaml(HEADER, [
      { path: ['settings'], value: settings },
      { path: ['stream_jobs'], value: jobs },
    ])
    await writeFileAtomic(file, text)
    const parsed = parseConfig(text, { file, environment: {} })
    let timer: NodeJS.Timeout | undefined
    const start = async () => {
      const daemon = await services.startDaemon(parsed.config, (error) => io.stderr(errorText(error)), {
        parsed,
        environment: {},
      })
      io.stdout(
        `emulated exchanges on port ${emulator.port}, recorded into ${daemon.dataPath}\nWeb UI: ${daemon.url}   API: ${daemon.url}/api/docs   Ctrl-C ends\n\n`,
      )
      let lines = 0
      const show = () => {
        const text = streamsTable(daemon.status().map(statusJson), io, Date.now())
        if (io.terminal && lines) io.stdout(`\u001b[${lines}A\u001b[J`)
        io.stdout(text)
        lines = text.split('\n').length - 1
      }
      timer = setInterval(show, io.terminal ? 1000 : 5000)
      return daemon
    }
    try {
      await runDaemon(io, start, options.seconds)
    } finally {
      clearInterval(timer)
    }
    const data = await services.openData(settings.data_path)
    const rows = await inventoryRows(data)
    await data.close()
    io.stdout(`\non disk in ${settings.data_path}:\n${inventoryTable(rows, io)}`)
    io.stdout(
      `\nask DuckDB:\n  SELECT exchange, pair, count(*), min(exchange_time), max(exchange_time)\n  FROM read_parquet('${settings.data_path}/exchange=*/kind=trades/**/*.parquet', hive_partitioning = true) GROUP BY ALL;\n`,
    )
  } finally {
    await emulator.close()
  }
}
