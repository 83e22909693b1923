import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Stage } from './stage.js'
import { CHROMIUM, DESKTOP, PHONE, Visitor } from './visitor.js'

const PLACES = [
  'overview',
  'streams',
  'streams?open=kraken_BTC_USD_trades_book_ohlc',
  'streams?add=1',
  'data',
  'data/datasets',
  'data/sql',
  'data/dataset?exchange=binance&pair=BTC/USDT&kind=trades',
  'data/dataset?exchange=binance&pair=BTC/USDT&kind=book_deltas',
  'history',
  'history?add=1',
  'storage',
  'alerts',
  'config',
  'logs',
]

describe.skipIf(CHROMIUM === undefined)('every page of the web UI', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await Stage.open()
  })
  afterAll(async () => await stage?.close())

  describe.each([DESKTOP, PHONE])('on $width px', (size) => {
    let guest: Visitor
    beforeAll(async () => {
      guest = await Visitor.come(stage.browser, stage.url, size)
    })
    afterAll(async () => await guest?.leave())

    it.each(PLACES)('shows %s without a complaint, and axe finds nothing serious in dark or light', async (place) => {
      await guest.go(place)
      await guest.settled()
      expect(await guest.findings(), 'in dark').toEqual([])
      await guest.page.emulateMedia({ colorScheme: 'light' })
      expect(await guest.findings(), 'in light').toEqual([])
      await guest.page.emulateMedia({ colorScheme: 'dark' })
      expect(await guest.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(size.width)
      expect(guest.complaints).toEqual([])
    })
  })

  it('goes by keys', async () => {
    const { visitor } = stage
    const { page } = visitor
    await visitor.go('overview')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('sql')
    expect(await visitor.findings()).toEqual([])
    await page.keyboard.press('Enter')
    const sql = page.getByRole('textbox', { name: 'SQL', exact: true })
    await sql.waitFor()
    // Letters that are keys elsewhere are letters here.
    await sql.press('Control+a')
    await sql.pressSequentially('gs?t/')
    expect(await sql.textContent()).toContain('gs?t/')
    await page.locator('h1').click()
    await page.keyboard.press('g')
    await page.keyboard.press('s')
    await page.getByRole('grid', { name: 'Streams' }).focus()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.locator('.drawer').waitFor()
    await page.keyboard.press('t')
    await page.locator('html[data-theme="light"]').waitFor()
    await page.keyboard.press('z')
    await page.locator('.topbar').getByText('local').waitFor()
    await page.keyboard.press('t')
    await page.locator('html[data-theme="dark"]').waitFor()
    await page.keyboard.press('z')
    await page.locator('.topbar').getByText('UTC').last().waitFor()
    expect(visitor.complaints).toEqual([])
  })
})
