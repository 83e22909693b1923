import { useLayoutEffect, useMemo, useState } from 'preact/hooks'
import type { CoverageAnswer } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { SearchField } from '../../parts/search-field.js'
import { Segments } from '../../parts/segments.js'
import { isoOf, millisOf } from '../../parts/time-text.js'
import { placeHref } from '../../shell/router.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { CoverageMap, type Spot, sameDataset } from './coverage-map.js'
import { aligned, cellOf, moved, PRESETS, type Span, zoomed } from './span.js'
import { Why } from './why.js'

const REFRESH_MS = 5000
const PIXELS_A_CELL = 7

/** The map of what is held. Without `from` and `until` in the address it ends now and goes along. */
export function CoveragePage() {
  const { api, router, now, keys } = useApp()
  const { query } = router.place.value
  const [width, setWidth] = useState(1000)
  const [spot, setSpot] = useState<Spot>()
  const preset = PRESETS.find(({ id }) => id === query.span) ?? PRESETS[4]
  const [from, until] = [millisOf(query.from), millisOf(query.until)]
  const fixed = from !== undefined && until !== undefined && from < until
  const wanted: Span = fixed ? { from, until } : { from: now.value - preset.ms, until: now.value }
  const cell = cellOf(wanted, Math.max(20, (width * 0.72) / PIXELS_A_CELL))
  const asked = aligned(wanted, cell)
  const coverage = useResource(
    (signal) =>
      api.get<CoverageAnswer>(
        '/coverage',
        {
          from: isoOf(asked.from),
          until: isoOf(asked.until),
          resolution_s: cell / 1000,
          exchange: query.exchange || undefined,
          kind: query.kind || undefined,
          limit: 200_000,
        },
        signal,
      ),
    [asked.from, asked.until, cell, query.exchange, query.kind],
    REFRESH_MS,
  )
  const all = coverage.data?.datasets ?? []
  const search = (query.search ?? query.pair ?? '').toLowerCase()
  const datasets = useMemo(
    () => all.filter(({ exchange, pair, kind }) => `${exchange} ${pair} ${kind}`.toLowerCase().includes(search)),
    [all, search],
  )
  const look = ({ from, until }: Span) => router.narrow({ span: undefined, from: isoOf(from), until: isoOf(until) })
  useLayoutEffect(
    () =>
      keys.bind([
        { keys: '+', label: 'Look closer', group: 'This page', run: () => look(zoomed(wanted, 0.5)) },
        { keys: '-', label: 'Look from further', group: 'This page', run: () => look(zoomed(wanted, 2)) },
        { keys: ',', label: 'Earlier', group: 'This page', run: () => look(moved(wanted, -0.5)) },
        { keys: '.', label: 'Later', group: 'This page', run: () => look(moved(wanted, 0.5)) },
        {
          keys: 'n',
          label: 'Now',
          group: 'This page',
          run: () => router.narrow({ from: undefined, until: undefined }),
        },
        { keys: 'Escape', label: 'Close', group: 'This page', run: () => setSpot(undefined) },
      ]),
    [keys, router, wanted.from, wanted.until],
  )
  const shownSpot = spot && datasets.some((each) => sameDataset(each, spot.dataset)) ? spot : undefined
  return (
    <>
      <div class="toolbar">
        <SearchField
          label="Search datasets"
          value={query.search ?? query.pair ?? ''}
          onInput={(text) => router.narrow({ search: text, pair: undefined })}
        />
        <Segments
          label="How long"
          options={PRESETS.map(({ id, title }) => [id, title] as const)}
          value={fixed ? undefined : preset.id}
          onChoose={(span) => router.narrow({ span, from: undefined, until: undefined })}
        />
        <fieldset class="row" aria-label="Move and zoom">
          <button type="button" class="button plain" aria-label="Earlier" onClick={() => look(moved(wanted, -0.5))}>
            <Icon name="left" />
          </button>
          <button type="button" class="button plain" aria-label="Later" onClick={() => look(moved(wanted, 0.5))}>
            <Icon name="right" />
          </button>
          <button type="button" class="button plain" onClick={() => look(zoomed(wanted, 0.5))} aria-label="Look closer">
            <Icon name="plus" />
          </button>
          <button
            type="button"
            class="button plain"
            onClick={() => look(zoomed(wanted, 2))}
            aria-label="Look from further"
          >
            <Icon name="minus" />
          </button>
          {fixed && (
            <button
              type="button"
              class="button small"
              onClick={() => router.narrow({ from: undefined, until: undefined })}
            >
              Now
            </button>
          )}
        </fieldset>
        {(query.exchange || query.kind) && (
          <button
            type="button"
            class="chip"
            aria-pressed="true"
            onClick={() => router.narrow({ exchange: undefined, kind: undefined })}
          >
            {[query.exchange, query.kind].filter(Boolean).join(' ')}
            <Icon name="close" size={10} />
          </button>
        )}
      </div>
      {coverage.error && <Failure error={coverage.error} onRetry={coverage.reload} />}
      <section class="panel fill" aria-label="Coverage">
        {coverage.data === undefined && !coverage.error ? (
          <Loading what="the coverage" />
        ) : datasets.length === 0 ? (
          <Nothing
            icon="data"
            title={all.length ? 'No dataset fits the filter' : 'Nothing is known of this time'}
            action={
              all.length ? undefined : (
                <a class="button" href={placeHref('streams')}>
                  Look at the streams
                </a>
              )
            }
          >
            {all.length
              ? 'Search for something else.'
              : 'Choose a longer time, or start a stream: what it holds appears here within seconds.'}
          </Nothing>
        ) : (
          <CoverageMap
            datasets={datasets}
            span={wanted}
            cell={cell}
            spot={shownSpot}
            onSpan={look}
            onSpot={setSpot}
            onWidth={setWidth}
          />
        )}
        {shownSpot && (
          <Why spot={shownSpot} onClose={() => setSpot(undefined)} onLook={look} onRepaired={coverage.reload} />
        )}
        <Legend truncated={coverage.data?.truncated ?? false} />
      </section>
    </>
  )
}

function Legend({ truncated }: { truncated: boolean }) {
  const states = [
    ['observed', 'received, proven'],
    ['backfilled', 'from history'],
    ['unverifiable', 'received, no proof offered'],
    ['missing', 'missing'],
    ['venue-down', 'exchange was down'],
    ['none', 'not asked for'],
  ] as const
  return (
    <div class="map-legend">
      {states.map(([state, text]) => (
        <span key={state}>
          <span class={`swatch ${state}`} />
          {text}
        </span>
      ))}
      {truncated && <span class="warn">Too much for one picture: look closer or filter.</span>}
    </div>
  )
}
