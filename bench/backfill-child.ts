/**
 * Fetches a stretch of candles or trades: as `dccd backfill` does it, or only downloading and parsing the same pages; or (`write`) sorts and writes the files that a
 * backfill left, with DuckDB and nothing else. Prints CPU and memory.
 */
const [mode = '', port = '', start = '', until = '', folder = ''] = process.argv.slice(2)
const base = `http://127.0.0.1:${port}`
let rows = 0
if (mode === 'backfill' || mode === 'backfill-trades') {
  const { createServices } = await import('../src/app.js')
  const { createConfig } = await import('../src/config/parse.js')
  const endpoints = { binance: { websocket: `ws://127.0.0.1:${port}`, rest: base } }
  const config = createConfig({
    settings: { data_path: folder, ui_port: 0, endpoints },
    histo_jobs: [{ exchange: 'binance', pairs: ['BTC/USDT'], span: 60 }],
  })
  const opened = await createServices().openJobs(config, (error) => process.stderr.write(`${error.message}\n`))
  const trades = { exchange: 'binance', pairs: ['BTC/USDT'], channels: ['trades'] } as const
  const what = mode === 'backfill' ? {} : trades
  const { id } = await opened.jobs.start({ kind: 'backfill', start, until, ...what })
  for (;;) {
    const run = await opened.jobs.run(id)
    if (run && run.state !== 'running' && run.state !== 'queued') {
      rows = run.rows
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await opened.close()
} else if (mode === 'write') {
  const { Engine } = await import('../src/store/engine.js')
  const { copyTo, fileOrder, quoted } = await import('../src/store/canonical.js')
  const engine = await Engine.open({ spill: `${folder}/spill` })
  const held = `read_parquet(${quoted(`${folder}/exchange=*/kind=ohlc/**/*.parquet`)})`
  await engine.run(copyTo(`SELECT * FROM ${held} ORDER BY ${fileOrder('ohlc')}`, `${folder}/again.parquet`))
  const [[count] = []] = await engine.rows(`SELECT count(*) FROM read_parquet(${quoted(`${folder}/again.parquet`)})`)
  rows = Number(count)
  engine.close()
} else if (mode === 'plain-trades') {
  for (let last = 0, at = Date.parse(start); at < Date.parse(until); ) {
    const path = `/api/v3/historicalTrades?symbol=BTCUSDT&fromId=${last + 1}&limit=1000`
    const page = JSON.parse(await (await fetch(base + path)).text()) as { id: number; time: number }[] // the parent wrote it
    rows += page.length
    last = page.at(-1)?.id ?? Number.POSITIVE_INFINITY
    at = page.at(-1)?.time ?? Number.POSITIVE_INFINITY
  }
} else {
  for (let at = Date.parse(start); at < Date.parse(until); ) {
    const path = `/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=${at}&endTime=${Date.parse(until)}&limit=1000`
    const page = JSON.parse(await (await fetch(base + path)).text()) as [number][] // the parent wrote it
    rows += page.length
    at = (page.at(-1)?.[0] ?? Number.POSITIVE_INFINITY) + 60_000
  }
}
const { user, system } = process.cpuUsage()
const peakMb = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ trades: rows, cpuSeconds: (user + system) / 1e6, peakMb })}\n`)
