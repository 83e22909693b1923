import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { CoverageDataset } from '../../api/contract.js'
import { paintOf, usePainted } from '../../parts/paint.js'
import { dateTimeText, durationText } from '../../parts/time-text.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { drawMap, linesIn, linesOf, type MapLine } from './coverage-grid.js'
import { moved, type Span, zoomed } from './span.js'

/** A cell of the map. */
export interface Spot {
  readonly dataset: CoverageDataset
  readonly from: number
  readonly until: number
}

interface Props {
  readonly datasets: readonly CoverageDataset[]
  readonly span: Span
  /** Length of a cell in milliseconds. */
  readonly cell: number
  readonly spot: Spot | undefined
  onSpan(span: Span): void
  onSpot(spot: Spot): void
  onWidth(width: number): void
}

const WHEEL = 1.2
const DRAG = 6

/**
 * What is held of every dataset over time. Click tells why, drag looks closer, the wheel with Shift moves and with Ctrl zooms; by keys: arrows move
 * from cell to cell, Enter tells why, + and - zoom.
 */
export function CoverageMap({ datasets, span, cell, spot, onSpan, onSpot, onWidth }: Props) {
  const zone = useApp().preferences.zone.value
  const painted = usePainted()
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState({ width: 800, height: 400 })
  const [scroll, setScroll] = useState(0)
  const [brush, setBrush] = useState<{ readonly start: number; readonly end: number }>()
  const [here, setHere] = useState({ line: 0, at: span.until - cell })
  const { lines, height } = useMemo(() => linesOf(datasets), [datasets])
  const left = Math.min(170, Math.round(size.width * 0.34))
  const rows = useMemo(() => lines.filter((line) => line.type === 'dataset'), [lines])
  const msPerPixel = (span.until - span.from) / Math.max(1, size.width - left)

  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const measure = () => {
      setSize({ width: element.clientWidth, height: element.clientHeight })
      onWidth(element.clientWidth)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const marked = useMemo(() => {
    if (!spot) return undefined
    const line = rows.find((each) => sameDataset(each.dataset, spot.dataset))
    return line && { line, cell: spot }
  }, [spot, rows])
  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context || !box.current) return
    const ratio = window.devicePixelRatio || 1
    element.width = Math.round(size.width * ratio)
    element.height = Math.round(size.height * ratio)
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    const chosen = brush && Math.abs(brush.end - brush.start) > msPerPixel * DRAG
    drawMap(
      context,
      lines,
      { span, width: size.width, height: size.height, left, scroll, zone },
      paintOf(box.current),
      marked,
      chosen ? { from: Math.min(brush.start, brush.end), until: Math.max(brush.start, brush.end) } : undefined,
    )
  }, [lines, span, size, scroll, zone, painted, marked, brush, left])

  const spotAt = (line: MapLine | undefined, ms: number): Spot | undefined => {
    if (line?.type !== 'dataset') return undefined
    const from = Math.floor(ms / cell) * cell
    return { dataset: line.dataset, from, until: from + cell }
  }
  const msAt = (event: { readonly offsetX: number }) => span.from + (event.offsetX - left) * msPerPixel
  const lineAt = (offsetY: number) =>
    lines.find((line) => offsetY + scroll >= line.top && offsetY + scroll < line.top + line.height)

  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.shiftKey) return
    event.preventDefault()
    if (event.shiftKey) onSpan(moved(span, Math.sign(event.deltaY || event.deltaX) * 0.1))
    else onSpan(zoomed(span, event.deltaY > 0 ? WHEEL : 1 / WHEEL, msAt(event)))
  }
  const pressed = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const go = (line: number, at: number) => {
      const next = Math.min(Math.max(line, 0), rows.length - 1)
      if (at < span.from || at >= span.until) onSpan(moved(span, at < span.from ? -0.5 : 0.5))
      setHere({ line: next, at })
      const found = spotAt(rows[next], at)
      if (found) onSpot(found)
      const target = rows[next]
      const element = box.current
      if (!target || !element) return
      if (target.top < element.scrollTop + 60) element.scrollTop = target.top - 60
      else if (target.top + target.height > element.scrollTop + size.height)
        element.scrollTop = target.top + target.height - size.height
    }
    const actions: Record<string, () => void> = {
      ArrowRight: () => go(here.line, here.at + cell),
      ArrowLeft: () => go(here.line, here.at - cell),
      ArrowDown: () => go(here.line + 1, here.at),
      ArrowUp: () => go(here.line - 1, here.at),
      Enter: () => go(here.line, here.at),
      '+': () => onSpan(zoomed(span, 0.5, here.at)),
      '=': () => onSpan(zoomed(span, 0.5, here.at)),
      '-': () => onSpan(zoomed(span, 2, here.at)),
    }
    const action = actions[event.key]
    if (!action) return
    event.preventDefault()
    event.stopPropagation()
    action()
  }
  return (
    <div
      ref={box}
      class="heatmap"
      role="application"
      aria-label="Coverage map: arrows move, Enter tells why, plus and minus zoom"
      tabIndex={0}
      onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      onKeyDown={pressed}
    >
      <div class="plane" style={{ height: `${Math.max(height, size.height)}px` }}>
        <canvas
          ref={canvas}
          style={{ width: `${size.width}px`, height: `${size.height}px` }}
          onWheel={wheel}
          onPointerDown={(event) => {
            if (event.offsetX < left || event.button !== 0) return
            event.currentTarget.setPointerCapture(event.pointerId)
            setBrush({ start: msAt(event), end: msAt(event) })
          }}
          onPointerMove={(event) => brush && setBrush({ start: brush.start, end: msAt(event) })}
          onPointerCancel={() => setBrush(undefined)}
          onPointerUp={(event) => {
            if (!brush) return
            setBrush(undefined)
            const [from, until] = [Math.min(brush.start, msAt(event)), Math.max(brush.start, msAt(event))]
            if ((until - from) / msPerPixel > DRAG) return onSpan({ from: Math.round(from), until: Math.round(until) })
            const line = lineAt(event.offsetY)
            const found = spotAt(line, msAt(event))
            if (!found || line?.type !== 'dataset') return
            setHere({ line: rows.indexOf(line), at: found.from })
            onSpot(found)
          }}
        />
        <div class="names">
          {linesIn(lines, scroll, size.height).map((line) =>
            line.type === 'group' ? (
              <div
                key={`${line.exchange} ${line.pair}`}
                class="group"
                style={{ top: `${line.top}px`, height: `${line.height}px` }}
              >
                <strong>{line.pair}</strong> <span class="soft">{line.exchange}</span>
              </div>
            ) : (
              <a
                key={`${line.dataset.exchange} ${line.dataset.kind} ${line.dataset.pair} ${line.dataset.interval}`}
                href={datasetHref(line.dataset)}
                style={{ top: `${line.top}px`, height: `${line.height}px`, width: `${left}px` }}
              >
                <span class="soft cut">
                  {line.dataset.kind} {line.dataset.interval}
                </span>
              </a>
            ),
          )}
        </div>
      </div>
      <span class="hidden-label" aria-live="polite">
        {spot && spotText(spot, zone)}
      </span>
    </div>
  )
}

export function datasetHref({
  exchange,
  pair,
  kind,
  interval,
}: CoverageDataset | Omit<CoverageDataset, 'intervals'>): string {
  return placeHref('data/dataset', { exchange, pair, kind, interval: interval ?? undefined })
}

export function sameDataset(a: Omit<CoverageDataset, 'intervals'>, b: Omit<CoverageDataset, 'intervals'>): boolean {
  return a.exchange === b.exchange && a.kind === b.kind && a.pair === b.pair && a.interval === b.interval
}

function spotText({ dataset, from, until }: Spot, zone: string): string {
  const { exchange, pair, kind } = dataset
  return `${exchange} ${pair} ${kind}, ${dateTimeText(from, zone)}, ${durationText((until - from) / 1000)}`
}
