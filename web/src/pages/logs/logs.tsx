import '../../styles/logs.css'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { isRecord } from '../../api/api-client.js'
import type { LogLine } from '../../api/contract.js'
import { Icon } from '../../parts/icon.js'
import { LogLines } from '../../parts/log-lines.js'
import { Failure, Nothing } from '../../parts/nothing.js'
import { SearchField } from '../../parts/search-field.js'
import { Segments } from '../../parts/segments.js'
import { useApp } from '../../state/app-context.js'
import { useResource } from '../../state/resource.js'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
const ORDER = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
const MOST = 1000

/** The log as it is written, from a level on, with what is searched for. */
export default function Logs() {
  const { api, feed, router, keys, streams } = useApp()
  const { query } = router.place.value
  const level = LEVELS.find((each) => each === query.level) ?? 'info'
  const search = query.search ?? ''
  const stream = query.stream ?? ''
  const [paused, setPaused] = useState(false)
  const [fresh, setFresh] = useState<readonly LogLine[]>([])
  const box = useRef<HTMLDivElement>(null)
  const asked = useResource(
    (signal) =>
      api.get<readonly LogLine[]>('/logs', { tail: MOST, level, search: stream || search || undefined }, signal),
    [level, search, stream],
    paused ? undefined : 5000,
  )
  useEffect(() => {
    if (paused) return
    return feed.on('log', (data) => {
      const line = lineOf(data)
      if (line) setFresh((before) => [...before, line].slice(-MOST))
    })
  }, [feed, paused])
  useEffect(() => setFresh([]), [asked.data])
  useLayoutEffect(
    () => keys.bind([{ keys: 'p', label: 'Pause, go on', group: 'This page', run: () => setPaused((each) => !each) }]),
    [keys],
  )
  const lines = useMemo(() => {
    const last = asked.data?.at(-1)?.time ?? ''
    const texts = [search.toLowerCase(), stream.toLowerCase()]
    const fits = (line: LogLine) => {
      const whole = `${line.message} ${JSON.stringify(line.fields)}`.toLowerCase()
      return ORDER.indexOf(line.level) >= ORDER.indexOf(level) && texts.every((text) => whole.includes(text))
    }
    return [...(asked.data ?? []), ...fresh.filter(({ time }) => time > last)].filter(fits).slice(-MOST)
  }, [asked.data, fresh, level, search, stream])
  useEffect(() => {
    const element = box.current
    if (element && !paused) element.scrollTop = element.scrollHeight
  }, [lines, paused])
  return (
    <div class="page filled">
      <div class="toolbar">
        <SearchField label="Search the log" value={search} onInput={(text) => router.narrow({ search: text })} />
        <SearchField
          label="Stream"
          placeholder="Any stream"
          icon="streams"
          list="stream-keys"
          value={stream}
          onInput={(text) => router.narrow({ stream: text })}
        />
        <datalist id="stream-keys">
          {streams.rows.value.map(({ key }) => (
            <option key={key} value={key} />
          ))}
        </datalist>
        <Segments
          label="From which level on"
          options={LEVELS.map((each) => [each, each] as const)}
          value={level}
          onChoose={(each) => router.narrow({ level: each })}
        />
        <span class="grow" />
        <button type="button" class="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          <Icon name={paused ? 'play' : 'pause'} size={13} />
          {paused ? 'Go on' : 'Pause'}
        </button>
      </div>
      {asked.error && <Failure error={asked.error} onRetry={asked.reload} />}
      <section class="panel fill">
        <div class="log-box" ref={box} tabIndex={0} role="log" aria-label="Log" aria-live="off">
          {lines.length > 0 ? (
            <LogLines lines={lines} />
          ) : (
            !asked.loading && (
              <Nothing icon="logs" title={search || stream ? 'No line fits' : 'Nothing of this level was logged'}>
                {search || stream ? 'Search for something else, or choose a lower level.' : 'A lower level shows more.'}
              </Nothing>
            )
          )}
        </div>
      </section>
    </div>
  )
}

function lineOf(data: unknown): LogLine | undefined {
  if (!isRecord(data) || typeof data.time !== 'string' || typeof data.message !== 'string') return undefined
  return {
    time: data.time,
    level: ORDER.includes(String(data.level)) ? (data.level as LogLine['level']) : 'info', // found in the list of levels
    message: data.message,
    fields: isRecord(data.fields) ? data.fields : {},
  }
}
