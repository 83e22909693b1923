import { useLayoutEffect, useRef } from 'preact/hooks'
import type { ConfigProblem } from '../../api/contract.js'

interface Props {
  readonly value: string
  readonly readOnly: boolean
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  /** Where the caret shall go: changes when it shall go there. */
  readonly goTo: { readonly line: number; readonly column: number; readonly turn: number } | undefined
  onInput(value: string): void
}

const LINE = 19
const INDENT = '  '

/** YAML with line numbers; lines that something is said about are marked. Tab indents; Escape and then Tab leaves. */
export function CodeEditor({ value, readOnly, problems, warnings, goTo, onInput }: Props) {
  const area = useRef<HTMLTextAreaElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const free = useRef(false)
  const lines = value.split('\n').length
  const wrong = new Map(problems.map((each) => [each.line, each.message]))
  const doubtful = new Map(warnings.map((each) => [each.line, each.message]))
  useLayoutEffect(() => {
    const element = area.current
    if (!goTo || !element) return
    const start = offsetOf(value, goTo.line, goTo.column)
    element.focus({ preventScroll: true })
    element.setSelectionRange(start, start)
    box.current?.scrollTo({ top: Math.max(0, (goTo.line - 6) * LINE) })
  }, [goTo?.turn])
  const pressed = (event: KeyboardEvent) => {
    const element = area.current
    if (event.key === 'Escape') free.current = true
    if (event.key !== 'Tab' || free.current || event.shiftKey || readOnly || !element) return
    event.preventDefault()
    element.setRangeText(INDENT, element.selectionStart, element.selectionEnd, 'end')
    onInput(element.value)
  }
  return (
    <div class="code" ref={box}>
      <div class="numbers" aria-hidden="true">
        {Array.from({ length: lines }, (_, index) => {
          const line = index + 1
          const said = wrong.get(line) ?? doubtful.get(line)
          return (
            <div key={line} class={wrong.has(line) ? 'wrong' : doubtful.has(line) ? 'doubtful' : ''} title={said}>
              {line}
            </div>
          )
        })}
      </div>
      <textarea
        ref={area}
        aria-label="Config as YAML"
        aria-invalid={problems.length ? 'true' : undefined}
        spellcheck={false}
        autocomplete="off"
        wrap="off"
        readOnly={readOnly}
        value={value}
        style={{ minHeight: `${lines * LINE + 22}px` }}
        onFocus={() => {
          free.current = false
        }}
        onKeyDown={pressed}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  )
}

function offsetOf(text: string, line: number, column: number): number {
  let at = 0
  for (let current = 1; current < line; current++) {
    const next = text.indexOf('\n', at)
    if (next < 0) return text.length
    at = next + 1
  }
  return at + Math.max(0, column - 1)
}
