import type { CoverageDataset, CoverageInterval } from '../../api/contract.js'
import type { Paint } from '../../parts/paint.js'
import { millisOf, partsIn } from '../../parts/time-text.js'
import { type Span, ticksOf } from './span.js'

/** A line of the map: an instrument, or a dataset of it. */
export type MapLine =
  | {
      readonly type: 'group'
      readonly exchange: string
      readonly pair: string
      readonly top: number
      readonly height: number
    }
  | {
      readonly type: 'dataset'
      readonly dataset: CoverageDataset
      readonly cells: readonly MapCell[]
      readonly top: number
      readonly height: number
    }

export interface MapCell {
  readonly from: number
  readonly until: number
  readonly interval: CoverageInterval
}

export const AXIS = 24
const GROUP = 26
const LINE = 22

/** An exchange that says it is down lost nothing of ours. */
const VENUE_DOWN = 'EXCHANGE_DOWN'

/** Lines of datasets below their instruments, with where they stand. */
export function linesOf(datasets: readonly CoverageDataset[]): {
  readonly lines: readonly MapLine[]
  readonly height: number
} {
  // Snapshots have no coverage of their own: they are cut from the book whose changes stand above them.
  const told = datasets.filter(({ kind, intervals }) => kind !== 'book_snapshots' || intervals.length > 0)
  const sorted = told.sort(
    (a, b) =>
      a.exchange.localeCompare(b.exchange) ||
      a.pair.localeCompare(b.pair) ||
      a.kind.localeCompare(b.kind) ||
      (a.interval ?? '').localeCompare(b.interval ?? ''),
  )
  const lines: MapLine[] = []
  let top = AXIS
  let before: CoverageDataset | undefined
  for (const dataset of sorted) {
    const { exchange, pair } = dataset
    if (exchange !== before?.exchange || pair !== before.pair) {
      lines.push({ type: 'group', exchange, pair, top, height: GROUP })
      top += GROUP
    }
    before = dataset
    const cells = dataset.intervals.map((interval) => ({
      from: millisOf(interval.from) ?? 0,
      until: millisOf(interval.until) ?? 0,
      interval,
    }))
    lines.push({ type: 'dataset', dataset, cells, top, height: LINE })
    top += LINE
  }
  return { lines, height: top + 8 }
}

/** The lines that a window of the map shows. */
export function linesIn(lines: readonly MapLine[], top: number, height: number): readonly MapLine[] {
  return lines.filter((line) => line.top + line.height > top + AXIS && line.top < top + height)
}

export interface View {
  readonly span: Span
  readonly width: number
  readonly height: number
  readonly left: number
  readonly scroll: number
  readonly zone: string
}

export function toneOf({ state, code }: CoverageInterval): string {
  if (state === 'missing') return code === VENUE_DOWN ? 'state-venue-down' : 'state-lost'
  return `state-${state}`
}

/** Draws what the window shows. A cell that lost something keeps the colour of what it holds; the loss stands in it as tall as it is large. */
export function drawMap(
  context: CanvasRenderingContext2D,
  lines: readonly MapLine[],
  view: View,
  paint: Paint,
  marked?: { readonly line: MapLine; readonly cell: Span },
  brush?: Span,
): void {
  const { span, width, height, left, scroll } = view
  const x = (ms: number) => left + ((ms - span.from) / (span.until - span.from)) * (width - left)
  context.clearRect(0, 0, width, height)
  for (const line of linesIn(lines, scroll, height)) {
    if (line.type === 'group') continue
    const top = line.top - scroll + 2
    const tall = line.height - 4
    context.fillStyle = paint('state-none')
    context.fillRect(left, top, width - left, tall)
    for (const { from, until, interval } of line.cells) {
      const start = Math.max(left, Math.round(x(from)))
      const wide = Math.max(2, Math.min(width, Math.round(x(until))) - start)
      if (start > width || until < span.from) continue
      const lost = interval.state === 'missing'
      const share = lost ? interval.missing_s / Math.max(1e-9, interval.missing_s + interval.held_s) : 0
      context.fillStyle = paint(lost ? 'state-observed' : toneOf(interval))
      if (share < 1) context.fillRect(start, top, wide, tall)
      if (!lost) continue
      const deep = Math.max(6, tall * share)
      context.fillStyle = paint(toneOf(interval))
      context.fillRect(start, top + tall - deep, Math.max(2, wide), deep)
    }
  }
  if (marked) {
    context.strokeStyle = paint('text')
    context.lineWidth = 2
    const start = x(marked.cell.from)
    context.strokeRect(
      start,
      marked.line.top - scroll + 1,
      Math.max(3, x(marked.cell.until) - start),
      marked.line.height - 2,
    )
  }
  if (brush) {
    context.fillStyle = paint('accent', 0.18)
    context.fillRect(x(brush.from), AXIS, x(brush.until) - x(brush.from), height)
  }
  drawAxis(context, view, paint, x)
}

function drawAxis(context: CanvasRenderingContext2D, view: View, paint: Paint, x: (ms: number) => number): void {
  const { span, width, left, zone } = view
  context.fillStyle = paint('panel')
  context.fillRect(0, 0, width, AXIS)
  context.font = `11px ${getComputedStyle(document.body).fontFamily}`
  context.textBaseline = 'middle'
  const { step, at } = ticksOf(span, Math.max(2, (width - left) / 92))
  for (const tick of at) {
    context.fillStyle = paint('line-strong')
    context.fillRect(Math.round(x(tick)), AXIS - 5, 1, 5)
    context.fillStyle = paint('faint')
    const { date, time } = partsIn(tick, zone)
    const text = step >= 86_400_000 || time === '00:00:00' ? date.slice(5) : step < 60_000 ? time : time.slice(0, 5)
    if (x(tick) + 40 < width) context.fillText(text, x(tick) + 4, AXIS / 2)
  }
  context.fillStyle = paint('line')
  context.fillRect(0, AXIS - 1, width, 1)
}
