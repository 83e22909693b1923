import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '../api/api-client.js'
import { Failure } from '../parts/nothing.js'
import type { PageEntry } from './places.js'

/** A page, fetched when it is first gone to. */
export function LazyPage({ page }: { page: PageEntry }) {
  const [loaded, setLoaded] = useState<{ readonly id: string; readonly View: ComponentType }>()
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    let current = true
    setFailed(false)
    page.load().then(
      ({ default: View }) => current && setLoaded({ id: page.id, View }),
      () => current && setFailed(true),
    )
    return () => {
      current = false
    }
  }, [page])
  if (failed)
    return (
      <div class="page">
        <Failure
          error={
            new ApiError(
              0,
              'UNREACHABLE',
              'this page could not be fetched',
              'The daemon may have been updated: reload.',
            )
          }
          onRetry={() => location.reload()}
        />
      </div>
    )
  return loaded?.id === page.id ? (
    <loaded.View />
  ) : (
    <div class="page" role="status" aria-label={`Loading ${page.title}`} />
  )
}
