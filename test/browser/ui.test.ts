import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { until } from '../system/harness.js'
import { Stage } from './stage.js'
import { CHROMIUM, PHONE, Visitor } from './visitor.js'

describe.skipIf(CHROMIUM === undefined)('the web UI in Chromium', () => {
  let stage: Stage
  /** One person goes through everything; at the end nothing was complained about. */
  let visitor: Visitor
  let page: Page
  const row = (text: string | RegExp) => stage.row(text)

  beforeAll(async () => {
    stage = await Stage.open()
    visitor = stage.visitor
    page = visitor.page
  })
  afterAll(async () => await stage?.close())

  it('adds a stream from what the exchange lists, and shows it live', async () => {
    await visitor.go('streams')
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
    await drawer.getByRole('tab', { name: 'Connection log' }).click()
    await drawer.getByText('is connected').first().waitFor()
    await drawer.getByText('trades is live').waitFor()
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
  })

  it('stops a stream', async () => {
    await page.getByLabel('Choose binance_SOL_USDT_trades').check()
    await page.locator('.bulk').getByRole('button', { name: 'Stop' }).click()
    await until('a stopped stream', async () => {
      const left = (await stage.bench.streams()).find(({ key }) => key === 'binance_SOL_USDT_trades')
      return left === undefined || left.state === 'stopped' || undefined
    })
    await row('SOL/USDT').getByText('live').waitFor({ state: 'detached' })
  })

  /** What the ledger has of Kraken, of one kind or all. */
  const ledger = async (kind = '') => {
    const answer = await fetch(`${stage.url}/api/v1/gaps?exchange=kraken${kind && `&kind=${kind}`}`)
    return z.array(z.object({ code: z.string() })).parse(await answer.json()).length
  }

  it('shows a cut in the coverage map, says why, and repairs it: the hole has gone, in the ledger and in the picture', async () => {
    await stage.bench.fault({ fault: 'refuse', exchange: 'kraken', ms: 3000 }, { fault: 'cut', exchange: 'kraken' })
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
    await until('no gap of trades', async () => (await ledger('trades')) === 0 || undefined)
    await until('no loss in the picture', async () => ((await lostPixel(page)) === undefined ? true : undefined))
  })

  // The table counted what its connections lost and stayed at 0 after a cut, while the ledger had the hole.
  it('counts the gaps of a stream as the ledger does: those of the book, which nobody keeps, stay', async () => {
    await visitor.go('streams')
    const cell = row('BTC/USD').locator('[data-column="gaps"]')
    await until('the number of gaps', async () => {
      const [left, shown] = [await ledger(), await cell.last().textContent()]
      return (left > 0 && shown === String(left)) || undefined
    })
  })

  it('rebuilds the book at an instant', async () => {
    await visitor.go('data/dataset?exchange=binance&pair=BTC/USDT&kind=book_deltas')
    const panel = page.getByRole('region', { name: 'Order book at an instant' })
    await panel.locator('.ladder .bid').first().waitFor()
    const at = panel.getByLabel('At (UTC)')
    const before = await at.inputValue()
    await panel.getByRole('slider').press('PageDown')
    await until('an earlier instant', async () => (await at.inputValue()) < before || undefined)
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

  it('answers SQL, as a table and as a picture, knows its tables, and marks what is wrong', async () => {
    await visitor.go('data/sql')
    await until('published trades', async () => {
      await page.getByRole('button', { name: 'Bought against sold by minute' }).click()
      await page.getByRole('button', { name: 'Run', exact: true }).waitFor()
      return (await page.getByRole('grid', { name: 'Result' }).locator('.lines .line').count()) > 0 || undefined
    })
    const sql = page.getByRole('textbox', { name: 'SQL', exact: true })
    await sql.fill('SELECT range AS a, range * range AS b FROM range(50)')
    await sql.press('Control+Enter')
    await page.getByText('50 rows').waitFor()
    await page.getByRole('button', { name: 'chart' }).click()
    await page.locator('.chart canvas').waitFor()
    await page.getByRole('complementary', { name: 'Examples' }).getByText('book_deltas', { exact: true }).waitFor()
    await sql.fill('')
    await sql.pressSequentially('SELECT trades.taker')
    // By the mouse: the editor takes no key for a list that has only just come up.
    await page.getByRole('option', { name: /taker_side/ }).click()
    await until('the completion', async () => (await sql.textContent())?.includes('trades.taker_side') || undefined)
    await sql.fill('SELECT nothing\nFROM nowhere')
    await sql.press('Control+Enter')
    await page.getByRole('alert').waitFor()
    await page.locator('.cm-lintRange-error', { hasText: 'nowhere' }).waitFor()
    expect(await visitor.findings()).toEqual([])
    await visitor.forgive(/status of 4/)
  })

  it('tells a mistake in the config at its line, then shows what a change would do, and applies it', async () => {
    await visitor.go('config')
    const text = page.getByRole('textbox', { name: 'Config as YAML' })
    const { yaml: before } = await stage.config()
    await text.getByText('- ETH/USDT').waitFor()
    await text.fill(before.replace('- ETH/USDT', '- ETHUSDT'))
    const line = before.slice(0, before.indexOf('- ETH/USDT')).split('\n').length
    const problem = page.getByRole('list', { name: 'Problems' }).getByText(`${line}:`)
    await problem.waitFor()
    await page.locator('.cm-lintRange-error', { hasText: 'ETHUSDT' }).waitFor()
    expect(await visitor.findings()).toEqual([])
    await text.fill(before.replace('- ETH/USDT', '- ETH/USDT\n      - XRP/USDT'))
    await page.locator('.problems .bad').first().waitFor({ state: 'detached' })
    await page.locator('button:enabled', { hasText: 'Apply …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Apply the config' })
    await dialog.getByText('binance_XRP_USDT_trades_book').first().waitFor()
    await dialog.locator('.diff .added', { hasText: 'XRP/USDT' }).waitFor()
    expect(await visitor.findings()).toEqual([])
    await dialog.getByRole('button', { name: 'Apply', exact: true }).click()
    await until('the stream of the new config', async () =>
      (await stage.bench.streams()).some(
        ({ key, state }) => key === 'binance_XRP_USDT_trades_book' && state === 'live',
      ),
    )
    // Completion: the keys of the place, what follows them, and their values.
    await text.press('Control+End')
    await text.pressSequentially('aler')
    await page.getByRole('option', { name: 'alerts' }).click()
    await text.pressSequentially('fo')
    await page.getByRole('option', { name: 'format' }).click()
    await page.getByRole('option', { name: 'slack' }).waitFor()
    expect(await visitor.findings()).toEqual([])
    await page.getByRole('option', { name: 'slack' }).click()
    await until(
      'the completed text',
      async () => /alerts:\s*format: slack/.test((await text.textContent()) ?? '') || undefined,
    )
    await page.locator('button:enabled', { hasText: 'Apply …' }).waitFor()
    await page.getByRole('button', { name: 'Discard' }).click()
    await text.getByText('format: slack').waitFor({ state: 'detached' })
    const lines = (await text.textContent()) ?? ''
    await page.getByLabel('Seconds between snapshots').first().fill('7')
    await page.keyboard.press('Tab')
    const changed = lines.replace('time_step: 5', 'time_step: 7')
    await until('a field that changes its line', async () => (await text.textContent()) === changed || undefined)
    await page.getByRole('button', { name: 'Discard' }).click()
    await until('the text before', async () => (await text.textContent()) === lines || undefined)
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

  it('fetches again what is held where that is asked for, and nothing else', async () => {
    const [from, to] = [300_000, 120_000].map((ago) => new Date(Date.now() - ago).toISOString())
    const dialog = page.getByRole('dialog', { name: 'Backfill history' })
    const ask = async () => {
      await visitor.go('history?add=1')
      await dialog.getByLabel('Exchange').selectOption('binance')
      await dialog
        .getByRole('option', { name: /ETH\/USDT/ })
        .first()
        .click()
      await dialog.getByLabel('From').selectOption('own')
      await dialog.getByLabel('Time (UTC)').fill(from ?? '')
      await dialog.getByLabel('Until').fill(to ?? '')
    }
    const run = async () => {
      await dialog.getByRole('button', { name: 'Start' }).click()
      await page.locator('.drawer .badge', { hasText: /succeeded/ }).waitFor()
    }
    await ask()
    await run()
    await ask()
    await dialog.getByRole('button', { name: 'Dry run' }).click()
    await dialog.locator('.plan', { hasText: /About 0 rows/ }).waitFor()
    await dialog.getByLabel('Fetch again what is held').check()
    await dialog.getByRole('button', { name: 'Dry run' }).click()
    await dialog.locator('.plan', { hasText: /About [1-9]/ }).waitFor()
    await run()
    expect(await visitor.findings()).toEqual([])
  })

  // A page that was opened in the middle of a run knew of it only what the feed told from then on.
  it('shows a run in the middle to whoever comes to it, with what is left, on a phone too, and ends it', async () => {
    await stage.bench.fault({ fault: 'pages', exchange: 'kraken', manner: 'capped', count: 2, ms: 60_000 })
    await visitor.go('history?add=1')
    const dialog = page.getByRole('dialog', { name: 'Backfill history' })
    await dialog.getByLabel('Exchange').selectOption('kraken')
    await dialog
      .getByRole('option', { name: /ETH\/USD/ })
      .first()
      .click()
    await dialog.getByLabel('From').selectOption('own')
    await dialog.getByLabel('Time (UTC)').fill(new Date(Date.now() - 60_000).toISOString())
    await dialog.getByRole('button', { name: 'Start' }).click()
    const drawer = page.getByRole('complementary', { name: /^Run / })
    const progress = async () => Number(await drawer.getByRole('progressbar').getAttribute('aria-valuenow'))
    await drawer.waitFor()
    await page.reload()
    const percent = await until('progress', async () => (await progress()) || undefined)
    expect(percent).toBeLessThan(100)
    await drawer.locator('dt:text-is("Left") + dd').getByText(/\d/).waitFor()
    await until('more progress', async () => (await progress()) > percent || undefined)
    expect(await visitor.findings()).toEqual([])
    const phone = await Visitor.come(stage.browser, stage.url, PHONE)
    await phone.go('history')
    await phone.page.getByRole('row', { name: /running [1-9]\d? %.* left/ }).waitFor()
    // The list of pairs was bare where the page of streams, which had its looks, had not been open before.
    await phone.go('history?add=1')
    await phone.page.getByLabel('Exchange').selectOption('kraken')
    const pair = await phone.page.locator('.pair-list').getByRole('option').first().boundingBox()
    expect(pair?.width).toBeGreaterThan(250)
    expect(phone.complaints).toEqual([])
    await phone.leave()
    await drawer.getByRole('button', { name: 'Cancel' }).click()
    await drawer.locator('.badge', { hasText: 'cancelled' }).waitFor()
    expect(await progress()).toBeLessThan(100)
  })

  it('cancels a run that cannot go on', async () => {
    await stage.bench.fault({ fault: 'status', exchange: 'kraken', ms: 60_000, status: 503, retry_after_s: 60 })
    await visitor.go('history?add=1')
    const dialog = page.getByRole('dialog', { name: 'Backfill history' })
    await dialog.getByLabel('Exchange').selectOption('kraken')
    await dialog
      .getByRole('option', { name: /BTC\/USD/ })
      .first()
      .click()
    await dialog.getByRole('button', { name: 'Start' }).click()
    const drawer = page.getByRole('complementary', { name: /^Run / })
    await drawer.locator('.badge', { hasText: 'running' }).waitFor()
    await drawer.getByRole('progressbar').waitFor()
    await drawer.getByRole('button', { name: 'Cancel' }).click()
    await drawer.locator('.badge', { hasText: 'cancelled' }).waitFor()
    await drawer
      .getByRole('log')
      .getByText(/cancel/)
      .waitFor()
  })

  it('never complained', () => {
    expect(visitor.complaints).toEqual([])
  })
})

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
