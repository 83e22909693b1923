import { createServer, type Server } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../system/harness.js'
import { Stage } from './stage.js'
import { CHROMIUM, type Visitor } from './visitor.js'

const CONTROL = 'a-token-for-the-test-of-the-ui'
const READ = 'a-token-that-looks-and-changes-nothing'
const REMOTE = 'nowhere:crypto'

describe.skipIf(CHROMIUM === undefined)('operating a daemon by its web UI', () => {
  /** What a receiver of alerts was sent. */
  const messages: string[] = []
  let receiver: Server
  let stage: Stage
  let visitor: Visitor
  let page: Page
  const row = (text: string | RegExp) => stage.row(text)

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      request.on('data', (part: Buffer) => messages.push(part.toString('utf8')))
      request.on('end', () => response.end('ok'))
    })
    await new Promise<void>((ready) => receiver.listen(0, '127.0.0.1', ready))
    const address = receiver.address()
    const port = typeof address === 'object' ? address?.port : 0
    stage = await Stage.open(
      `alerts:\n  webhook_url: http://127.0.0.1:${port}/hook\n  max_consecutive_errors: 1\n` +
        `storage:\n  sync_interval: 0\n  remotes:\n    - provider: rclone\n      remote: ${REMOTE}\n`,
    )
    visitor = stage.visitor
    page = visitor.page
  })
  afterAll(async () => {
    await stage?.close()
    await new Promise((done) => receiver.close(done))
  })

  it('tells a remote that cannot be reached, with what to do, where it is copied and in the overview', async () => {
    await visitor.go('storage')
    await page.getByText(/GB free|TB free/).waitFor()
    const copies = page.getByRole('region', { name: 'Copies elsewhere' })
    await copies.getByRole('button', { name: 'Copy now' }).click()
    await copies.locator('.badge', { hasText: 'failed' }).waitFor()
    expect(await visitor.findings()).toEqual([])
    await visitor.go('overview')
    const concern = page.getByRole('listitem').filter({ hasText: `The last copy to ${REMOTE} failed` })
    const begun = page.locator('.toasts').getByText('The copy has begun')
    await begun.waitFor({ state: 'detached' }) // that of the first copy
    await concern.getByRole('button', { name: 'Copy again' }).click()
    await begun.waitFor()
  })

  it('lists the alert, acknowledges it, and tries the receiver', async () => {
    await visitor.go('alerts')
    const alert = page.getByRole('listitem', { name: /^Alert / }).filter({ hasText: `sync ${REMOTE}` })
    await alert.getByRole('button', { name: 'Acknowledge' }).click()
    await alert.getByText(/, seen/).waitFor()
    await alert.getByRole('button', { name: 'Acknowledge' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page
      .locator('.toasts')
      .getByText(/took the test message/)
      .waitFor()
    await until('the alert and the test message', () => (messages.length >= 2 ? true : undefined))
    expect(messages.some((text) => text.includes(REMOTE.split(':')[0] ?? ''))).toBe(true)
    expect(await visitor.findings()).toEqual([])
  })

  it('shows the lines of one stream from a level on, and new ones as they are written', async () => {
    await visitor.go('logs')
    const log = page.getByRole('log', { name: 'Log' })
    await log.getByText('kraken_BTC_USD_trades_book_ohlc is live').first().waitFor()
    await page.getByLabel('Stream', { exact: true }).fill('binance_BTC_USDT_trades_book')
    await log.getByText('binance_BTC_USDT_trades_book is live').first().waitFor()
    await log
      .getByText(/kraken_/)
      .first()
      .waitFor({ state: 'detached' })
    const before = await log.getByText('binance_BTC_USDT_trades_book is live').count()
    await stage.bench.fault({ fault: 'cut', exchange: 'binance' })
    await until(
      'a line of the cut',
      async () => (await log.getByText('binance_BTC_USDT_trades_book is live').count()) > before || undefined,
    )
    await page.getByRole('button', { name: 'error', exact: true }).click()
    await page.getByText('No line fits').waitFor()
  })

  it('stops and starts several streams at once', async () => {
    await visitor.go('streams?exchange=binance')
    await row('ETH/USDT').waitFor()
    await page.getByLabel('Choose all').check()
    await page.locator('.bulk').getByText('2 chosen').waitFor()
    await page.locator('.bulk').getByRole('button', { name: 'Stop' }).click()
    await until('both stopped', async () => (await row('stopped').count()) === 2 || undefined)
    await page.locator('.toasts').getByRole('button', { name: 'Undo' }).click()
    await until('both live again', async () => (await row('live').count()) === 2 || undefined)
    await page.getByLabel('Choose all').check()
    await page.locator('.bulk').getByRole('button', { name: 'Stop' }).click()
    await until('both stopped again', async () => (await row('stopped').count()) === 2 || undefined)
    await page.getByLabel('Choose all').check()
    await page.locator('.bulk').getByRole('button', { name: 'Start', exact: true }).click()
    await until('both live', async () => (await row('live').count()) === 2 || undefined)
  })

  it('takes a stream out of the config, and puts it back as it was', async () => {
    const { yaml } = await stage.config()
    await row('ETH/USDT').click()
    const drawer = page.getByRole('complementary', { name: /ETH_USDT/ })
    await drawer.getByRole('tab', { name: 'Details' }).click()
    await drawer.getByRole('button', { name: 'Take it out of the config' }).click()
    const told = page.locator('.toasts .notice', { hasText: 'is out of the config' })
    await told.waitFor()
    expect((await stage.config()).yaml).not.toContain('ETH/USDT')
    await told.getByRole('button', { name: 'Undo' }).click()
    await page.locator('.toasts').getByText('is in the config again').waitFor()
    expect((await stage.config()).yaml).toBe(yaml)
    await row('ETH/USDT').getByText('live').waitFor()
  })

  it('writes a schedule as fields', async () => {
    await visitor.go('config')
    const schedules = page.getByRole('group', { name: 'Schedules' })
    await schedules.getByRole('button', { name: 'Add' }).click()
    await schedules.getByRole('textbox', { name: 'Cron' }).fill('30 4 * * *')
    await page.keyboard.press('Tab')
    const text = page.getByRole('textbox', { name: 'Config as YAML' })
    await text.getByText('cron: 30 4 * * *').waitFor()
    expect(await visitor.findings()).toEqual([])
    await page.getByRole('button', { name: 'Discard' }).click()
    await text.getByText('cron: 30 4 * * *').waitFor({ state: 'detached' })
  })

  it('does not write over what somebody else saved, and says so to who was editing', async () => {
    await visitor.go('config')
    const text = page.getByRole('textbox', { name: 'Config as YAML' })
    await text.getByText('- ETH/USDT').waitFor()
    const { yaml } = await stage.config()
    await text.fill(`# mine\n${yaml}`)
    await page.locator('button:enabled', { hasText: 'Apply …' }).waitFor()
    await stage.change({ path: ['alerts', 'max_consecutive_errors'], value: 2 })
    const told = page.getByRole('alert').filter({ hasText: 'Somebody else changed the config' })
    await told.waitFor()
    expect(await visitor.findings()).toEqual([])
    await page.locator('button:disabled', { hasText: 'Apply …' }).waitFor()
    await told.getByRole('button', { name: 'Take theirs' }).click()
    await text.getByText('max_consecutive_errors: 2').waitFor()
    expect(await text.textContent()).not.toContain('# mine')
    expect((await stage.config()).yaml).not.toContain('# mine')
  })

  it('goes on after the daemon was killed and started again', async () => {
    await visitor.go('streams')
    await row(/BTC\/USDT/)
      .getByText('live')
      .waitFor()
    await stage.bench.daemon?.kill('SIGKILL')
    await page.locator('.offline').waitFor()
    await stage.bench.startDaemon()
    await page.locator('.offline').waitFor({ state: 'detached' })
    await row(/BTC\/USDT/)
      .getByText('live')
      .waitFor()
    await visitor.forgive(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|WebSocket/)
    expect(visitor.complaints).toEqual([])
  })

  it('asks for the token when one is wanted; one for reading changes nothing', async () => {
    await stage.change(
      { path: ['settings', 'ui_read_token'], value: READ },
      { path: ['settings', 'ui_auth_token'], value: CONTROL },
    )
    await page.reload()
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    expect(await visitor.findings()).toEqual([])
    await page.getByLabel('Token').fill(READ)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await visitor.go('streams')
    await row(/BTC\/USDT/)
      .getByText('live')
      .waitFor()
    expect(await page.getByRole('button', { name: 'Add', exact: true }).count()).toBe(0)
    await row(/BTC\/USDT/).click()
    await page.locator('.drawer').waitFor()
    expect(await page.locator('.drawer').getByRole('button', { name: 'Stop' }).count()).toBe(0)
    await visitor.go('config')
    await page.getByRole('textbox', { name: 'Config as YAML' }).and(page.locator('[aria-readonly="true"]')).waitFor()
    expect(await page.getByRole('button', { name: /Apply/ }).count()).toBe(0)
    // What is not offered is refused as well, to whoever asks with the login of this page.
    const refused = await page.evaluate(`Promise.all([
      ['POST', 'streams/binance_BTC_USDT_trades_book/stop'], ['POST', 'streams'], ['POST', 'runs'], ['POST', 'sync'],
      ['POST', 'alerts/test'], ['POST', 'alerts/1/ack'], ['PATCH', 'config'], ['POST', 'config/undo'], ['DELETE', 'config/streams'], ['POST', 'scheduler'],
    ].map(async ([method, path]) => {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch('api/v1/' + path, { method, headers, body: '{}' })
      return [answer.status, (await answer.json()).code].join(' ')
    }))`)
    expect(refused).toEqual(Array.from({ length: 10 }, () => '403 FORBIDDEN'))
    await visitor.forgive(/status of 403/)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').fill(CONTROL)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await visitor.go('streams')
    await page.getByRole('button', { name: 'Add', exact: true }).waitFor()
    await visitor.forgive(/status of 401/)
    expect(visitor.complaints).toEqual([])
  })
})
