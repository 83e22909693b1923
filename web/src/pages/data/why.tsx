import type { GapRow } from '../../api/contract.js'
import { causeText } from '../../parts/causes.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { Failure } from '../../parts/nothing.js'
import { durationText, isoOf, millisOf } from '../../parts/time-text.js'
import { useApp } from '../../state/app-context.js'
import { canRepair, repairGaps } from '../../state/repair.js'
import { useResource } from '../../state/resource.js'
import { datasetHref, type Spot } from './coverage-map.js'
import type { Span } from './span.js'

interface Props {
  readonly spot: Spot
  onClose(): void
  onLook(span: Span): void
  onRepaired(): void
}

const MOST = 30

/** Why a cell looks as it does: each gap in it with its cause, and what can be done. */
export function Why({ spot, onClose, onLook, onRepaired }: Props) {
  const app = useApp()
  const { dataset, from, until } = spot
  const { exchange, pair, kind, interval } = dataset
  const gaps = useResource(
    (signal) =>
      app.api.get<readonly GapRow[]>('/gaps', { exchange, pair, kind, from: isoOf(from), until: isoOf(until) }, signal),
    [exchange, pair, kind, interval, from, until],
    5000,
  )
  const rows = (gaps.data ?? []).filter((each) => each.interval === interval)
  const states = dataset.intervals.filter(
    (each) => (millisOf(each.from) ?? 0) < until && (millisOf(each.until) ?? 0) > from,
  )
  const held = states.find(({ state }) => state !== 'missing')
  const mayRepair = app.mayControl.value && canRepair({ kind })
  const repair = (which: readonly GapRow[]) => void repairGaps(app, which).then(onRepaired)
  return (
    <section class="why" aria-label="Why">
      <header>
        <div>
          <h2>
            {exchange} {pair} {kind} {interval}
          </h2>
          <p class="soft">
            <Instant at={from} />, {durationText((until - from) / 1000)}
          </p>
        </div>
        <div class="row buttons">
          {mayRepair && rows.length > 1 && (
            <button type="button" class="button small" onClick={() => repair(rows)}>
              <Icon name="wrench" size={13} />
              Repair all {rows.length}
            </button>
          )}
          <button
            type="button"
            class="button small"
            onClick={() => onLook({ from: from - (until - from), until: until + (until - from) })}
          >
            <Icon name="search" size={13} />
            Look closer
          </button>
          <a class="button small" href={datasetHref(dataset)}>
            Dataset
          </a>
        </div>
        <button type="button" class="button plain small" aria-label="Close" onClick={onClose}>
          <Icon name="close" size={13} />
        </button>
      </header>
      {gaps.error && <Failure error={gaps.error} onRetry={gaps.reload} />}
      {gaps.data && rows.length === 0 && (
        <p class="soft">
          {states.length === 0
            ? 'Nobody asked for this data then. Nothing is missing.'
            : held?.state === 'backfilled'
              ? 'Nothing is missing: it was fetched from history.'
              : held?.state === 'unverifiable'
                ? 'It was listened to without a break; the exchange offers no proof beyond that.'
                : 'Nothing is missing: the exchange’s own counters prove it.'}
        </p>
      )}
      <ul>
        {rows.slice(0, MOST).map((gap) => (
          <li key={gap.from}>
            <span class="bad">
              <Icon name="warning" size={14} />
            </span>
            <div class="grow">
              <strong>{durationText(gap.seconds)}</strong> from <Instant at={gap.from} clock />
              {gap.missing !== null && <span class="soft"> · {gap.missing} events by the exchange’s count</span>}
              <p>
                {causeText(gap.code)}. <span class="tag">{gap.code}</span>
              </p>
              <p class="soft">
                {gap.detail.toLowerCase() !== causeText(gap.code).toLowerCase() && gap.detail}
                {gap.lost !== null && <> · It cannot be fetched again: {gap.lost}</>}
              </p>
            </div>
            {mayRepair && gap.lost === null && (
              <button type="button" class="button small" onClick={() => repair([gap])}>
                Repair
              </button>
            )}
          </li>
        ))}
      </ul>
      {rows.length > 0 && !canRepair({ kind }) && (
        <p class="soft">
          No exchange keeps past {kind.startsWith('book_') ? 'books' : kind.replace('_', ' ')}: this cannot be fetched
          again.
        </p>
      )}
      {rows.length > MOST && <p class="soft">and {rows.length - MOST} more: look closer.</p>}
    </section>
  )
}
