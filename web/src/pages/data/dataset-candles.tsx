import { useState } from 'preact/hooks'
import type { CandlesAnswer, InventoryRow } from '../../api/contract.js'
import { CandleChart } from '../../parts/candle-chart.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { Segments } from '../../parts/segments.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'

const INTERVALS = ['1m', '5m', '15m', '1h', '4h', '1d'] as const
/** More is slow to draw, and more than a screen has columns. */
const MOST = 3000

/** Candles of a pair: of any length from its trades, or as the exchange sent them. */
export function DatasetCandles({ row }: { row: InventoryRow }) {
  const { api } = useApp()
  const [interval, setInterval] = useState<(typeof INTERVALS)[number]>('1m')
  const sent = row.kind === 'ohlc'
  const length = sent ? (row.interval ?? '1m') : interval
  const answer = useResource(
    (signal) =>
      api.get<CandlesAnswer>(
        '/candles',
        { exchange: row.exchange, pair: row.pair, interval: length, source: sent ? 'exchange' : 'trades', limit: MOST },
        signal,
      ),
    [row.exchange, row.pair, row.kind, length],
    10_000,
  )
  const candles = answer.data?.candles ?? []
  return (
    <section class="panel">
      <header>
        <h2 class="grow">
          {sent ? `Candles of ${length}, as the exchange sent them` : 'Candles, made from the stored trades'}
        </h2>
        {!sent && (
          <Segments
            label="Length of a candle"
            options={INTERVALS.map((each) => [each, each] as const)}
            value={interval}
            onChoose={setInterval}
          />
        )}
      </header>
      {answer.error ? (
        <Failure error={answer.error} onRetry={answer.reload} />
      ) : candles.length > 0 ? (
        <CandleChart
          label={`Candles of ${row.exchange} ${row.pair}, ${candles.length} of ${length}`}
          candles={candles}
        />
      ) : answer.loading ? (
        <Loading what="the candles" />
      ) : (
        <Nothing icon="overview" title="No candle is complete yet">
          The first one appears when its time is over and its trades are published.
        </Nothing>
      )}
    </section>
  )
}
