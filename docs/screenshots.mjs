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
  ['coverage-why', 'data?span=10m&exchange=kraken', 'desktop', 'light', why],
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
  ['history', 'history', 'desktop', 'dark', running],
  ['backfill', 'history?add=1', 'desktop', 'light', plan],
  ['storage', 'storage', 'desktop', 'light', failing],
  ['alerts', 'alerts', 'desktop', 'dark'],
  ['config', 'config', 'desktop', 'dark', mistake],
  ['config-complete', 'config', 'desktop', 'light', completeKeys],
  ['config-apply', 'config', 'desktop', 'light', apply],
  ['logs', 'logs', 'desktop', 'dark'],
  ['palette', 'overview', 'desktop', 'dark', palette],
  ['keys', 'streams', 'desktop', 'light', (page) => page.keyboard.press('?')],
  ['overview-phone', 'overview', 'phone', 'dark', (page) => page.waitForTimeout(3000)],
  ['streams-phone', 'streams', 'phone', 'light', (page) => page.waitForTimeout(3000)],
  ['stream-live-phone', STREAM, 'phone', 'dark', (page) => page.waitForTimeout(4000)],
  ['coverage-phone', 'data?span=10m', 'phone', 'dark', (page) => page.waitForTimeout(1000)],
  ['dataset-phone', 'data/dataset?exchange=binance&pair=BTC/USDT&kind=trades', 'phone', 'light', settle],
  ['history-phone', 'history', 'phone', 'light', settle],
  ['config-phone', 'config', 'phone', 'dark', settle],
]

async function settle(page) {
  await page.waitForTimeout(2000)
}

/** What all exchanges still have of the last hours: long enough to be looked at. */
async function running(page) {
  await page.evaluate(async () => {
    const start = new Date(Date.now() - 6 * 3_600_000).toISOString()
    const body = JSON.stringify({ kind: 'backfill', channels: ['trades'], start })
    const answer = await fetch('api/v1/runs', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    location.hash = `#/history?run=${(await answer.json()).id}`
  })
  await page.locator('.drawer .run-progress').waitFor()
  await page.waitForTimeout(4500)
}

async function plan(page) {
  await page.getByLabel('Exchange').selectOption('binance')
  await page.locator('.pair-list').getByRole('option').first().click()
  await page.getByRole('button', { name: 'Dry run' }).click()
  await page.locator('.plan').waitFor()
}

/** Clicks where the map shows a loss. */
async function why(page) {
  const spot = await page.evaluate(() => {
    const canvas = document.querySelector('.heatmap canvas')
    const probe = canvas.parentElement.appendChild(document.createElement('span'))
    probe.style.color = 'var(--state-lost)'
    const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number)
    probe.remove()
    const { width, height } = canvas
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
    const box = canvas.getBoundingClientRect()
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === r && data[at + 1] === g && data[at + 2] === b)
        return { x: box.x + ((at / 4) % width) + 1, y: box.y + Math.floor(at / 4 / width) + 1 }
  })
  if (spot) await page.mouse.click(spot.x, spot.y)
  await page.waitForTimeout(1000)
}

/** Writes a text in place of the one that is there, as a person would: the editor shows only a part of a long one. */
async function write(page, change) {
  const text = page.getByRole('textbox', { name: 'Config as YAML' })
  const { yaml } = await page.evaluate(async () => await (await fetch('api/v1/config')).json())
  await text.press('Control+a')
  await page.keyboard.insertText(change(yaml))
  return text
}

async function completeKeys(page) {
  const text = await write(page, (yaml) => `${yaml.trimEnd()}\n`)
  await text.press('Control+End')
  await text.pressSequentially('journ')
  await page.getByRole('option', { name: 'journal' }).click()
  await page.getByRole('option', { name: 'keep' }).waitFor()
  await page.waitForTimeout(600)
}

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
  await write(page, (yaml) => yaml.replace('ETH/USD]', 'ETHUSD]').replace('time_step: 5', 'timestep: 5'))
  await page.locator('.problems .bad').first().click()
  await page.waitForTimeout(500)
}

async function apply(page) {
  await write(page, (yaml) => yaml.replace('[BTC/USD, ETH/USD]', '[BTC/USD, ETH/USD, SOL/USD]'))
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
