// Records in this process and looks at what comes: `node examples/collector.mjs config.yml`
import { Collector, loadConfig } from 'dccd'

const { config } = await loadConfig({ path: process.argv[2] ?? 'config.yml' })
const [job] = config.stream_jobs
const collector = new Collector(config)
await collector.start()

let trades = 0
const topic = { exchange: job.exchange, pair: job.pairs[0], channels: ['trades', 'book'] }
for await (const event of collector.events(topic)) {
  if (event.type === 'trade') console.log('trade', event.pair, event.taker_side, event.amount, '@', event.price)
  if (event.type === 'book') console.log('book', event.pair, event.bids[0], event.asks[0], event.proof)
  if (event.type === 'trade' && ++trades === 10) break
}
await collector.stop()
console.log('stored', collector.status().length, 'streams')
