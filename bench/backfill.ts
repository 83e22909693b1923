import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { child } from './child.js'
import { type Figure, figure } from './figure.js'

const ROWS = 1_000_000
const START = Date.parse('2024-01-01T00:00:00Z')
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

/** A million candles fetched, proven and published, beside downloading and parsing the same pages. */
export async function benchBackfill(): Promise<Figure[]> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    response.setHeader('content-type', 'application/json')
    response.end(pathname.endsWith('exchangeInfo') ? LISTED : klines(searchParams))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const folder = mkdtempSync(join(tmpdir(), 'dccd-bench-'))
  try {
    const { port } = server.address() as AddressInfo // it listens on a port
    const args = [String(port), new Date(START).toISOString(), new Date(START + ROWS * MINUTE).toISOString(), folder]
    const plain = await child('./backfill-child.js', ['plain', ...args])
    const ours = await child('./backfill-child.js', ['backfill', ...args])
    if (ours.trades !== ROWS) throw new Error(`${ours.trades} candles were fetched, not ${ROWS}`)
    return [
      figure(
        'candles backfilled vs downloaded and parsed',
        'per CPU-second',
        ROWS / ours.cpuSeconds,
        plain.trades / plain.cpuSeconds,
      ),
      figure('peak memory of that backfill', 'MB, the bound beside', ours.peakMb, 300),
    ]
  } finally {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
