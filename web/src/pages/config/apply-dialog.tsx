import type { ConfigCheck } from '../../api/contract.js'
import { Dialog } from '../../parts/dialog.js'
import { Loading } from '../../parts/nothing.js'
import { ProblemList } from './problem-list.js'

interface Props {
  /** Undefined while what is shown is still being checked. */
  readonly check: ConfigCheck | undefined
  readonly busy: boolean
  onGoTo(line: number, column: number): void
  onClose(): void
  onApply(): void
}

/** What would change in the text, and what that would start and stop. */
export function ApplyDialog({ check, busy, onGoTo, onClose, onApply }: Props) {
  return (
    <Dialog
      title="Apply the config"
      wide
      onClose={onClose}
      foot={
        <>
          <button type="button" class="button" onClick={onClose}>
            Not yet
          </button>
          <button type="button" class="button main" disabled={busy || !check?.valid} onClick={onApply}>
            {busy ? 'Applying …' : 'Apply'}
          </button>
        </>
      }
    >
      {check === undefined ? (
        <Loading what="what would change" />
      ) : check.valid ? (
        <Changes check={check} />
      ) : (
        <div class="stack">
          <p class="bad">It is not valid yet; nothing can be applied before this is corrected:</p>
          <ProblemList problems={check.problems} warnings={check.warnings} onGoTo={onGoTo} />
        </div>
      )}
    </Dialog>
  )
}

function Changes({ check: { plan, diff } }: { check: ConfigCheck }) {
  return (
    <div class="stack">
      {plan && (
        <dl class="facts">
          <Change name="Starts" keys={plan.started} tone="good" />
          <Change name="Stops" keys={plan.stopped} tone="bad" />
          <Change name="Restarts" keys={plan.restarted} tone="warn" />
          <dt>Unchanged</dt>
          <dd>{plan.unchanged.length} streams, which do not notice</dd>
          {plan.restart_needed.length > 0 && (
            <>
              <dt>After a restart</dt>
              <dd class="warn">{plan.restart_needed.join(', ')}</dd>
            </>
          )}
        </dl>
      )}
      <h3>Text</h3>
      {diff === '' ? <p class="soft">No line changes.</p> : <Diff text={diff} />}
    </div>
  )
}

function Change({ name, keys, tone }: { name: string; keys: readonly string[]; tone: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd class={keys.length ? tone : 'faint'}>{keys.length ? keys.join(', ') : 'nothing'}</dd>
    </>
  )
}

const TONES: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '@': 'place' }

function Diff({ text }: { text: string }) {
  const lines = text.split('\n').filter((line) => !/^(---|\+\+\+|Index|===)/.test(line))
  return (
    <div class="diff" role="group" aria-label="Difference" tabIndex={0}>
      {lines.map((line, index) => (
        <div key={`${index} ${line}`} class={TONES[line[0] ?? ''] ?? ''}>
          {line || ' '}
        </div>
      ))}
    </div>
  )
}
