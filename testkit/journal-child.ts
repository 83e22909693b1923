import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { isMainThread, MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads'
import { serveJournal } from '../src/journal/journal-thread.js'
import { PortLaneWriter } from '../src/journal/lane-writer.js'
import { systemClock } from '../src/lib/clock.js'

/**
 * A process that writes a journal until it is killed: `journal-child.js FOLDER ACKS LANE…`. Each lane runs in a worker thread and writes every
 * position that it was told to be safe to `ACKS/LANE`, one a line. The frames are JSON of their lane and position.
 */
interface Work {
  readonly lane: number
  readonly acks: string
  readonly port: MessagePort
}

async function main(dir: string, acks: string, lanes: readonly number[]): Promise<void> {
  const journal = await serveJournal({ dir, clock: systemClock(), syncMs: 5, rollBytes: 2_000_000 })
  for (const lane of lanes) {
    const { port1, port2 } = new MessageChannel()
    journal.attach(lane, port1)
    const work: Work = { lane, acks, port: port2 }
    new Worker(new URL(import.meta.url), { workerData: work, transferList: [port2] })
  }
}

async function record({ lane, acks, port }: Work): Promise<void> {
  const told = openSync(join(acks, String(lane)), 'a')
  const clock = systemClock()
  const writer = new PortLaneWriter(lane, port, clock)
  let position = -1
  for (;;) {
    for (let n = 0; n < 500; n++) {
      const text = JSON.stringify({ lane, position: position + 1, filler: '#'.repeat((n * 37) % 900) })
      position = writer.append({
        type: 'in',
        connection: lane,
        n,
        wall: clock.wall(),
        mono: clock.mono(),
        frame: Buffer.from(text),
      })
    }
    await writer.whenDurable(position - 250) // some are always under way
    writeSync(told, `${writer.durable}\n`)
  }
}

if (isMainThread) {
  const [dir = '', acks = '', ...lanes] = argv.slice(2)
  await main(dir, acks, lanes.map(Number))
} else {
  await record(workerData)
}
