import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { Bench, until } from './harness.js'

let bench: Bench
beforeEach(() => {
  bench = new Bench()
})
afterEach(() => bench.close())

const listed = z.object({ instruments: z.array(z.object({ pair: z.string() })) })

it('streams follow what is listed: a delisted one ends, a listed one starts, the busiest are taken, without a restart', async () => {
  await bench.emulate('--instruments', '4', '--exchanges', 'binance')
  bench.config([{ exchange: 'binance', pairs: ['*/USDT'], channels: ['trades', 'book'] }], {
    job: { top: 3, exclude: ['XRP/*'] },
    settings: { instruments_interval: 3 },
  })
  await bench.fault({ exchange: 'binance', fault: 'delist', symbol: 'SOLUSDT', ms: 20_000 })
  await bench.startDaemon()
  const live = (...bases: string[]) =>
    until(`${bases.join(', ')} live`, async () => {
      const rows = await bench.streams()
      const running = rows.filter(({ state }) => state === 'live').map(({ key }) => key.split('_')[1])
      return (rows.length === bases.length && running.sort().join() === bases.sort().join()) || undefined
    })
  await live('BTC', 'ETH')
  await live('BTC', 'ETH', 'SOL')
  await bench.fault({ exchange: 'binance', fault: 'delist', symbol: 'ETHUSDT', ms: 60_000 })
  await live('BTC', 'SOL')
  const now = await bench.run('instruments', 'binance', '--json')
  expect(listed.parse(JSON.parse(now.stdout)).instruments.map(({ pair }) => pair)).toEqual([
    'BTC/USDT',
    'OLD/USDT',
    'SOL/USDT',
    'XRP/USDT',
  ])
  expect(await bench.daemon?.kill('SIGTERM')).toBe(0)
  // What was not wanted any more is no loss, and neither is what was not listed.
  expect(await bench.gaps()).toEqual([])

  // What a rule selected before and does not now is not missed after a restart.
  await bench.startDaemon()
  await live('BTC', 'SOL')
  expect(await bench.daemon?.kill('SIGTERM')).toBe(0)
  const lost = await bench.gaps()
  expect(new Set(lost.map(({ pair }) => pair))).toEqual(new Set(['BTC/USDT', 'SOL/USDT']))
  expect(new Set(lost.map(({ code }) => code))).toEqual(new Set(['PROCESS_STOPPED']))
})
