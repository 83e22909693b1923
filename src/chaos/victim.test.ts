import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Victim } from './victim.js'

const MAIN = resolve(import.meta.dirname, '../../dist/src/main.js')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dccd-victim-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

// It answers before all of it has started: a stop at that moment killed it, and a run in which nothing was lost failed.
it('the program answers, then says that it records, and ends in order when it is asked to', async () => {
  const nowhere = { binance: { websocket: 'ws://127.0.0.1:9', rest: 'http://127.0.0.1:9' } }
  const config = {
    settings: { data_path: './data', ui_port: 0, endpoints: nowhere },
    stream_jobs: [{ exchange: 'binance', pairs: ['BTC/USDT'], channels: ['trades'] }],
  }
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config))
  const victim = new Victim(folder, [MAIN])
  try {
    await victim.start()
    await victim.ready()
    await expect(victim.stop()).resolves.toBeUndefined()
  } finally {
    await victim.end()
  }
}, 60_000)
