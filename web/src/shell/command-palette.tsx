import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from '../parts/icon.js'
import { useApp } from '../state/app-context.js'
import { matchScore } from './match.js'
import { PAGES } from './places.js'

interface Command {
  readonly label: string
  readonly group: string
  readonly icon: IconName
  run(): void
}

const MOST = 60

/** Everything by its name: pages, streams, what can be done. */
export function CommandPalette({ onClose, onHelp }: { onClose(): void; onHelp(): void }) {
  const app = useApp()
  const { router, streams, preferences, keys } = app
  const box = useRef<HTMLDialogElement>(null)
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  useEffect(() => {
    box.current?.showModal()
  }, [])

  const commands = useMemo<readonly Command[]>(() => {
    const pages = PAGES.map(({ id, title, icon }) => ({ label: title, group: 'Go to', icon, run: () => router.go(id) }))
    const more: Command[] = [
      { label: 'Coverage map', group: 'Data', icon: 'data', run: () => router.go('data') },
      { label: 'Datasets', group: 'Data', icon: 'data', run: () => router.go('data/datasets') },
      { label: 'Ask by SQL', group: 'Data', icon: 'data', run: () => router.go('data/sql') },
      { label: 'Add a stream', group: 'Streams', icon: 'plus', run: () => router.go('streams', { add: '1' }) },
      { label: 'Backfill history', group: 'History', icon: 'history', run: () => router.go('history', { add: '1' }) },
      { label: 'Change theme', group: 'View', icon: 'moon', run: () => preferences.toggleTheme() },
      { label: 'Change time zone', group: 'View', icon: 'clock', run: () => preferences.toggleZone() },
      { label: 'Keys', group: 'View', icon: 'more', run: onHelp },
    ]
    const bound = keys.bindings.peek().filter(({ group }) => group === 'This page')
    const rows = streams.rows.peek().map(({ key, exchange, pair, channels }) => ({
      label: `${exchange} ${pair} ${channels.join(' ')}`,
      group: 'Streams',
      icon: 'streams' as const,
      run: () => router.go('streams', { open: key }),
    }))
    return [...pages, ...bound.map((each) => ({ ...each, icon: 'arrow' as const })), ...more, ...rows]
  }, [router, streams, preferences, keys, onHelp])

  const found = useMemo(() => {
    if (typed.trim() === '') return commands.slice(0, MOST)
    return commands
      .flatMap((command) => {
        const score = matchScore(`${command.label} ${command.group}`, typed)
        return score === undefined ? [] : [{ command, score }]
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, MOST)
      .map(({ command }) => command)
  }, [commands, typed])

  const take = (command: Command | undefined) => {
    if (!command) return
    onClose()
    command.run()
  }
  const move = (to: number) => {
    const next = (to + found.length) % Math.max(1, found.length)
    setAt(next)
    document.getElementById(`command-${next}`)?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <dialog
      ref={box}
      class="palette"
      aria-label="Commands"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === box.current) onClose()
      }}
    >
      <input
        class="input"
        role="combobox"
        aria-label="Find a page, a stream or a command"
        aria-expanded="true"
        aria-controls="command-list"
        aria-activedescendant={found.length ? `command-${at}` : undefined}
        placeholder="Find a page, a stream or a command"
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') move(at + 1)
          else if (event.key === 'ArrowUp') move(at - 1)
          else if (event.key === 'Enter') take(found[at])
          else return
          event.preventDefault()
        }}
      />
      {found.length === 0 && <p class="nothing">Nothing is called “{typed}”.</p>}
      <ul id="command-list" role="listbox" aria-label="Found">
        {found.map((command, index) => (
          <li
            key={`${command.group} ${command.label}`}
            id={`command-${index}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            onClick={() => take(command)}
          >
            <span class="faint">
              <Icon name={command.icon} />
            </span>
            <span class="cut">{command.label}</span>
            <span class="group">{command.group}</span>
          </li>
        ))}
      </ul>
    </dialog>
  )
}
