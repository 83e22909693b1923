import { useEffect, useRef } from 'preact/hooks'
import type { RunDetail } from '../../api/contract.js'
import { Drawer } from '../../parts/drawer.js'
import { Icon } from '../../parts/icon.js'
import { Instant } from '../../parts/instant.js'
import { Failure, Loading } from '../../parts/nothing.js'
import { bytesText, countText, rateText } from '../../parts/number-text.js'
import { durationText, millisOf } from '../../parts/time-text.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { aboutText, etaText, isActive, RunBadge, RunProgress } from './run-state.js'

/** One run: how far each dataset is, what cannot be had, and its log as it grows. */
export function RunDrawer({ id, onClose }: { id: string; onClose(): void }) {
  const { api, toasts, mayControl } = useApp()
  const answer = useResource((signal) => api.get<RunDetail>(`/runs/${id}`, {}, signal), [id], 1000)
  const run = answer.data
  const log = useRef<HTMLDivElement>(null)
  const lines = run?.log.length ?? 0
  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight
  }, [lines])
  const cancel = async () => {
    try {
      await api.post(`/runs/${id}/cancel`)
      toasts.done(`Run ${id} ends at its next page`, 'What is proven stays.')
      answer.reload()
    } catch (error) {
      toasts.failed(`Run ${id} could not be cancelled`, error)
    }
  }
  return (
    <Drawer
      label={`Run ${id}`}
      title={
        <>
          Run {id} <span class="soft">{run && aboutText(run)}</span>
        </>
      }
      state={run && <RunBadge state={run.state} />}
      actions={
        run &&
        isActive(run) &&
        mayControl.value && (
          <button type="button" class="button small danger" onClick={() => void cancel()}>
            <Icon name="stop" size={12} />
            Cancel
          </button>
        )
      }
      onClose={onClose}
    >
      <div class="body stack" tabIndex={0} role="group" aria-label="Details of the run">
        {answer.error && !run && <Failure error={answer.error} onRetry={answer.reload} />}
        {!run && !answer.error && <Loading what="the run" />}
        {run && (
          <>
            {run.error && <Failure error={run.error} />}
            <RunProgress run={run} />
            <dl class="facts">
              <dt>Rows</dt>
              <dd>
                {countText(run.rows)}
                {run.state === 'running' && `, ${rateText(run.rate)} a second`}
              </dd>
              <dt>Fetched</dt>
              <dd>
                {bytesText(run.bytes)} in {countText(run.requests)} requests
              </dd>
              {etaText(run) && (
                <>
                  <dt>Left</dt>
                  <dd>{etaText(run)}</dd>
                </>
              )}
              <dt>Began</dt>
              <dd>
                <Instant at={run.started ?? run.created} />
              </dd>
              <dt>Ended</dt>
              <dd>
                <Instant at={run.ended} />
              </dd>
            </dl>
            <table class="plain-table">
              <thead>
                <tr>
                  <th>Dataset</th>
                  <th class="number">Done</th>
                  <th class="number">Rows</th>
                  <th class="number">Not to be had</th>
                </tr>
              </thead>
              <tbody>
                {run.parts.map((part) => (
                  <tr key={part.dataset}>
                    <td>
                      {part.dataset}
                      {part.error && <p class="bad">{part.error.message}</p>}
                    </td>
                    <td class="number">
                      {part.wanted_s === 0 ? '–' : `${durationText(part.done_s)} of ${durationText(part.wanted_s)}`}
                    </td>
                    <td class="number">{countText(part.rows)}</td>
                    <td class="number" title={part.lost.map(({ reason }) => reason).join('; ')}>
                      {part.lost.length || '–'}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            <h3>Log</h3>
            <div class="run-log" ref={log} tabIndex={0} role="log" aria-label="Log of the run">
              {run.log.length === 0 && <p class="soft">Nothing was said yet.</p>}
              {run.log.map((line, index) => (
                <RunLine key={`${index} ${line}`} line={line} />
              ))}
            </div>
          </>
        )}
      </div>
    </Drawer>
  )
}

/** A line of the log begins with its time. */
function RunLine({ line }: { line: string }) {
  const at = line.indexOf(' ')
  const time = line.slice(0, at)
  if (millisOf(time) === undefined) return <p>{line}</p>
  return (
    <p>
      <span class="faint">
        <Instant at={time} clock />
      </span>{' '}
      {line.slice(at + 1)}
    </p>
  )
}
