import { createServices } from '../src/app.js'
import { createConfig } from '../src/config/parse.js'

const [port = '', seconds = '', pairs = '', folder = ''] = process.argv.slice(2)
const wanted = JSON.parse(pairs) as Record<string, { pair: string }[]> // from recording.ts
const config = createConfig({
  settings: {
    data_path: folder,
    ui_port: 0,
    endpoints: Object.fromEntries(
      Object.keys(wanted).map((id) => [
        id,
        { websocket: `ws://127.0.0.1:${port}/${id}`, rest: `http://127.0.0.1:${port}/${id}` },
      ]),
    ),
  },
  stream_jobs: Object.entries(wanted).map(([exchange, list]) => ({
    exchange,
    pairs: list.map(({ pair }) => pair),
    channels: ['trades'],
  })),
})
const services = createServices()
const daemon = await services.startDaemon(config, (error) => process.stderr.write(`${error.message}\n`))
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000))
await daemon.stop(30_000)
const data = await services.openData(folder)
const trades = data.inventory().reduce((sum, { rows }) => sum + rows, 0)
await data.close()
const { user, system } = process.cpuUsage()
const peakMb = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ trades, cpuSeconds: (user + system) / 1e6, peakMb })}\n`)
