import '../styles/book.css'
import type { BookLevel, BookView } from '../api/contract.js'
import { evenDecimals } from './number-text.js'

const WIDTH = 400
const HEIGHT = 120

/** What lies on each side up to each price, as two stairs. */
export function DepthChart({ book }: { book: Pick<BookView, 'bids' | 'asks'> }) {
  const bids = sums(book.bids)
  const asks = sums(book.asks)
  const [lowest, highest] = [bids.at(-1)?.price, asks.at(-1)?.price]
  if (lowest === undefined || highest === undefined) return null
  // Both sides as wide as the narrower, so that the middle is in the middle.
  const middle = ((bids[0]?.price ?? 0) + (asks[0]?.price ?? 0)) / 2
  const reach = Math.min(middle - lowest, highest - middle) || 1
  const inside = [...bids, ...asks].filter(({ price }) => Math.abs(price - middle) <= reach)
  const most = Math.max(...inside.map(({ sum }) => sum), 1e-12)
  const x = (price: number) => ((price - middle + reach) / (2 * reach)) * WIDTH
  const y = (sum: number) => HEIGHT - (Math.min(sum, most) / most) * (HEIGHT - 6)
  const [whole = ''] = evenDecimals([...book.bids, ...book.asks].map(([price]) => price))
  const priceText = (price: number) => price.toFixed((whole.split('.')[1] ?? '').length)
  return (
    <figure>
      <svg
        class="depth"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label="Depth of both sides"
      >
        {(
          [
            ['bid', bids, 0],
            ['ask', asks, WIDTH],
          ] as const
        ).map(([side, stairs, edge]) => {
          const [first] = stairs
          if (!first) return null
          let path = `M${x(first.price)},${HEIGHT}`
          let before = HEIGHT
          for (const { price, sum } of stairs) {
            path += `L${x(price).toFixed(1)},${before.toFixed(1)}L${x(price).toFixed(1)},${y(sum).toFixed(1)}`
            before = y(sum)
          }
          path += `L${edge},${before.toFixed(1)}`
          return (
            <g key={side}>
              <path d={`${path}L${edge},${HEIGHT}Z`} fill={`var(--${side})`} opacity="0.14" />
              <path
                d={path}
                fill="none"
                stroke={`var(--${side})`}
                stroke-width="1.4"
                vector-effect="non-scaling-stroke"
              />
            </g>
          )
        })}
      </svg>
      <figcaption class="depth-prices">
        <span>{priceText(middle - reach)}</span>
        <span>{priceText(middle)}</span>
        <span>{priceText(middle + reach)}</span>
      </figcaption>
    </figure>
  )
}

function sums(levels: readonly BookLevel[]): { readonly price: number; readonly sum: number }[] {
  let sum = 0
  return levels.map(([price, amount]) => {
    sum += Number(amount)
    return { price: Number(price), sum }
  })
}
