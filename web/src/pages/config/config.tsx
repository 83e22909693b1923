import '../../styles/config.css'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ConfigAnswer, ConfigCheck, ConfigProblem, ConfigSaved } from '../../api/contract.js'
import { CodeEditor } from '../../parts/code-editor.js'
import { Icon } from '../../parts/icon.js'
import { Failure, Loading, Nothing } from '../../parts/nothing.js'
import { Segments } from '../../parts/segments.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'
import { ApplyDialog } from './apply-dialog.js'
import { ConfigForm } from './config-form.js'
import { referenceOf } from './config-reference.js'
import { ProblemList } from './problem-list.js'
import { type ConfigPath, valuesOf } from './yaml-text.js'

const SETTLE_MS = 250
const SIDES = [
  ['form', 'Form'],
  ['yaml', 'YAML'],
] as const
const NONE: readonly ConfigProblem[] = []

/** The config as fields and as text, side by side. Nothing counts before it is applied, and what it would change is shown first. */
export default function Config() {
  const { api, feed, toasts, streams, keys, mayControl } = useApp()
  const loaded = useResource((signal) => api.get<ConfigAnswer>('/config', {}, signal), [])
  const [text, setText] = useState<string>()
  const [base, setBase] = useState<ConfigAnswer>()
  const [checked, setChecked] = useState<{ readonly text: string | undefined; readonly check: ConfigCheck }>()
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const [side, setSide] = useState<'form' | 'yaml'>('form')
  const [goTo, setGoTo] = useState<{ line: number; column: number; turn: number }>()
  const turn = useRef(0)
  const answer = loaded.data
  const dirty = text !== undefined && base !== undefined && text !== base.yaml
  const theirs = dirty && answer !== undefined && answer.etag !== base.etag ? answer : undefined
  useEffect(() => feed.on('config', loaded.reload), [feed])

  // What is being edited stays, whatever comes; saving then says that somebody else was here. With the commit: later, what was typed since would be lost.
  useLayoutEffect(() => {
    if (!answer || dirty) return
    setBase(answer)
    setText(answer.yaml ?? undefined)
  }, [answer])
  useEffect(() => {
    if (text === undefined) return
    const control = new AbortController()
    const timer = window.setTimeout(() => {
      const asked = api.post<ConfigCheck>('/config/validate', { yaml: text }, control.signal)
      asked.then(
        (check) => setChecked({ text, check }),
        () => {},
      )
    }, SETTLE_MS)
    return () => {
      window.clearTimeout(timer)
      control.abort()
    }
  }, [api, text])
  const check = checked?.check
  const problems = check?.problems ?? answer?.problems ?? NONE
  const warnings = check?.warnings ?? answer?.warnings ?? NONE
  const applicable =
    mayControl.value && (dirty || answer?.in_force === false) && problems.length === 0 && theirs === undefined
  useLayoutEffect(
    () =>
      keys.bind([
        {
          keys: 'mod+s',
          label: 'Show and apply the changes',
          group: 'This page',
          run: () => applicable && setAsking(true),
        },
      ]),
    [keys, applicable],
  )
  const marks = useMemo(
    () => [
      ...problems.map((each) => ({ ...each, tone: 'error' as const })),
      ...warnings.map((each) => ({ ...each, tone: 'warning' as const })),
    ],
    [problems, warnings],
  )
  const reference = useResource((signal) => referenceOf(api, signal), [])
  const language = useMemo(() => ({ name: 'yaml', schema: reference.data }) as const, [reference.data])
  const values = useMemo(() => (text === undefined ? undefined : valuesOf(text)), [text])

  /** The daemon writes the change into the text, as it would into the file: what is not touched stays as it is written. */
  const change = async (path: ConfigPath, value: unknown) => {
    try {
      const changes = [value === undefined ? { path } : { path, value }]
      const next = await api.post<ConfigCheck>('/config/validate', { yaml: text, changes })
      if (next.yaml !== null) setText(next.yaml)
      setChecked({ text: next.yaml ?? text, check: next })
    } catch (error) {
      toasts.failed('The field could not be changed', error)
    }
  }
  const apply = async () => {
    if (text === undefined || !base) return
    setBusy(true)
    try {
      const saved = await api.put<ConfigSaved>('/config', { yaml: text }, { 'if-match': base.etag })
      const { started, stopped, restarted, restart_needed } = saved.applied
      const counts = [`${started.length} started`, `${stopped.length} stopped`, `${restarted.length} restarted`]
      toasts.done(
        'The config is in force',
        `${counts.join(', ')}.${restart_needed.length ? ` Counts after a restart: ${restart_needed.join(', ')}.` : ''}`,
      )
      setBase({ ...base, etag: saved.etag, yaml: text })
      setAsking(false)
      loaded.reload()
      await streams.load()
    } catch (error) {
      toasts.failed('Nothing was changed', error)
      setAsking(false)
      loaded.reload()
    } finally {
      setBusy(false)
    }
  }
  /** Takes what the daemon makes of the file: the text before, or the file as it stands now. */
  const take = async (path: '/config/undo' | '/config/reload') => {
    try {
      await api.post(path)
      toasts.done(path === '/config/undo' ? 'The config before is in force' : 'The file is in force')
      setText(undefined)
      setBase(undefined)
      loaded.reload()
    } catch (error) {
      toasts.failed('Nothing was changed', error)
    }
  }
  const jump = (line: number, column: number) => {
    turn.current++
    setSide('yaml')
    setGoTo({ line, column, turn: turn.current })
  }
  if (loaded.error && !answer)
    return (
      <div class="page">
        <Failure error={loaded.error} onRetry={loaded.reload} />
      </div>
    )
  if (!answer) return <Loading what="the config" />
  if (answer.file === null)
    return (
      <div class="page">
        <Nothing icon="config" title="This daemon has no config file">
          It was started by code. Start one with <code>dccd start --config FILE</code> to edit it here. What is in
          force:
        </Nothing>
        <pre class="run-log" tabIndex={0}>
          {JSON.stringify(answer.config, undefined, 2)}
        </pre>
      </div>
    )
  const readOnly = !mayControl.value
  return (
    <div class="page filled">
      <div class="toolbar">
        <p class="soft grow cut" title={answer.file}>
          <span class="mono">{answer.file}</span>
          {dirty && <span class="warn"> · not applied yet</span>}
          {!answer.in_force && !dirty && <span class="warn"> · the file was edited by hand and is not in force</span>}
        </p>
        <Segments class="config-tabs" label="Show" options={SIDES} value={side} onChoose={setSide} />
        {!readOnly && (
          <>
            {!dirty && (
              <button
                type="button"
                class="button plain"
                title="Back to the config before the last save"
                onClick={() => void take('/config/undo')}
              >
                Undo last save
              </button>
            )}
            {!answer.in_force && !dirty && (
              <button type="button" class="button" onClick={() => void take('/config/reload')}>
                Put the file into force
              </button>
            )}
            {dirty && (
              <button type="button" class="button" onClick={() => setText(base?.yaml ?? '')}>
                Discard
              </button>
            )}
            <button type="button" class="button main" disabled={!applicable} onClick={() => setAsking(true)}>
              <Icon name="check" />
              Apply …
            </button>
          </>
        )}
      </div>
      {theirs && (
        <div class="notice bad" role="alert">
          <div class="grow">
            <strong>Somebody else changed the config while you were editing</strong>
            <p>What you wrote is not applied. Apply then shows what it would change of theirs.</p>
          </div>
          <button type="button" class="button small" onClick={() => setBase(theirs)}>
            Keep mine
          </button>
          <button
            type="button"
            class="button small"
            onClick={() => {
              setBase(theirs)
              setText(theirs.yaml ?? '')
            }}
          >
            Take theirs
          </button>
        </div>
      )}
      <div class={`config-halves ${side}`}>
        <section class="panel form" aria-label="Form">
          {values ? (
            <ConfigForm values={values} readOnly={readOnly} onSet={(path, value) => void change(path, value)} />
          ) : (
            <Nothing icon="warning" title="The text is not YAML now">
              Correct it on its side; the fields come back then.
            </Nothing>
          )}
        </section>
        <section class="panel yaml" aria-label="YAML">
          <CodeEditor
            label="Config as YAML"
            language={language}
            value={text ?? ''}
            readOnly={readOnly}
            marks={marks}
            goTo={goTo}
            onInput={setText}
          />
          <ProblemList problems={problems} warnings={warnings} onGoTo={jump} />
        </section>
      </div>
      {asking && (
        <ApplyDialog
          check={checked?.text === text ? check : undefined}
          busy={busy}
          onGoTo={(line, column) => {
            setAsking(false)
            jump(line, column)
          }}
          onClose={() => setAsking(false)}
          onApply={() => void apply()}
        />
      )}
    </div>
  )
}
