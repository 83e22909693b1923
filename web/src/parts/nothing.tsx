import type { ComponentChildren } from 'preact'
import type { ApiError } from '../api/api-client.js'
import { Icon, type IconName } from './icon.js'
import { Prose } from './prose.js'

interface Props {
  readonly icon: IconName
  readonly title: string
  readonly children?: ComponentChildren
  readonly action?: ComponentChildren
}

type Told = Pick<ApiError, 'code' | 'message' | 'remedy'>

/** What stands where there is nothing to show: why, and what to do about it. */
export function Nothing({ icon, title, children, action }: Props) {
  return (
    <div class="nothing">
      <Icon name={icon} size={28} />
      <strong>{title}</strong>
      {children && <p>{children}</p>}
      {action}
    </div>
  )
}

/** An error of the API, of a stream or a run with its remedy, and a way to try again. */
export function Failure({ error, onRetry }: { error: Told; onRetry?(): void }) {
  return (
    <div class="notice bad" role="alert">
      <span class="bad">
        <Icon name="warning" />
      </span>
      <div class="grow">
        <strong>
          <Prose text={error.message} />
        </strong>
        <p>
          <Prose text={error.remedy} /> <span class="tag">{error.code}</span>
        </p>
      </div>
      {onRetry && (
        <button type="button" class="button small" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

export function Loading({ what }: { what: string }) {
  return (
    <div class="nothing" role="status">
      <p>Loading {what} …</p>
    </div>
  )
}
