import type { ChaosPorts } from '../chaos/chaos.js'
import { parseChannel } from '../config/channel.js'
import { startEmulator } from '../emulator/emulate.js'
import { exchanges } from '../exchanges/index.js'
import { systemClock } from '../lib/clock.js'
import { type Dataset, KIND_OF } from '../model/dataset.js'
import { gapRows } from '../service/gaps.js'
import { openStoredData } from '../store/stored-data.js'
import { visibleRows } from '../store/visible.js'
import { emulated } from './emulated.js'
import { PRELOAD } from './places.js'

/** A chaos run as it is done: with the real emulator and the real files. `program`: the file of this program's command line. */
export function chaosPorts(program: string): ChaosPorts {
  return {
    program: [program],
    preload: PRELOAD.href,
    startEmulator,
    emulated: (instruments) =>
      emulated(instruments).map((listed) => ({
        ...listed,
        datasets: datasetsOf(listed),
        numbered: numbersBooks(listed.exchange),
      })),
    async ledger(dataPath, use) {
      const data = await openStoredData(dataPath)
      const extent = (dataset: Dataset) => {
        if (!isOnExchangeClock(dataset)) return { received: true }
        const covered = data.covered(dataset)
        const [first, last] = [covered[0], covered.at(-1)]
        return first && last ? { reach: { from: first.from, until: last.until } } : {}
      }
      try {
        return await use({ gaps: gapRows(data.gaps({})), extent })
      } finally {
        await data.close()
      }
    },
    async unpublished(dataPath) {
      const data = await openStoredData(dataPath)
      try {
        return data.inventory().reduce((sum, { unpublishedRows }) => sum + unpublishedRows, 0)
      } finally {
        await data.close()
      }
    },
    visibleRows,
    wall: () => systemClock().wall(),
  }
}

function datasetsOf({ exchange, streams }: ReturnType<typeof emulated>[number]): Dataset[] {
  return streams.flatMap(({ pairs, channels }) =>
    channels.flatMap((text) => {
      const { channel, interval } = parseChannel(text) ?? {}
      const kind = channel && KIND_OF[channel]
      return kind ? pairs.map((pair) => ({ exchange, kind, pair, ...(interval ? { interval } : {}) })) : []
    }),
  )
}

function isOnExchangeClock({ exchange, kind }: Dataset): boolean {
  return exchanges[exchange]?.capabilities.find(({ channel }) => KIND_OF[channel] === kind)?.axis === 'exchange'
}

/** Whether an exchange numbers the changes of its books, so that a lost one shows. */
function numbersBooks(exchange: string): boolean {
  const book = exchanges[exchange]?.capabilities.find(({ channel }) => channel === 'book')
  return book?.proof === 'counter' || book?.proof === 'chain' || book?.proof === 'connection'
}
