import { useEffect, useRef } from 'preact/hooks'
import uPlot, { type AlignedData } from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useApp } from '../state/app-context.js'
import { paintOf, usePainted } from './paint.js'
import { partsIn } from './time-text.js'

export interface Series {
  readonly label: string
  /** A token: `series-1`. */
  readonly tone: string
  readonly fill?: boolean
  /** A bar for each value instead of a line. */
  readonly bars?: boolean
}

const MINUTE = 60
const DAY = 86_400

interface Props {
  /** What it shows, for screen readers. */
  readonly label: string
  /** x, then one array a series. x is seconds since 1970 unless `numeric`. */
  readonly data: AlignedData
  readonly series: readonly Series[]
  /** As tall as its place when absent. */
  readonly height?: number
  readonly numeric?: boolean
  value?(value: number): string
}

/** Lines over time. */
export function TimeChart({ label, data, series, height, numeric = false, value = String }: Props) {
  const { preferences } = useApp()
  const zone = preferences.zone.value
  const painted = usePainted()
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot>(undefined)
  const latest = useRef(data)
  latest.current = data
  const shape = series.map((each) => `${each.label} ${each.tone}`).join('|')

  useEffect(() => {
    const element = box.current
    if (!element) return
    const paint = paintOf(element)
    const axis = {
      stroke: paint('faint'),
      font: `11px ${getComputedStyle(document.body).fontFamily}`,
      grid: { stroke: paint('line'), width: 1 },
      ticks: { show: false },
    }
    const made = new uPlot(
      {
        width: Math.max(80, element.clientWidth),
        height: height ?? Math.max(80, element.clientHeight),
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: { x: { time: !numeric }, y: { range: (_, low, high) => bounds(low, high) } },
        axes: [
          {
            ...axis,
            size: 26,
            gap: 6,
            space: 80,
            ...(numeric
              ? {}
              : { values: (_, splits, __, ___, step) => splits.map((each) => tickText(each, step, zone)) }),
          },
          { ...axis, size: 54, gap: 4, values: (_, splits) => splits.map((each) => value(each)) },
        ],
        series: [
          {},
          ...series.map((each) => ({
            label: each.label,
            stroke: paint(each.tone),
            width: 1.5,
            points: { show: false },
            ...(each.fill ? { fill: paint(each.tone, 0.12) } : {}),
            ...(each.bars && uPlot.paths.bars
              ? { paths: uPlot.paths.bars({ size: [0.8, 40] }), fill: paint(each.tone, 0.6) }
              : {}),
          })),
        ],
      },
      latest.current,
      element,
    )
    chart.current = made
    const observer = new ResizeObserver(() =>
      made.setSize({ width: Math.max(80, element.clientWidth), height: height ?? Math.max(80, element.clientHeight) }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      chart.current = undefined
    }
  }, [shape, height, numeric, zone, painted])
  useEffect(() => chart.current?.setData(data), [data])
  return (
    <div
      ref={box}
      class="chart"
      role="img"
      aria-label={label}
      style={height === undefined ? undefined : { height: `${height}px` }}
    />
  )
}

function bounds(low: number | null, high: number | null): [number, number] {
  const [least, most] = [low ?? 0, high ?? 1]
  if (least >= 0 && least < most * 0.7) return [0, most * 1.08 || 1]
  const margin = (most - least || Math.abs(most) || 1) * 0.08
  return [least - margin, most + margin]
}

function tickText(seconds: number, step: number, zone: string): string {
  const { date, time } = partsIn(seconds * 1000, zone)
  if (step >= DAY) return date.slice(5)
  return step < MINUTE ? time : time.slice(0, 5)
}
