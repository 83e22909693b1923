import { effect, type Signal, signal } from '@preact/signals'

export type Theme = 'system' | 'dark' | 'light'

const THEMES: readonly Theme[] = ['system', 'dark', 'light']

/** What a user chose for this browser: theme and time zone. */
export class Preferences {
  readonly theme: Signal<Theme>
  /** `UTC`, `local` or the name of a zone. */
  readonly zone: Signal<string>
  /** Counts changes of what colours look like, for what paints by itself. */
  readonly painted: Signal<number> = signal(0)

  constructor() {
    this.theme = signal(THEMES.find((each) => each === read('theme')) ?? 'system')
    this.zone = signal(validZone(read('zone')) ?? 'UTC')
    effect(() => {
      const theme = this.theme.value
      if (theme === 'system') delete document.documentElement.dataset.theme
      else document.documentElement.dataset.theme = theme
      write('theme', theme)
      this.painted.value = this.painted.peek() + 1
    })
    effect(() => write('zone', this.zone.value))
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.painted.value++
    })
  }

  isDark(): boolean {
    const theme = this.theme.value
    return theme === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark'
  }

  toggleTheme(): void {
    this.theme.value = this.isDark() ? 'light' : 'dark'
  }

  /** UTC, then this machine's own, and back. */
  toggleZone(): void {
    this.zone.value = this.zone.value === 'UTC' ? 'local' : 'UTC'
  }
}

function validZone(zone: string | null): string | undefined {
  if (zone === null || zone === 'UTC' || zone === 'local') return zone ?? undefined
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone
  } catch {
    return undefined
  }
}

// A browser may refuse storage; the choice then lasts as long as the page.
function read(name: string): string | null {
  try {
    return localStorage.getItem(`dccd.${name}`)
  } catch {
    return null
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(`dccd.${name}`, value)
  } catch {
    // see above
  }
}
