/**
 * Downloads and parses the pages of a stretch of candles or trades, and nothing else; or counts the rows of files that a backfill left (`count`), or sorts and writes them
 * with DuckDB alone (`write`). `of`: the port of the exchange, or
 * the kind of rows. Prints CPU and memory.
 */
const [mode = '', of = '', start = '', until = '', folder = ''] = process.argv.slice(2)
const base = `http://127.0.0.1:${of}`
let rows = 0
if (mode === 'count') {
  const { Engine } = await import('../src/store/engine.js')
  const engine = await Engine.open({ spill: `${folder}/spill` })
  const [[count] = []] = await engine.rows(
    `SELECT count(*) FROM read_parquet('${folder}/exchange=*/kind=${of}/**/*.parquet')`,
  )
  rows = Number(count)
  engine.close()
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
