import { useEffect, useRef, useState } from 'preact/hooks'
import { isRecord } from '../../api/api-client.js'
import type { BookLevel, BookView, StreamRow } from '../../api/contract.js'
import { DepthChart } from '../../parts/depth-chart.js'
import { Instant } from '../../parts/instant.js'
import { Ladder } from '../../parts/ladder.js'
import { evenDecimals } from '../../parts/number-text.js'
import { useApp } from '../../state/app-context.js'

interface TradeLine {
  readonly id: number
  readonly time: string | null
  readonly price: string
  readonly amount: string
  readonly side: string
}

const TRADES = 28
const LEVELS = 12

interface Heard {
  readonly trades: readonly TradeLine[]
  readonly book: BookView | undefined
  readonly missed: number
  readonly refused: string | undefined
}

const NOTHING: Heard = { trades: [], book: undefined, missed: 0, refused: undefined }

/** What a stream hears, as it hears it: trades, the book as a ladder, its depth. Drawn once a frame, however much comes. */
export function LiveView({ row }: { row: StreamRow }) {
  const { live } = useApp()
  const [heard, setHeard] = useState(NOTHING)
  const next = useRef(NOTHING)
  const channels = row.channels.filter((each) => each === 'trades' || each === 'book')
  useEffect(() => {
    let frame = 0
    let count = 0
    next.current = NOTHING
    setHeard(NOTHING)
    if (channels.length === 0) return
    const stop = live.follow({ exchange: row.exchange, pair: row.pair, channels }, (message) => {
      const now = next.current
      const trade = tradeOf(message, count)
      const book = bookOf(message)
      if (trade) {
        count++
        next.current = { ...now, trades: [trade, ...now.trades].slice(0, TRADES) }
      } else if (book) next.current = { ...now, book }
      else if (message.type === 'missed') next.current = { ...now, missed: now.missed + Number(message.count ?? 1) }
      else if (message.type === 'error') next.current = { ...now, refused: String(message.message ?? 'refused') }
      else return
      frame ||= requestAnimationFrame(() => {
        frame = 0
        setHeard(next.current)
      })
    })
    return () => {
      cancelAnimationFrame(frame)
      stop()
    }
  }, [live, row.key])
  const { trades, book, missed, refused } = heard
  const prices = evenDecimals(trades.map(({ price }) => price))
  const amounts = evenDecimals(trades.map(({ amount }) => amount))
  if (channels.length === 0)
    return <p class="soft">This stream has neither trades nor a book. Its stored data is on the data page.</p>
  return (
    <>
      {refused !== undefined && <p class="warn">{refused}</p>}
      {missed > 0 && (
        <p class="soft">{missed} events were left out here: this page could not keep up. They are recorded.</p>
      )}
      <div class="live-grid">
        {channels.includes('book') && (
          <section aria-label="Order book" class="stack">
            {book ? (
              <>
                <Ladder book={book} levels={LEVELS} />
                <DepthChart book={book} />
              </>
            ) : (
              <p class="soft">Waiting for the book …</p>
            )}
          </section>
        )}
        {channels.includes('trades') && (
          <section aria-label="Trades">
            <ol class="tape">
              <li class="titles">
                <span>Price</span>
                <span>Amount</span>
                <span>Time</span>
              </li>
              {trades.map((trade, index) => (
                <li key={trade.id} class={trade.side}>
                  <span class="price">{prices[index]}</span>
                  <span class="cut">{amounts[index]}</span>
                  <span class="faint">
                    <Instant at={trade.time} clock />
                  </span>
                </li>
              ))}
            </ol>
            {trades.length === 0 && <p class="soft">Waiting for a trade …</p>}
          </section>
        )}
      </div>
    </>
  )
}

function tradeOf(message: Readonly<Record<string, unknown>>, id: number): TradeLine | undefined {
  const { price, amount } = message
  if (message.type !== 'trade' || typeof price !== 'string' || typeof amount !== 'string') return undefined
  const time = message.exchange_time ?? message.receive_time ?? message.time
  return { id, time: typeof time === 'string' ? time : null, price, amount, side: String(message.taker_side ?? '') }
}

function bookOf(message: Readonly<Record<string, unknown>>): BookView | undefined {
  const view = isRecord(message.book) ? message.book : message
  if (message.type !== 'book' || !Array.isArray(view.bids) || !Array.isArray(view.asks)) return undefined
  const time = view.time ?? view.exchange_time
  return {
    bids: view.bids as BookLevel[],
    asks: view.asks as BookLevel[],
    time: typeof time === 'string' ? time : null,
  } // the contract of the API
}
