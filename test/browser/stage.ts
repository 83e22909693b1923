import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Browser, Locator } from 'playwright-core'
import { z } from 'zod'
import { Bench } from '../system/harness.js'
import { launch, Visitor } from './visitor.js'

/** What the emulated exchanges are recorded of. */
const STREAMS = [
  { exchange: 'binance', pairs: ['BTC/USDT', 'ETH/USDT'], channels: ['trades', 'book'], time_step: 5, depth: 25 },
  { exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades', 'book', 'ohlc'], time_step: 5, depth: 25 },
]

const saved = z.object({ etag: z.string() })

/** Emulated exchanges, a daemon that records them, a browser, and one person who looks. All real. */
export class Stage {
  readonly bench: Bench
  readonly browser: Browser
  readonly visitor: Visitor
  readonly url: string

  private constructor(bench: Bench, browser: Browser, visitor: Visitor, url: string) {
    this.bench = bench
    this.browser = browser
    this.visitor = visitor
    this.url = url
  }

  /** `more` is written at the end of the config. */
  static async open(more = ''): Promise<Stage> {
    const bench = new Bench()
    await bench.emulate('--seed', '5', '--rate', '20', '--instruments', '4')
    bench.config(STREAMS)
    // The same port after a restart, as a user has it.
    const port = await freePort()
    const file = join(bench.folder, 'config.yml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('ui_port: 0', `ui_port: ${port}`) + more)
    const url = `http://127.0.0.1:${port}`
    const [browser] = await Promise.all([launch(), bench.startDaemon()])
    await bench.live()
    return new Stage(bench, browser, await Visitor.come(browser, url), url)
  }

  /** A line of the table in sight. */
  row(text: string | RegExp): Locator {
    return this.visitor.page.locator('.lines .line', { hasText: text })
  }

  async config(): Promise<{ readonly etag: string; readonly yaml: string }> {
    const answer = await fetch(`${this.url}/api/v1/config`)
    return z.object({ etag: z.string(), yaml: z.string() }).parse(await answer.json())
  }

  /** Changes the config as somebody else would: by the API. */
  async change(...changes: readonly { path: readonly string[]; value: unknown }[]): Promise<void> {
    const { etag } = await this.config()
    const answer = await fetch(`${this.url}/api/v1/config`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'if-match': etag },
      body: JSON.stringify({ changes }),
    })
    saved.parse(await answer.json())
  }

  async close(): Promise<void> {
    await this.browser.close()
    await this.bench.close()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
