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
  ['stream-log', 'streams?open=kraken_BTC_USD_trades_book_quotes_ohlc', 'small', 'light', log],
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
  ['sql-light', 'data/sql', 'desktop', 'light', complete],
  ['history', 'history?run=1', 'desktop', 'dark', (page) => page.waitForTimeout(1500)],
  ['storage', 'storage', 'desktop', 'light', failing],
  ['alerts', 'alerts', 'desktop', 'dark'],
  ['config', 'config', 'desktop', 'dark', mistake],
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
  await page.locator('summary', { hasText: 'trades' }).click()
}

async function log(page) {
  await page.getByRole('tab', { name: 'Connection log' }).click()
  await page.waitForTimeout(800)
}

async function complete(page) {
  const text = page.getByRole('textbox', { name: 'SQL', exact: true })
  await text.fill('SELECT exchange, pair, count(*) AS gaps\nFROM ')
  await text.press('Control+End')
  await text.pressSequentially('gaps WHERE gaps.')
  await page.getByRole('option').first().waitFor()
}

/** A receiver and a remote that fails: something for the pages that tell what is wrong. */
async function failing(page) {
  await page.evaluate(async () => {
    const { etag } = await (await fetch('api/v1/config')).json()
    const changes = [
      { path: ['alerts'], value: { webhook_url: 'http://127.0.0.1:9/hook', max_consecutive_errors: 1 } },
      { path: ['storage'], value: { remotes: [{ provider: 'rclone', remote: 'nas:crypto' }], sync_interval: 0 } },
    ]
    await fetch('api/v1/config', {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'if-match': etag },
      body: JSON.stringify({ changes }),
    })
    await fetch('api/v1/sync', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  })
  await page.waitForTimeout(9000)
}

async function mistake(page) {
  const text = page.getByRole('textbox', { name: 'Config as YAML' })
  const { yaml } = await page.evaluate(async () => await (await fetch('api/v1/config')).json())
  await text.fill(yaml.replace('ETH/USD]', 'ETHUSD]').replace('time_step: 5', 'timestep: 5'))
  await page.locator('.problems .bad').first().click()
  await page.waitForTimeout(500)
}

async function apply(page) {
  const text = page.getByRole('textbox', { name: 'Config as YAML' })
  const { yaml } = await page.evaluate(async () => await (await fetch('api/v1/config')).json())
  await text.fill(yaml.replace('[BTC/USD, ETH/USD]', '[BTC/USD, ETH/USD, SOL/USD]'))
  await page.locator('button:enabled', { hasText: 'Apply …' }).click()
  await page.locator('.diff .added').first().waitFor()
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
