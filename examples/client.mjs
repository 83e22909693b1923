// Asks a running daemon: `node examples/client.mjs http://127.0.0.1:8080 [token]`
import { Client } from 'dccd'

const [url = 'http://127.0.0.1:8080', token] = process.argv.slice(2)
const client = new Client({ url, ...(token && { token }) })

for (const stream of await client.call('streams.list', {}))
  console.log(stream.key, stream.state, `${stream.rate.toFixed(1)}/s`, `${stream.gaps} gaps`)

const [dataset] = (await client.call('inventory', {})).filter(({ kind }) => kind === 'trades')
if (dataset) {
  const { exchange, pair } = dataset
  const { candles } = await client.call('candles', { exchange, pair, interval: '1m', limit: 3 })
  console.log('candles', exchange, pair, candles)
  let rows = 0
  for await (const _row of client.rows({ exchange, pair, kind: 'trades' })) rows++
  console.log('trades', rows)
}

// The first five events, then an end.
const enough = new AbortController()
let heard = 0
for await (const { event, id } of client.events({ topics: ['status', 'rates'] }, enough.signal)) {
  console.log('event', event, id ?? '')
  if (++heard === 5) enough.abort()
}
