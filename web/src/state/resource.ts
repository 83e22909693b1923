import { useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../api/api-client.js'
import { useApp } from './app-context.js'

export interface Resource<T> {
  /** The last answer; it stays while a newer one is awaited. */
  readonly data: T | undefined
  readonly error: ApiError | undefined
  readonly loading: boolean
  reload(): void
}

/**
 * Something of the API: asked for when what it depends on changes, every so often, and after the daemon came back. A newer question ends the older.
 */
export function useResource<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  on: readonly unknown[],
  everyMs?: number,
): Resource<T> {
  const { feed } = useApp()
  const [state, setState] = useState<Omit<Resource<T>, 'reload'>>({ data: undefined, error: undefined, loading: true })
  const [turn, setTurn] = useState(0)
  const opened = feed.opened.value
  const latest = useRef(ask)
  latest.current = ask
  useEffect(() => {
    const control = new AbortController()
    let timer: number | undefined
    const run = async () => {
      try {
        const data = await latest.current(control.signal)
        if (!control.signal.aborted) setState({ data, error: undefined, loading: false })
      } catch (error) {
        if (!control.signal.aborted) setState(({ data }) => ({ data, error: asApiError(error), loading: false }))
      }
      if (everyMs !== undefined && !control.signal.aborted) timer = window.setTimeout(run, everyMs)
    }
    setState(({ data, error }) => ({ data, error, loading: true }))
    void run()
    return () => {
      control.abort()
      window.clearTimeout(timer)
    }
  }, [...on, turn, opened, everyMs])
  return { ...state, reload: () => setTurn((each) => each + 1) }
}
