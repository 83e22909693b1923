import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { child } from './child.js'
import { type Figure, figure } from './figure.js'

const PROGRAM = join(import.meta.dirname, '../src/main.js')
const ROWS = 1_000_000
/** So few that what is measured is the process itself: its start, its threads, one file. */
const FEW = 1000
const START = Date.parse('2018-01-01T00:00:00Z')
const MINUTE = 60_000

/** Candles of every minute, as Binance writes them, made up from their time alone. */
function klines(query: URLSearchParams): string {
  const [from, until] = [Number(query.get('startTime')), Number(query.get('endTime'))]
  const rows: string[] = []
  for (let open = Math.ceil(from / MINUTE) * MINUTE; open <= until && rows.length < 1000; open += MINUTE) {
    const price = (60_000 + ((open / MINUTE) % 9973)).toFixed(2)
    rows.push(
      `[${open},"${price}","${price}","${price}","${price}","12.34500000",${open + 59_999},"740700.00000000",812,"6.10000000","366000.00000000","0"]`,
    )
  }
  return `[${rows.join(',')}]`
}

/** No more pages than the budget of the exchange allows within a minute. */
const TRADES = 200_000
/** Twelve trades a second from the start on, with the ids of their order. */
const TRADE_MS = 80

/** Trades from an id on, as Binance writes them. */
function historicalTrades(query: URLSearchParams): string {
  const from = Math.max(1, Number(query.get('fromId')))
  const rows = Array.from({ length: Number(query.get('limit')) }, (_, index) => {
    const id = from + index
    const price = (60_000 + ((id * 7) % 9973) / 100).toFixed(2)
    return `{"id":${id},"price":"${price}","qty":"0.0${(id % 8999) + 1000}000","quoteQty":"740.70000000","time":${START + id * TRADE_MS},"isBuyerMaker":${id % 3 === 0},"isBestMatch":true}`
  })
  return `[${rows.join(',')}]`
}

/** The first trade at or after a time, which the past begins with. */
function aggTrades(query: URLSearchParams): string {
  const id = Math.max(1, Math.ceil((Number(query.get('startTime')) - START) / TRADE_MS))
  return `[{"a":${id},"p":"60000.00","q":"1.0","f":${id},"l":${id},"T":${START + id * TRADE_MS},"m":true,"M":true}]`
}

function answer({ pathname, searchParams }: URL): string {
  if (pathname.endsWith('exchangeInfo')) return LISTED
  if (pathname.endsWith('historicalTrades')) return historicalTrades(searchParams)
  return pathname.endsWith('aggTrades') ? aggTrades(searchParams) : klines(searchParams)
}

const LISTED = JSON.stringify({
  symbols: [
    {
      symbol: 'BTCUSDT',
      status: 'TRADING',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      filters: [
        { filterType: 'PRICE_FILTER', tickSize: '0.01000000' },
        { filterType: 'LOT_SIZE', stepSize: '0.00001000' },
      ],
    },
  ],
})

/** An exchange that has such a past, on this machine. */
export async function servePast(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(answer(new URL(request.url ?? '/', 'http://x')))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // it listens on a port
  return { port, close: () => server.close() }
}

/** The program as its users run it, with a config of its own. */
export function backfillArguments(
  folder: string,
  port: number,
  { start, until, channel = 'ohlc' }: { readonly start: string; readonly until: string; readonly channel?: string },
): readonly string[] {
  const endpoints = { binance: { websocket: `ws://127.0.0.1:${port}`, rest: `http://127.0.0.1:${port}` } }
  const settings = { data_path: folder, ui_port: 0, endpoints }
  const histo_jobs = [{ exchange: 'binance', pairs: ['BTC/USDT'], span: 60 }]
  const config = `${folder}.yml`
  writeFileSync(config, JSON.stringify({ settings, histo_jobs })) // YAML too
  const what = ['--exchange', 'binance', '--pairs', 'BTC/USDT', '--channels', channel]
  return [PROGRAM, 'backfill', '--json', ...what, '--start', start, '--until', until, '--config', config]
}

/** A million candles fetched, proven and published, beside downloading and parsing the same pages. */
export async function benchBackfill(): Promise<Figure[]> {
  const past = await servePast()
  const folder = mkdtempSync(join(tmpdir(), 'dccd-bench-'))
  /** Runs `dccd backfill` and counts what stands in its files afterwards. */
  const backfill = async (rows: number, name: string, channel = 'ohlc', eachMs = MINUTE) => {
    const [, start = '', until = '', data = ''] = args(rows, name, eachMs)
    const ran = await child('./start-child.js', backfillArguments(data, past.port, { start, until, channel }))
    const { trades: found } = await child('./backfill-child.js', ['count', channel, '', '', data])
    const wanted = channel === 'ohlc' ? rows : rows - 1
    if (found !== wanted) throw new Error(`${found} rows of ${channel} stand in the files, not ${wanted}`)
    return ran
  }
  const args = (rows: number, name: string, eachMs = MINUTE) => {
    const until = new Date(START + rows * eachMs).toISOString()
    return [String(past.port), new Date(START).toISOString(), until, join(folder, name)]
  }
  try {
    const plain = await child('./backfill-child.js', ['plain', ...args(ROWS, 'all')])
    const ours = await backfill(ROWS, 'all')
    const few = await backfill(FEW, 'few')
    const write = await child('./backfill-child.js', ['write', ...args(ROWS, 'all')])
    if (write.trades !== ROWS) throw new Error(`${write.trades} candles were written again, not ${ROWS}`)
    const plainTrades = await child('./backfill-child.js', ['plain-trades', ...args(TRADES, 'trades', TRADE_MS)])
    const trades = await backfill(TRADES, 'trades', 'trades', TRADE_MS)
    const longer = await backfill(3 * ROWS, 'longer')
    const cpu = (name: string, seconds: number) => figure(name, 'CPU-seconds', seconds, plain.cpuSeconds)
    const memory = (name: string, { peakMb }: { readonly peakMb: number }) =>
      figure(`peak memory of ${name}`, 'MB, the bound beside', peakMb, 300)
    return [
      figure(
        'candles backfilled vs downloaded and parsed',
        'per CPU-second',
        ROWS / ours.cpuSeconds,
        plain.trades / plain.cpuSeconds,
      ),
      memory('that backfill', ours),
      cpu('a million candles backfilled, beside downloading and parsing them', ours.cpuSeconds),
      cpu('of it: a backfill of a thousand', few.cpuSeconds),
      cpu('of it: what DuckDB alone takes to sort and write the files', write.cpuSeconds),
      memory('a backfill of a thousand', few),
      memory('DuckDB alone', write),
      memory('a backfill of three million candles', longer),
      memory('a backfill of 200,000 trades', trades),
      figure(
        '200,000 trades backfilled, beside downloading and parsing them',
        'CPU-seconds',
        trades.cpuSeconds,
        plainTrades.cpuSeconds,
      ),
    ]
  } finally {
    past.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
