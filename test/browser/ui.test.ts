import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Bench, until } from '../system/harness.js'
import { CHROMIUM, DESKTOP, launch, PHONE, Visitor } from './visitor.js'

const TOKEN = 'a-token-for-the-test-of-the-ui'

const PLACES = [
  'overview',
  'streams',
  'data',
  'data/datasets',
  'data/sql',
  'data/dataset?exchange=binance&pair=BTC/USDT&kind=trades',
  'data/dataset?exchange=binance&pair=BTC/USDT&kind=book_deltas',
  'history',
  'storage',
  'alerts',
  'config',
  'logs',
]

describe.skipIf(CHROMIUM === undefined)('the web UI in Chromium', () => {
  const bench = new Bench()
  let browser: Browser
  let url: string
  /** One person goes through everything; at the end nothing was complained about. */
  let visitor: Visitor
  let page: Page
  const row = (text: string | RegExp) => page.locator('.lines .line', { hasText: text })

  beforeAll(async () => {
    await bench.emulate('--seed', '5', '--rate', '20', '--instruments', '4')
    bench.config([
      { exchange: 'binance', pairs: ['BTC/USDT', 'ETH/USDT'], channels: ['trades', 'book'], time_step: 5, depth: 25 },
      { exchange: 'kraken', pairs: ['BTC/USD'], channels: ['trades', 'book', 'ohlc'], time_step: 5, depth: 25 },
    ])
    // The same port after a restart, as a user has it.
    const port = await freePort()
    const file = join(bench.folder, 'config.yml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('ui_port: 0', `ui_port: ${port}`))
    url = `http://127.0.0.1:${port}`
    await bench.startDaemon()
    await bench.live()
    browser = await launch()
    visitor = await Visitor.come(browser, url)
    page = visitor.page
  })
  afterAll(async () => {
    await browser?.close()
    await bench.close()
  })

  it.each(PLACES.flatMap((place) => [DESKTOP, PHONE].map((size) => ({ place, size }))))(
    'shows $place on $size.width px without a complaint, and axe finds nothing serious',
    async ({ place, size }) => {
      const guest = await Visitor.come(browser, url, size, size === PHONE ? 'light' : 'dark')
      await guest.go(place)
      await guest.page.waitForTimeout(500)
      expect(await guest.findings()).toEqual([])
      expect(await guest.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(size.width)
      expect(guest.complaints).toEqual([])
      await guest.leave()
    },
  )

  it('adds a stream from what the exchange lists, and shows it live', async () => {
    await visitor.go('streams')
    // The key is heard once the page stands.
    await row('ETH/USDT').waitFor()
    await page.keyboard.press('a')
    const dialog = page.getByRole('dialog', { name: 'Add a stream' })
    await dialog.getByLabel('Exchange').selectOption('binance')
    await dialog.getByLabel('Pairs', { exact: true }).fill('sol')
    await dialog.getByRole('option', { name: /SOL\/USDT/ }).click()
    await dialog.getByLabel(/Write it into the config/).uncheck()
    await dialog.getByRole('button', { name: 'Start' }).click()
    await row('SOL/USDT').getByText('live').waitFor()
  })

  it('shows what a stream hears: trades and the book', async () => {
    await row('ETH/USDT').click()
    const drawer = page.getByRole('complementary', { name: /ETH_USDT/ })
    await drawer.locator('.ladder .bid').first().waitFor()
    await drawer.locator('.tape .price').first().waitFor()
    const [ask, bid] = await Promise.all(
      ['.ladder .ask .price', '.ladder .bid .price'].map(async (part) => {
        const prices = await drawer.locator(part).allTextContents()
        return part.includes('ask') ? Number(prices.at(-1)) : Number(prices[0])
      }),
    )
    expect(ask).toBeGreaterThan(bid ?? Number.POSITIVE_INFINITY)
    expect(await visitor.findings()).toEqual([])
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
  })

  it('stops a stream', async () => {
    await page.getByLabel('Choose binance_SOL_USDT_trades').check()
    await page.locator('.bulk').getByRole('button', { name: 'Stop' }).click()
    await until('a stopped stream', async () => {
      const left = (await bench.streams()).find(({ key }) => key === 'binance_SOL_USDT_trades')
      return left === undefined || left.state === 'stopped' || undefined
    })
    await until('a page that shows it', async () => {
      const text = await page.locator('.lines').textContent()
      return (text !== null && !/liveSOL|live *binance *SOL/.test(text)) || undefined
    })
  })

  it('shows a cut in the coverage map, says why, and offers the repair', async () => {
    await bench.fault({ fault: 'refuse', exchange: 'kraken', ms: 3000 }, { fault: 'cut', exchange: 'kraken' })
    await visitor.go('data?span=10m&exchange=kraken&kind=trades')
    const lost = await until('a loss in the picture', () => lostPixel(page))
    await page.mouse.click(lost.x, lost.y)
    const why = page.getByRole('region', { name: 'Why' })
    await why
      .getByText(/CONNECT/)
      .first()
      .waitFor()
    expect(await visitor.findings()).toEqual([])
    await why.getByRole('button', { name: 'Repair', exact: true }).first().click()
    await page.locator('.toasts .notice').first().waitFor()
  })

  it('rebuilds the book at an instant', async () => {
    await visitor.go('data/dataset?exchange=binance&pair=BTC/USDT&kind=book_deltas')
    const panel = page.getByRole('region', { name: 'Order book at an instant' })
    await panel.locator('.ladder .bid').first().waitFor()
    const before = await panel.locator('.mono.input').inputValue()
    await panel.getByRole('slider').press('PageDown')
    expect(await panel.locator('.mono.input').inputValue()).not.toBe(before)
    await panel
      .getByText(/verified|pending|missing/)
      .first()
      .waitFor()
  })

  it('gives a dataset as a file', async () => {
    await visitor.go('data/dataset?exchange=binance&pair=BTC/USDT&kind=trades')
    await page.getByRole('button', { name: 'Download' }).click()
    const dialog = page.getByRole('dialog', { name: /Download trades/ })
    await dialog.getByLabel('Format').selectOption('csv')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('link', { name: 'Download' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('binance-BTC-USDT-trades.csv')
    const text = readFileSync(await download.path(), 'utf8')
    expect(text.split('\n')[0]).toContain('price')
    expect(text.split('\n').length).toBeGreaterThan(10)
  })

  it('answers SQL, as a table and as a picture', async () => {
    await visitor.go('data/sql')
    await page.getByRole('button', { name: 'Bought against sold by minute' }).click()
    await page.getByRole('grid', { name: 'Result' }).locator('.lines .line').first().waitFor()
    await page.getByLabel('SQL', { exact: true }).fill('SELECT range AS a, range * range AS b FROM range(50)')
    await page.keyboard.press('Control+Enter')
    await page.getByText('50 rows').waitFor()
    await page.getByRole('button', { name: 'chart' }).click()
    await page.locator('.chart canvas').waitFor()
    await page.getByLabel('SQL', { exact: true }).fill('SELECT nothing FROM nowhere')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('alert').waitFor()
    visitor.forgive(/status of 4/)
  })

  it('tells a mistake in the config at its line, then shows what a change would do, and applies it', async () => {
    await visitor.go('config')
    const text = page.getByLabel('Config as YAML')
    const before = await text.inputValue()
    await text.fill(before.replace('- ETH/USDT', '- ETHUSDT'))
    const line = before.slice(0, before.indexOf('- ETH/USDT')).split('\n').length
    await page.getByRole('list', { name: 'Problems' }).getByText(`${line}:`).waitFor()
    await text.fill(before.replace('- ETH/USDT', '- ETH/USDT\n      - SOL/USDT'))
    await page.locator('.problems .bad').first().waitFor({ state: 'detached' })
    await page.locator('button:enabled', { hasText: 'Apply …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Apply the config' })
    await dialog.getByText('binance_SOL_USDT_trades_book').first().waitFor()
    await dialog.locator('.diff .added', { hasText: 'SOL/USDT' }).waitFor()
    expect(await visitor.findings()).toEqual([])
    await dialog.getByRole('button', { name: 'Apply', exact: true }).click()
    await until('the stream of the new config', async () =>
      (await bench.streams()).some(({ key, state }) => key === 'binance_SOL_USDT_trades_book' && state === 'live'),
    )
    const now = await text.inputValue()
    await page.getByLabel('Seconds between snapshots').first().fill('7')
    await page.keyboard.press('Tab')
    await until(
      'a field that changes its line',
      async () => (await text.inputValue()) === now.replace('time_step: 5', 'time_step: 7'),
    )
    await page.getByRole('button', { name: 'Discard' }).click()
    expect(await text.inputValue()).toBe(now)
  })

  it('fetches history: a dry run, then the run to its end', async () => {
    await visitor.go('history')
    await page.keyboard.press('b')
    const dialog = page.getByRole('dialog', { name: 'Backfill history' })
    await dialog.getByLabel('Exchange').selectOption('binance')
    await dialog
      .getByRole('option', { name: /BTC\/USDT/ })
      .first()
      .click()
    await dialog.getByLabel('From').selectOption('own')
    await dialog.getByLabel('Time (UTC)').fill(new Date(Date.now() - 300_000).toISOString())
    await dialog.getByRole('button', { name: 'Dry run' }).click()
    await dialog.locator('.plan').waitFor()
    await dialog.getByRole('button', { name: 'Start' }).click()
    await page.locator('.drawer .badge', { hasText: /succeeded/ }).waitFor()
    expect(await visitor.findings()).toEqual([])
  })

  it('goes by keys', async () => {
    await visitor.go('overview')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('sql')
    expect(await visitor.findings()).toEqual([])
    await page.keyboard.press('Enter')
    await page.getByLabel('SQL', { exact: true }).waitFor()
    await page.locator('h1').click()
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await page.getByRole('grid', { name: 'Streams' }).waitFor()
    await page.getByRole('grid', { name: 'Streams' }).focus()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.locator('.drawer').waitFor()
    await page.keyboard.press('t')
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light')
    await page.keyboard.press('z')
    await page.locator('.topbar').getByText('local').waitFor()
    await page.keyboard.press('t')
    await page.keyboard.press('z')
  })

  it('goes on after the daemon was killed and started again', async () => {
    await visitor.go('streams')
    await row(/BTC\/USDT/)
      .getByText('live')
      .waitFor()
    await bench.daemon?.kill('SIGKILL')
    await page.locator('.offline').waitFor()
    await bench.startDaemon()
    await page.locator('.offline').waitFor({ state: 'detached' })
    await row(/BTC\/USDT/)
      .getByText('live')
      .waitFor()
    visitor.forgive(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|WebSocket/)
  })

  it('asks for the token when one is wanted', async () => {
    const { etag } = z.object({ etag: z.string() }).parse(await (await fetch(`${url}/api/v1/config`)).json())
    const answer = await fetch(`${url}/api/v1/config`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'if-match': etag },
      body: JSON.stringify({ changes: [{ path: ['settings', 'ui_auth_token'], value: TOKEN }] }),
    })
    expect(await answer.text()).toContain('"applied"')
    await visitor.go('streams')
    await page.reload()
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    expect(await visitor.findings()).toEqual([])
    await page.getByLabel('Token').fill(TOKEN)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await row(/BTC\/USDT/)
      .getByText('live')
      .waitFor()
    visitor.forgive(/status of 401/)
  })

  it('never complained', () => {
    expect(visitor.complaints).toEqual([])
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Where the coverage map shows a loss, on the page. */
async function lostPixel(page: Page): Promise<{ x: number; y: number } | undefined> {
  const found: unknown = await page.evaluate(`(() => {
    const canvas = document.querySelector('.heatmap canvas')
    if (!canvas) return null
    const probe = document.createElement('span')
    probe.style.color = 'var(--state-lost)'
    canvas.parentElement.append(probe)
    const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number)
    probe.remove()
    const { width, height } = canvas
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
    copy.drawImage(canvas, 0, 0)
    const { data } = copy.getImageData(0, 0, width, height)
    const box = canvas.getBoundingClientRect()
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === r && data[at + 1] === g && data[at + 2] === b && data[at + 6] === b)
        return { x: box.x + ((at / 4) % width) * (box.width / width) + 1, y: box.y + Math.floor(at / 4 / width) * (box.height / height) + 1 }
    return null
  })()`)
  return (found as { x: number; y: number } | null) ?? undefined // made just above
}
