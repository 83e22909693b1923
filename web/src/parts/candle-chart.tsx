import type { IChartApi, UTCTimestamp } from 'lightweight-charts'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Candle } from '../api/contract.js'
import { useApp } from '../state/app-context.js'
import { paintOf, usePainted } from './paint.js'
import { partsIn } from './time-text.js'

/** Fewer are not stretched over the whole width. */
const FEW = 60

interface Props {
  readonly label: string
  readonly candles: readonly Candle[]
}

interface Made {
  readonly chart: IChartApi
  show(candles: readonly Candle[]): void
}

/** Candles with their volume. The library is fetched with the first chart. */
export function CandleChart({ label, candles }: Props) {
  const { preferences } = useApp()
  const zone = preferences.zone.value
  const painted = usePainted()
  const box = useRef<HTMLDivElement>(null)
  const [made, setMade] = useState<Made>()
  useEffect(() => {
    const element = box.current
    if (!element) return
    let current = true
    let chart: IChartApi | undefined
    void import('lightweight-charts').then(({ createChart, CandlestickSeries, HistogramSeries, CrosshairMode }) => {
      if (!current) return
      const paint = paintOf(element)
      chart = createChart(element, {
        autoSize: true,
        layout: {
          attributionLogo: false,
          background: { color: 'transparent' },
          textColor: paint('faint'),
          fontFamily: getComputedStyle(document.body).fontFamily,
          fontSize: 11,
        },
        grid: { vertLines: { color: paint('line', 0.5) }, horzLines: { color: paint('line', 0.5) } },
        crosshair: { mode: CrosshairMode.Normal },
        rightPriceScale: { borderColor: paint('line') },
        timeScale: {
          borderColor: paint('line'),
          timeVisible: true,
          barSpacing: 14,
          rightOffset: 2,
          secondsVisible: false,
          tickMarkFormatter: (time: number, type: number) => tickText(time, type, zone),
        },
        localization: {
          timeFormatter: (time: number) => `${partsIn(time * 1000, zone).date} ${partsIn(time * 1000, zone).time}`,
        },
      })
      const prices = chart.addSeries(CandlestickSeries, {
        upColor: paint('bid'),
        downColor: paint('ask'),
        wickUpColor: paint('bid'),
        wickDownColor: paint('ask'),
        borderVisible: false,
      })
      const volumes = chart.addSeries(HistogramSeries, {
        priceFormat: { type: 'volume' },
        priceScaleId: 'volume',
        lastValueVisible: false,
        priceLineVisible: false,
      })
      chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } })
      prices.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.24 } })
      let shown = 0
      const of = chart
      setMade({
        chart,
        show(rows) {
          const digits = decimalsOf(rows)
          prices.applyOptions({ priceFormat: { type: 'price', precision: digits, minMove: 10 ** -digits } })
          prices.setData(
            rows.map(({ time, open, high, low, close }) => ({ time: time as UTCTimestamp, open, high, low, close })),
          )
          volumes.setData(
            rows.map(({ time, volume, open, close }) => ({
              time: time as UTCTimestamp,
              value: volume,
              color: paint(close >= open ? 'bid' : 'ask', 0.35),
            })),
          )
          if (shown === 0 && rows.length > FEW) of.timeScale().fitContent()
          shown = rows.length
        },
      })
    })
    return () => {
      current = false
      chart?.remove()
      setMade(undefined)
    }
  }, [painted, zone])
  useEffect(() => made?.show(candles), [made, candles])
  return <div ref={box} class="candles" role="img" aria-label={label} />
}

/** As many decimals as the closing prices have. */
function decimalsOf(candles: readonly Candle[]): number {
  let digits = 2
  for (const { close } of candles.slice(-50)) digits = Math.max(digits, (String(close).split('.')[1] ?? '').length)
  return Math.min(digits, 8)
}

/** The types of the library: 0 year, 1 month, 2 day, 3 minute, 4 second. */
function tickText(time: number, type: number, zone: string): string {
  const { date, time: clock } = partsIn(time * 1000, zone)
  if (type === 0) return date.slice(0, 4)
  if (type <= 2) return date.slice(5)
  return type === 4 ? clock : clock.slice(0, 5)
}
