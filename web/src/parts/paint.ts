import { useApp } from '../state/app-context.js'

/** The colour of a token as canvas takes it, in the theme of an element. */
export type Paint = (token: string, alpha?: number) => string

/** Resolves tokens where an element stands: a custom property alone would still read `light-dark(…)`. */
export function paintOf(element: HTMLElement): Paint {
  const probe = document.createElement('span')
  probe.hidden = true
  element.append(probe)
  const known = new Map<string, string>()
  const resolved = (token: string) => {
    const before = known.get(token)
    if (before !== undefined) return before
    probe.style.color = `var(--${token})`
    const colour = getComputedStyle(probe).color
    known.set(token, colour)
    return colour
  }
  queueMicrotask(() => probe.remove())
  return (token, alpha) => {
    const colour = resolved(token)
    if (alpha === undefined) return colour
    const [r = '0', g = '0', b = '0'] = colour.match(/[\d.]+/g) ?? []
    return `rgba(${r}, ${g}, ${b}, ${alpha})`
  }
}

/** Changes when colours do, for effects that draw. */
export function usePainted(): number {
  return useApp().preferences.painted.value
}
