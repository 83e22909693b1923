import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COINS } from '../src/emulator/coins.js'
import { startEmulator, VENUES } from '../src/emulator/emulate.js'
import { child, type Result } from './child.js'
import { type Figure, figure } from './figure.js'

const INSTRUMENTS = 10
const RATE = 150

/** From the socket to committed Parquet, beside a client that receives the same streams and drops them. */
export async function benchRecording(seconds: number): Promise<Figure[]> {
  const emulator = await startEmulator({ port: 0, rate: RATE, instruments: INSTRUMENTS })
  const folder = mkdtempSync(join(tmpdir(), 'dccd-bench-'))
  try {
    const pairs = Object.fromEntries(
      VENUES.map(({ exchange, instruments }) => [
        exchange,
        instruments(COINS.slice(0, INSTRUMENTS)).map(({ pair, symbol }) => ({ pair, symbol })),
      ]),
    )
    const args = [String(emulator.port), String(seconds), JSON.stringify(pairs), folder]
    const receive = await child('./receive-child.js', args)
    const record = await child('./record-child.js', args)
    const rate = ({ trades, cpuSeconds }: Result) => trades / cpuSeconds
    return [
      figure('trades stored vs frames received and dropped', 'per CPU-second', rate(record), rate(receive)),
      // Of memory less is better: the ratio is turned round.
      {
        ...figure('peak memory vs receive and drop', 'MB', record.peakMb, receive.peakMb),
        ratio: receive.peakMb / record.peakMb,
      },
    ]
  } finally {
    await emulator.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
