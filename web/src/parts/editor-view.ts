import {
  acceptCompletion,
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeCompletion,
  completionKeymap,
  startCompletion,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { PostgreSQL, sql } from '@codemirror/lang-sql'
import { yaml, yamlLanguage } from '@codemirror/lang-yaml'
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Extension, Prec } from '@codemirror/state'
import { EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { offersAt, type TextSchema } from './yaml-place.js'

/** Something that is said about a place in a text. Lines and columns begin at 1. */
export interface EditorMark {
  readonly line: number
  readonly column: number
  readonly tone: 'error' | 'warning'
  readonly message: string
}

/** Tables with their columns and the types of those. */
export type EditorTables = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>

/** What a text is written in, and what may be named in it. */
export type EditorLanguage =
  | { readonly name: 'yaml'; readonly schema?: TextSchema | undefined }
  | { readonly name: 'sql'; readonly tables?: EditorTables | undefined }

export interface EditorOptions {
  readonly label: string
  readonly language: EditorLanguage
  readonly readOnly: boolean
  readonly value: string
  onInput(value: string): void
  /** Ctrl and Enter. */
  onRun?(): void
}

/** An editor in a page, which takes its text and what is said of it from outside. */
export interface OpenEditor {
  setText(value: string): void
  setReadOnly(readOnly: boolean): void
  setMarks(marks: readonly EditorMark[]): void
  /** Of the same name as the one that it was opened with. */
  setLanguage(language: EditorLanguage): void
  goTo(line: number, column: number): void
  close(): void
}

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--series-4)' },
  { tag: [tags.definition(tags.propertyName), tags.propertyName, tags.typeName], color: 'var(--series-1)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--series-2)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--series-3)' },
  { tag: tags.comment, color: 'var(--faint)', fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator, tags.operator], color: 'var(--soft)' },
])

/** Sizes and colours of the page: custom properties reach into the shadow tree, style sheets do not. */
const LOOKS = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--panel)', fontSize: 'var(--size-s)' },
  '&.cm-focused': { outline: 'none', boxShadow: 'inset 0 0 0 1px var(--accent)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '19px' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 12px' },
  '.cm-gutters': { color: 'var(--faint)', backgroundColor: 'var(--sunken)', borderRight: '1px solid var(--line)' },
  '.cm-gutter-lint': { width: '15px' },
  '.cm-selectionMatch, .cm-matchingBracket': { backgroundColor: 'var(--chosen)' },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn)' },
  '.cm-tooltip': {
    border: '1px solid var(--line-strong)',
    borderRadius: 'var(--radius)',
    backgroundColor: 'var(--raised)',
    boxShadow: 'var(--shadow)',
  },
  '.cm-diagnostic': { padding: '5px 10px', fontFamily: 'var(--font)', borderLeft: '3px solid var(--warn)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 8px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { color: 'var(--on-accent)', backgroundColor: 'var(--accent-fill)' },
  '.cm-completionDetail': { fontStyle: 'normal', color: 'var(--soft)' },
  'li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-tooltip.cm-completionInfo': { maxWidth: '320px', padding: '6px 10px', fontFamily: 'var(--font)' },
  '.cm-panels': { color: 'var(--text)', backgroundColor: 'var(--sunken)', fontFamily: 'var(--font)' },
  '.cm-panel.cm-search :is(input, button, label)': { fontSize: 'var(--size-s)' },
  '.cm-panels.cm-panels-top': { borderBottom: '1px solid var(--line)' },
  '.cm-textfield': { border: '1px solid var(--line-strong)', backgroundColor: 'var(--panel)', color: 'var(--text)' },
  '.cm-button': {
    border: '1px solid var(--line-strong)',
    backgroundImage: 'none',
    backgroundColor: 'var(--panel)',
    color: 'var(--text)',
  },
})

/**
 * Typing over a selection is done here: left to Chromium, it keeps the look of what it replaces by an inline style, which the policy refuses with a complaint in
 * the console. A selection that was made just now may not have been told to the state yet; then Chromium is asked.
 */
function typeOver(event: InputEvent, view: EditorView): boolean {
  const { state } = view
  if (event.inputType !== 'insertText' || event.data === null || event.isComposing || state.readOnly) return false
  let { from, to } = state.selection.main
  const shown = from === to ? selectedIn(view.root) : undefined
  if (shown && view.contentDOM.contains(shown.commonAncestorContainer)) {
    from = view.posAtDOM(shown.startContainer, shown.startOffset)
    to = view.posAtDOM(shown.endContainer, shown.endOffset)
  }
  if (from === to) return false
  const selection = { anchor: from + event.data.length }
  view.dispatch({ changes: { from, to, insert: event.data }, selection, userEvent: 'input.type', scrollIntoView: true })
  return true
}

/** What is selected in a shadow tree, where the browser is Chromium: others tell it another way, and do not need it here. */
function selectedIn(root: DocumentOrShadowRoot): Range | undefined {
  const read: unknown = Reflect.get(root, 'getSelection')
  const selection: unknown = typeof read === 'function' ? read.call(root) : undefined
  return selection instanceof Selection && selection.rangeCount > 0 ? selection.getRangeAt(0) : undefined
}

function languageOf(language: EditorLanguage): Extension {
  if (language.name === 'yaml') {
    const { schema } = language
    return [yaml(), schema ? yamlLanguage.data.of({ autocomplete: keysAndValuesOf(schema) }) : []]
  }
  const tables = Object.entries(language.tables ?? {}).map(([table, columns]) => [
    table,
    columns.map(({ name, type }): Completion => ({ label: name, detail: type, type: 'property' })),
  ])
  return sql({ dialect: PostgreSQL, schema: Object.fromEntries(tables), upperCaseKeywords: true })
}

/** Completes by what a schema allows at a place; after a key that has values of its own, those are offered at once. */
function keysAndValuesOf(schema: TextSchema): (context: CompletionContext) => CompletionResult | null {
  return ({ state, pos, explicit }) => {
    const found = offersAt(schema, state.doc.toString(), pos)
    if (found === undefined || found.offers.length === 0) return null
    // Unasked not before the first letter of a key: an empty line is often only a line.
    if (!explicit && found.key && found.from === pos) return null
    const options = found.offers.map(({ label, detail, info, text }): Completion => {
      const apply = (view: EditorView, _: Completion, from: number, to: number) => {
        view.dispatch({
          changes: { from, to, insert: text },
          selection: { anchor: from + text.length },
          userEvent: 'input.complete',
        })
        if (found.key) startCompletion(view)
      }
      return {
        label,
        detail,
        apply,
        type: found.key ? 'property' : 'constant',
        ...(info ? { info: info.replaceAll('`', '') } : {}),
      }
    })
    return { from: found.from, options, validFor: /^[\w:-]*$/ }
  }
}

/**
 * Opens an editor in a shadow tree: there its styles are adopted sheets, which a policy without inline styles allows. In YAML, Tab indents; Escape and
 * then Tab leaves. In both, Tab takes a completion that is offered.
 */
export function openEditor(root: ShadowRoot, options: EditorOptions): OpenEditor {
  const yamlText = options.language.name === 'yaml'
  const language = new Compartment()
  const writing = new Compartment()
  const writable = (readOnly: boolean): Extension => [
    EditorState.readOnly.of(readOnly),
    EditorView.contentAttributes.of(readOnly ? { 'aria-readonly': 'true' } : {}),
  ]
  const run = (view: EditorView) => {
    closeCompletion(view)
    options.onRun?.()
    return options.onRun !== undefined
  }
  let told = options.value
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.value,
      extensions: [
        Prec.high(keymap.of([{ key: 'Mod-Enter', run }])),
        keymap.of([
          { key: 'Tab', run: acceptCompletion },
          ...(yamlText ? [indentWithTab] : []),
          ...completionKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...lintKeymap,
          ...defaultKeymap,
        ]),
        lineNumbers(),
        lintGutter(),
        history(),
        bracketMatching(),
        highlightSelectionMatches(),
        search({ top: true }),
        autocompletion({ icons: false }),
        syntaxHighlighting(COLOURS),
        LOOKS,
        indentUnit.of('  '),
        yamlText ? [] : EditorView.lineWrapping,
        language.of(languageOf(options.language)),
        writing.of(writable(options.readOnly)),
        EditorView.contentAttributes.of({
          'aria-label': options.label,
          tabindex: '0',
          ...(yamlText ? { 'aria-description': 'Tab indents. Escape, then Tab leaves.' } : {}),
        }),
        EditorView.domEventHandlers({ beforeinput: typeOver }),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (!docChanged) return
          const value = state.doc.toString()
          if (value === told) return
          told = value
          options.onInput(value)
        }),
      ],
    }),
  })
  const offsetOf = (line: number, column: number) => {
    const { doc } = view.state
    const found = doc.line(Math.min(Math.max(1, line), doc.lines))
    return Math.min(found.from + Math.max(0, column - 1), found.to)
  }
  const diagnosticOf = ({ line, column, tone, message }: EditorMark): Diagnostic => {
    const from = offsetOf(line, column)
    return { from, to: view.state.wordAt(from)?.to ?? view.state.doc.lineAt(from).to, severity: tone, message }
  }
  return {
    setText(value) {
      told = value
      const before = view.state.doc.toString()
      if (value !== before) view.dispatch({ changes: { from: 0, to: before.length, insert: value } })
    },
    setReadOnly(readOnly) {
      view.dispatch({ effects: writing.reconfigure(writable(readOnly)) })
    },
    setMarks(marks) {
      view.dispatch(setDiagnostics(view.state, marks.map(diagnosticOf)))
    },
    setLanguage(next) {
      view.dispatch({ effects: language.reconfigure(languageOf(next)) })
    },
    goTo(line, column) {
      const at = offsetOf(line, column)
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
      view.focus()
    },
    close: () => view.destroy(),
  }
}
