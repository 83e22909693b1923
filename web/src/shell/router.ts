import { type ReadonlySignal, signal } from '@preact/signals'

/** Where in the UI one is: `#/data/dataset?exchange=kraken`. Kept behind the hash, so that any server and any prefix will do. */
export interface Place {
  /** First part of the path: which page. */
  readonly page: string
  readonly rest: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

export function parsePlace(hash: string): Place {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?')
  const [page = '', ...rest] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  return { page: page || 'overview', rest, query: Object.fromEntries(new URLSearchParams(search)) }
}

export type QueryChange = Readonly<Record<string, string | undefined>>

/** The address of a place, to put in a link. */
export function placeHref(path: string, query: QueryChange = {}): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') text.set(name, value)
  const search = text.toString()
  return `#/${path}${search ? `?${search}` : ''}`
}

export class Router {
  readonly place: ReadonlySignal<Place>

  constructor() {
    const place = signal(parsePlace(location.hash))
    this.place = place
    window.addEventListener('hashchange', () => {
      place.value = parsePlace(location.hash)
    })
  }

  go(path: string, query?: QueryChange): void {
    location.hash = placeHref(path, query)
  }

  /** Changes parts of the query in place: what a filter does. `undefined` takes a part out. */
  narrow(change: QueryChange): void {
    const { page, rest, query } = this.place.value
    const href = placeHref([page, ...rest].map(encodeURIComponent).join('/'), { ...query, ...change })
    if (href === location.hash) return
    history.replaceState(null, '', href)
    window.dispatchEvent(new HashChangeEvent('hashchange'))
  }
}
