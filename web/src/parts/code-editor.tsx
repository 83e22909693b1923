import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { EditorLanguage, EditorMark, OpenEditor } from './editor-view.js'

interface Props {
  readonly label: string
  /** Its name stays. */
  readonly language: EditorLanguage
  readonly value: string
  readonly readOnly?: boolean
  readonly marks?: readonly EditorMark[]
  /** Where the caret shall go: changes when it shall go there. */
  readonly goTo?: { readonly line: number; readonly column: number; readonly turn: number } | undefined
  onInput(value: string): void
  onRun?(): void
}

const NONE: readonly EditorMark[] = []

/** A text with syntax colours, line numbers, marks and completion. Its code is fetched with the first one; without it, a plain field does. */
export function CodeEditor(props: Props) {
  const { label, language, value, readOnly = false, marks = NONE, goTo, onInput } = props
  const box = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  latest.current = props
  const [editor, setEditor] = useState<OpenEditor>()
  const [plain, setPlain] = useState(false)
  useEffect(() => {
    const element = box.current
    if (!element) return
    let opened: OpenEditor | undefined
    let current = true
    import('./editor-view.js').then(
      ({ openEditor }) => {
        if (!current) return
        const { onRun } = latest.current
        opened = openEditor(element.shadowRoot ?? element.attachShadow({ mode: 'open' }), {
          label,
          language: latest.current.language,
          readOnly,
          value: latest.current.value,
          onInput: (text) => latest.current.onInput(text),
          ...(onRun ? { onRun: () => latest.current.onRun?.() } : {}),
        })
        setEditor(opened)
      },
      () => setPlain(true),
    )
    return () => {
      current = false
      opened?.close()
    }
  }, [label, language.name])
  // With the commit that brings it: later, what was typed since would be taken back.
  useLayoutEffect(() => editor?.setText(value), [editor, value])
  useEffect(() => editor?.setReadOnly(readOnly), [editor, readOnly])
  useEffect(() => editor?.setMarks(marks), [editor, marks])
  useEffect(() => editor?.setLanguage(language), [editor, language])
  useEffect(() => {
    if (goTo) editor?.goTo(goTo.line, goTo.column)
  }, [editor, goTo])
  if (plain)
    return (
      <textarea
        class="input code-plain"
        aria-label={label}
        spellcheck={false}
        readOnly={readOnly}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    )
  return <div ref={box} class="code" />
}
