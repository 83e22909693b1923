// Takes the pictures of docs/web-ui.md from a running daemon: node docs/screenshots.mjs http://127.0.0.1:8080 [name …]
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'

const [url = 'http://127.0.0.1:8080', ...only] = process.argv.slice(2)
const folder = new URL('images/', import.meta.url).pathname
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
const SIZES = {
  desktop: { width: 1240, height: 760 },
  small: { width: 1080, height: 700 },
  phone: { width: 390, height: 844 },
}
const BOOK = 'data/dataset?exchange=binance&pair=BTC/USDT&kind=book_deltas'
const STREAM = 'streams?open=binance_BTC_USDT_trades_book_quotes_ohlc'

/** Name, place, size, theme, and what is done before. */
const PICTURES = [
  ['overview', 'overview', 'desktop', 'dark', (page) => page.waitForTimeout(12_000)],
  ['streams', 'streams', 'desktop', 'dark', (page) => page.waitForTimeout(12_000)],
  ['stream-live', STREAM, 'small', 'dark', (page) => page.waitForTimeout(5000)],
  ['add-stream', 'streams?add=1', 'desktop', 'light', (page) => page.getByLabel('Pairs', { exact: true }).fill('eth')],
  ['coverage', 'data?span=10m', 'desktop', 'dark', (page) => page.waitForTimeout(1000)],
  ['coverage-light', 'data?span=10m', 'desktop', 'light', (page) => page.waitForTimeout(1000)],
  ['datasets', 'data/datasets', 'desktop', 'light'],
  [
    'dataset',
    'data/dataset?exchange=binance&pair=BTC/USDT&kind=trades',
    'desktop',
    'dark',
    (page) => page.waitForTimeout(2000),
  ],
  ['book-at', BOOK, 'desktop', 'dark', (page) => page.waitForTimeout(1500)],
  ['sql', 'data/sql', 'desktop', 'dark', sql],
  ['history', 'history?run=1', 'desktop', 'dark', (page) => page.waitForTimeout(1500)],
  ['storage', 'storage', 'desktop', 'light'],
  ['alerts', 'alerts', 'desktop', 'dark'],
  ['config', 'config', 'desktop', 'dark'],
  ['config-apply', 'config', 'desktop', 'light', apply],
  ['logs', 'logs', 'desktop', 'dark'],
  ['palette', 'overview', 'desktop', 'dark', palette],
  ['overview-phone', 'overview', 'phone', 'dark', (page) => page.waitForTimeout(3000)],
  ['streams-phone', 'streams', 'phone', 'light', (page) => page.waitForTimeout(3000)],
  ['stream-live-phone', STREAM, 'phone', 'dark', (page) => page.waitForTimeout(4000)],
  ['coverage-phone', 'data?span=10m', 'phone', 'dark', (page) => page.waitForTimeout(1000)],
]

async function sql(page) {
  await page.getByRole('button', { name: 'Price by ten seconds' }).click()
  await page.getByRole('button', { name: 'chart' }).click()
  await page.locator('.chart canvas').waitFor()
}

async function apply(page) {
  const text = page.getByLabel('Config as YAML')
  await text.fill((await text.inputValue()).replace('[BTC/USD, ETH/USD]', '[BTC/USD, ETH/USD, SOL/USD]'))
  await page.locator('button:enabled', { hasText: 'Apply …' }).click()
  await page.waitForTimeout(500)
}

async function palette(page) {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('btc')
}

mkdirSync(folder, { recursive: true })
const browser = await chromium.launch({ executablePath: process.env.DCCD_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })
for (const [name, place, size, theme, before] of PICTURES) {
  if (only.length > 0 && !only.includes(name)) continue
  const context = await browser.newContext({ viewport: SIZES[size], colorScheme: theme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(`${url}/#/${place}`)
  await page.locator('main .page').first().waitFor()
  await page.waitForTimeout(1200)
  await before?.(page)
  await page.waitForTimeout(300)
  await page.screenshot({ path: `${folder}${name}.png` })
  await context.close()
}
await browser.close()
