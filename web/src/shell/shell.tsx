import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import type { AlertRow } from '../api/contract.js'
import { Icon } from '../parts/icon.js'
import { Nothing } from '../parts/nothing.js'
import { rateText } from '../parts/number-text.js'
import { partsIn } from '../parts/time-text.js'
import { type App, useApp } from '../state/app-context.js'
import { useResource } from '../state/resource.js'
import { CommandPalette } from './command-palette.js'
import { ErrorBoundary } from './error-boundary.js'
import { KeyHelp, KeyText } from './key-help.js'
import { LazyPage } from './lazy-page.js'
import { PAGES, type PageEntry } from './places.js'
import { placeHref } from './router.js'
import { ToastList } from './toast-list.js'

/** Alerts come by the feed; this is for what it missed. */
const ALERTS_MS = 60_000

/** Navigation, top bar, the page, and what may lie over it. */
export function Shell() {
  const app = useApp()
  const { router, keys, preferences, streams, session } = app
  const [over, setOver] = useState<'palette' | 'help'>()
  // A dialog says that it is closed a moment later: another may be open by then.
  const close = (which: typeof over) => setOver((now) => (now === which ? undefined : now))
  const id = router.place.value.page
  const page = PAGES.find((each) => each.id === id)

  useEffect(() => {
    document.title = `${page?.title ?? 'Nothing here'} · dccd`
  }, [page])
  useLayoutEffect(
    () =>
      keys.bind([
        { keys: 'mod+k', label: 'Commands', group: 'Everywhere', run: () => setOver('palette') },
        { keys: '?', label: 'These keys', group: 'Everywhere', run: () => setOver('help') },
        { keys: '/', label: 'Search on the page', group: 'Everywhere', run: focusSearch },
        { keys: 't', label: 'Dark or light', group: 'Everywhere', run: () => preferences.toggleTheme() },
        { keys: 'z', label: 'UTC or local time', group: 'Everywhere', run: () => preferences.toggleZone() },
        ...PAGES.map(({ key, title, id: to }) => ({
          keys: `g ${key}`,
          label: title,
          group: 'Go to',
          run: () => router.go(to),
        })),
      ]),
    [keys, preferences, router],
  )

  const alerts = useResource(
    (signal) => app.api.get<readonly AlertRow[]>('/alerts', { state: 'active' }, signal),
    [],
    ALERTS_MS,
  )
  useEffect(() => app.feed.on('alert', alerts.reload), [app.feed])
  const counts: Readonly<Record<string, readonly [count: number, of: string]>> = {
    streams: [streams.rows.value.filter(({ state }) => state === 'failed').length, 'failed'],
    alerts: [(alerts.data ?? []).filter(({ acknowledged_at }) => acknowledged_at === null).length, 'new'],
  }
  const away = isAway(app)
  return (
    <div class="shell">
      <button type="button" class="button skip" onClick={() => document.getElementById('content')?.focus()}>
        Skip to the content
      </button>
      <nav class="sidebar" aria-label="Pages">
        <a class="brand" href={placeHref('overview')}>
          <img src="favicon.svg" alt="" />
          <span class="word">dccd</span>
        </a>
        {PAGES.map((each) => (
          <PlaceLink key={each.id} page={each} current={each === page} count={counts[each.id]} />
        ))}
        {session.value?.login_needed && (
          <button type="button" class="button plain small" onClick={() => void signOut(app)}>
            Sign out
          </button>
        )}
        <p class="foot">
          Charts by{' '}
          <a href="https://www.tradingview.com/" rel="noreferrer" target="_blank">
            TradingView
          </a>
        </p>
      </nav>
      <TopBar title={page?.title ?? 'Nothing here'} onFind={() => setOver('palette')} />
      <main id="content" tabIndex={-1}>
        <ErrorBoundary key={id}>
          {page ? (
            <LazyPage page={page} />
          ) : (
            <Nothing
              icon="search"
              title={`There is no page “${id}”`}
              action={
                <a class="button" href={placeHref('overview')}>
                  Go to the overview
                </a>
              }
            />
          )}
        </ErrorBoundary>
      </main>
      <nav class="tabbar" aria-label="Pages, at the foot">
        {PAGES.map(({ id: to, title, icon }) => (
          <a key={to} href={placeHref(to)} aria-current={to === id ? 'page' : undefined}>
            <Icon name={icon} size={18} />
            {title}
            {counts[to] && <Count count={counts[to][0]} of={counts[to][1]} />}
          </a>
        ))}
      </nav>
      {away && (
        <div class="offline" role="status">
          <span class="warn">
            <Icon name="warning" />
          </span>
          The daemon does not answer; this page goes on when it does.
        </div>
      )}
      <ToastList />
      {over === 'palette' && <CommandPalette onClose={() => close('palette')} onHelp={() => setOver('help')} />}
      {over === 'help' && <KeyHelp onClose={() => close('help')} />}
    </div>
  )
}

interface LinkProps {
  readonly page: PageEntry
  readonly current: boolean
  readonly count: readonly [count: number, of: string] | undefined
}

function PlaceLink({ page, current, count: [count, of] = [0, ''] }: LinkProps) {
  return (
    <a class="place" href={placeHref(page.id)} title={page.title} aria-current={current ? 'page' : undefined}>
      <Icon name={page.icon} />
      <span class="word">{page.title}</span>
      <Count count={count} of={of} />
    </a>
  )
}

function Count({ count, of }: { count: number; of: string }) {
  if (count === 0) return null
  return (
    <span class="count">
      {count}
      <span class="hidden-label"> {of}</span>
    </span>
  )
}

function TopBar({ title, onFind }: { title: string; onFind(): void }) {
  const app = useApp()
  const { preferences, streams, now } = app
  const zone = preferences.zone.value
  const rows = streams.rows.value
  const live = rows.filter(({ state }) => state === 'live').length
  const lost = isAway(app)
  return (
    <header class="topbar">
      <h1>{title}</h1>
      <div class="pulse-facts">
        <span class={`badge ${lost ? 'warn' : 'good'}`} title="Connection of this page to the daemon">
          <span class="secondary">{lost ? 'no connection' : 'connected'}</span>
          <span class="hidden-label">{lost ? 'no connection' : 'connected'}</span>
        </span>
        <span>
          <b>{rateText(streams.total.value)}</b> events/s
        </span>
        <span class="wide">
          <b>{live}</b> of {rows.length} live
        </span>
      </div>
      <button type="button" class="finder" title="Find and do" onClick={onFind}>
        <Icon name="search" size={14} />
        <span class="hidden-label">Find and do</span>
        <span class="secondary" aria-hidden="true">
          Find and do
        </span>
        <span class="wide" aria-hidden="true">
          <KeyText keys="mod+k" />
        </span>
      </button>
      <button
        type="button"
        class="button plain"
        title="Change the time zone (z)"
        onClick={() => preferences.toggleZone()}
      >
        <span class="hidden-label">Times are {zoneText(zone)}, change to another:</span>
        <span class="mono wide">{partsIn(now.value, zone).time}</span>
        <span>{zone === 'UTC' ? 'UTC' : 'local'}</span>
      </button>
      <button
        type="button"
        class="button plain"
        title="Dark or light (t)"
        aria-label="Dark or light"
        onClick={() => preferences.toggleTheme()}
      >
        <Icon name={preferences.isDark() ? 'sun' : 'moon'} />
      </button>
    </header>
  )
}

/** Whether neither the event feed nor a question is answered. */
function isAway({ feed, streams }: App): boolean {
  return feed.state.value !== 'open' && streams.error.value !== undefined
}

async function signOut({ api, session, toasts }: App): Promise<void> {
  try {
    await api.delete('/session', {})
    const known = session.peek()
    if (known) session.value = { ...known, role: null, may_change: false }
  } catch (error) {
    toasts.failed('You are still signed in', error)
  }
}

function zoneText(zone: string): string {
  return zone === 'local' ? `in ${Intl.DateTimeFormat().resolvedOptions().timeZone}` : `in ${zone}`
}

function focusSearch(): void {
  document.querySelector<HTMLInputElement>('main input[type="search"]')?.focus()
}
