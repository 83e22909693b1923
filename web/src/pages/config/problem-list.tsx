import type { ConfigProblem } from '../../api/contract.js'

interface Props {
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  onGoTo(line: number, column: number): void
}

/** What is wrong, and what is doubtful, each with its line; a click goes there. */
export function ProblemList({ problems, warnings, onGoTo }: Props) {
  const all = [
    ...problems.map((problem) => ({ problem, tone: 'bad' })),
    ...warnings.map((problem) => ({ problem, tone: 'warn' })),
  ]
  if (all.length === 0)
    return (
      <p class="problems all-right" role="status">
        <span class="badge good">Nothing is wrong with it.</span>
      </p>
    )
  return (
    <ul class="problems" aria-label="Problems" aria-live="polite">
      {all.map(({ problem, tone }) => {
        const { path, line, column, message, expected, nearest } = problem
        return (
          <li key={`${tone} ${line} ${column} ${path} ${message}`}>
            <button type="button" onClick={() => onGoTo(line, column)}>
              <span class={tone}>
                {line}:{column}
              </span>
              <span>
                {message}
                {expected && !message.includes(expected) && <span class="soft"> Expected {expected}.</span>}
                {nearest && !message.includes(nearest) && <span class="soft"> Did you mean {nearest}?</span>}
              </span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
