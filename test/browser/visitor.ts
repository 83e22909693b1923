import { existsSync } from 'node:fs'
import axe from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { z } from 'zod'
import { until } from '../system/harness.js'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a Chromium is on this machine; `DCCD_CHROMIUM` names another. */
export const CHROMIUM = [process.env.DCCD_CHROMIUM, ...PATHS].find((path) => path !== undefined && existsSync(path))

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

export async function launch(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('there is no Chromium on this machine')
  return await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}

const violations = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullable(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
  }),
)

/** Somebody who looks at the UI: a window of its own, whose complaints are kept. */
export class Visitor {
  readonly page: Page
  readonly complaints: string[] = []
  private readonly context: BrowserContext
  private readonly url: string

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.context = context
    this.page = page
    this.url = url
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url())
      if (origin !== url && !/^(data|blob|ws):/.test(protocol))
        this.complaints.push(`a foreign request: ${request.url()}`)
    })
  }

  static async come(
    browser: Browser,
    url: string,
    viewport = DESKTOP,
    theme: 'dark' | 'light' = 'dark',
  ): Promise<Visitor> {
    const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: 'reduce' })
    return new Visitor(context, await context.newPage(), url)
  }

  /** Goes to a place of the UI: `streams?state=failed`. */
  async go(place: string): Promise<void> {
    const [id = ''] = place.split(/[/?]/)
    await this.page.goto(`${this.url}/#/${place}`)
    const there = `document.title.toLowerCase().startsWith('${id}') &&
      document.querySelector('main .page:not([aria-label^="Loading"]), main .nothing') !== null`
    await until(`the page ${id}`, async () => (await this.page.evaluate(there)) === true || undefined)
  }

  /** Nothing of the page is still awaited. */
  async settled(): Promise<void> {
    await this.page
      .locator('main')
      .getByText(/^Loading /)
      .last()
      .waitFor({ state: 'detached' })
  }

  /** What axe finds, where it is serious or worse, as text. */
  async findings(): Promise<string[]> {
    await this.page.evaluate(axe.source)
    // Preloading copies the sheets of shadow trees into a style element, which the policy of the page refuses.
    const found = violations.parse(
      await this.page.evaluate(
        'axe.run(document, { resultTypes: ["violations"], preload: false }).then(({ violations }) => violations)',
      ),
    )
    return found
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
  }

  /** Takes away complaints that had to come, once one has: the console tells them later than the page. */
  async forgive(expected: RegExp): Promise<void> {
    await until(`a complaint about ${expected}`, () => this.complaints.some((each) => expected.test(each)) || undefined)
    const others = this.complaints.filter((each) => !expected.test(each))
    this.complaints.splice(0, this.complaints.length, ...others)
  }

  async leave(): Promise<void> {
    await this.context.close()
  }
}
