import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Crowd } from './crowd.js'
import { CHROMIUM, launch, Visitor } from './visitor.js'

const STREAMS = 1000
const INTERVALS = 100_000
const UPDATES = 500
const FIRST_PAINT_MS = 1000
const INTERACTIVE_MS = 2000
const LOADS = 3
const FRAMES = 90
/** Sixty, but for one of a look that another program took. */
const FRAMES_A_SECOND = 59

describe.skipIf(CHROMIUM === undefined)('the web UI before a crowd of streams', () => {
  let browser: Browser
  let crowd: Crowd
  beforeAll(async () => {
    crowd = await Crowd.open(STREAMS, INTERVALS, UPDATES)
    browser = await launch()
    const warm = await Visitor.come(browser, crowd.url)
    await warm.go('overview')
    await warm.leave()
  })
  afterAll(async () => {
    await browser?.close()
    await crowd?.close()
  })

  it.each([
    ['streams', '.lines .line'],
    ['data?span=1h', '.heatmap .names a'],
  ])('paints and takes keys in time, the best of three loads: %s', async (place, ready) => {
    const paints: number[] = []
    const interactive: number[] = []
    for (let load = 0; load < LOADS; load++) {
      const visitor = await Visitor.come(browser, crowd.url)
      await visitor.page.goto(`${crowd.url}/#/${place}`)
      await visitor.page.locator(ready).first().waitFor()
      // A key is answered: the page is there to be used.
      await visitor.page.keyboard.press('?')
      await visitor.page.getByRole('dialog', { name: 'Keys' }).waitFor()
      interactive.push(z.number().parse(await visitor.page.evaluate('performance.now()')))
      paints.push(
        z
          .number()
          .parse(await visitor.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")),
      )
      await visitor.leave()
    }
    console.info(`${place}: first paint ${paints.map(Math.round)} ms, interactive ${interactive.map(Math.round)} ms`)
    expect(Math.min(...paints)).toBeLessThanOrEqual(FIRST_PAINT_MS)
    expect(Math.min(...interactive)).toBeLessThanOrEqual(INTERACTIVE_MS)
  })

  it('keeps only what is in sight in the page, and draws at full pace, the best of three looks, while five hundred streams change', async () => {
    const visitor = await Visitor.come(browser, crowd.url)
    await visitor.go('streams')
    await visitor.page.locator('.lines .line').first().waitFor()
    expect(await visitor.page.locator('.grid').getAttribute('aria-rowcount')).toBe(String(STREAMS + 1))
    expect(await visitor.page.locator('.lines .line').count()).toBeLessThan(60)
    const looks = z.array(z.object({ rate: z.number(), longest: z.number(), changes: z.number() })).parse(
      await visitor.page.evaluate(`(async () => {
        const lines = document.querySelector('.lines')
        const look = () => new Promise((resolve) => {
          const times = []
          let changes = 0
          const observer = new MutationObserver(() => changes++)
          observer.observe(lines, { subtree: true, characterData: true, childList: true })
          const step = (now) => {
            times.push(now)
            if (times.length <= ${FRAMES}) return requestAnimationFrame(step)
            observer.disconnect()
            const gaps = times.slice(1).map((at, index) => at - times[index])
            resolve({ rate: (gaps.length * 1000) / (times.at(-1) - times[0]), longest: Math.max(...gaps), changes })
          }
          requestAnimationFrame(step)
        })
        return [await look(), await look(), await look()]
      })()`),
    )
    for (const { rate, longest, changes } of looks) {
      console.info(`${rate.toFixed(1)} frames a second, ${changes} changes, the longest frame ${longest.toFixed(0)} ms`)
      // The table changed all the while: five times a second.
      expect(changes).toBeGreaterThanOrEqual(4)
    }
    expect(Math.max(...looks.map(({ rate }) => rate))).toBeGreaterThanOrEqual(FRAMES_A_SECOND)
    await visitor.page.locator('.grid').focus()
    await visitor.page.keyboard.press('End')
    await visitor.page.getByText(`C${STREAMS - 1}/USDT`).waitFor()
    expect(visitor.complaints).toEqual([])
    await visitor.leave()
  })
})
