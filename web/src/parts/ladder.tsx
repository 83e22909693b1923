import '../styles/book.css'
import type { BookLevel, BookView } from '../api/contract.js'
import { evenDecimals } from './number-text.js'

interface Props {
  readonly book: Pick<BookView, 'bids' | 'asks'>
  readonly levels: number
}

/** Best levels of a book: asks above, bids below, each with its amount as a bar. */
export function Ladder({ book, levels }: Props) {
  const shown = evenLevels([...book.asks.slice(0, levels), ...book.bids.slice(0, levels)])
  const asks = shown.slice(0, Math.min(levels, book.asks.length))
  const bids = shown.slice(asks.length)
  const most = Math.max(1e-12, ...[...asks, ...bids].map(([, amount]) => Number(amount)))
  const [bid, ask] = [bids[0]?.[0], asks[0]?.[0]]
  const spread = bid !== undefined && ask !== undefined ? Number(ask) - Number(bid) : undefined
  return (
    <div class="ladder" role="group" aria-label={`Order book: best bid ${bid ?? 'none'}, best ask ${ask ?? 'none'}`}>
      <div class="titles">
        <span>Price</span>
        <span>Amount</span>
      </div>
      {asks.map((level) => <LevelLine key={level[0]} side="ask" level={level} most={most} />).reverse()}
      <div class="spread">
        <span>Spread</span>
        <span>{spread === undefined ? '–' : `${tidy(spread)} (${basisPoints(spread, Number(bid))} bp)`}</span>
      </div>
      {bids.map((level) => (
        <LevelLine key={level[0]} side="bid" level={level} most={most} />
      ))}
    </div>
  )
}

function evenLevels(levels: readonly BookLevel[]): BookLevel[] {
  const prices = evenDecimals(levels.map(([price]) => price))
  const amounts = evenDecimals(levels.map(([, amount]) => amount))
  return levels.map((level, index) => [prices[index] ?? level[0], amounts[index] ?? level[1]])
}

function LevelLine({ side, level: [price, amount], most }: { side: 'bid' | 'ask'; level: BookLevel; most: number }) {
  return (
    <div class={`level ${side}`}>
      <div class="fill" style={{ width: `${Math.max(0.5, (Number(amount) / most) * 100)}%` }} />
      <span class="price">{price}</span>
      <span>{amount}</span>
    </div>
  )
}

function basisPoints(spread: number, price: number): string {
  return ((spread / price) * 10_000).toFixed(2)
}

/** A difference of two prices without the noise of doubles. */
function tidy(value: number): string {
  return String(Number(value.toPrecision(6)))
}
