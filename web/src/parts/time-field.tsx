import { millisOf } from './time-text.js'

interface Props {
  /** What the time is of; that it is UTC is said here. */
  readonly name: string
  readonly value: string
  /** Means something when it is empty: `now`. */
  readonly empty?: string
  /** Beside its name instead of below it. */
  readonly inline?: boolean
  /** As it is typed. */
  onInput?(value: string): void
  /** When it is typed. */
  onChange?(value: string): void
}

/** A time as text, in UTC as everything that is stored. */
export function TimeField({ name, value, empty, inline = false, onInput, onChange }: Props) {
  return (
    <label class={inline ? 'row' : 'field'}>
      <span class={inline ? 'soft nowrap' : 'name'}>{name} (UTC)</span>
      <input
        class={`input mono ${inline ? 'time-input' : ''}`}
        value={value}
        placeholder={empty}
        aria-invalid={isTime(value, empty) ? undefined : 'true'}
        onInput={(event) => onInput?.(event.currentTarget.value.trim())}
        onChange={(event) => onChange?.(event.currentTarget.value.trim())}
      />
    </label>
  )
}

/** Whether a text is a time, or nothing where that means something. */
export function isTime(value: string, empty?: string): boolean {
  return millisOf(value) !== undefined || (value === '' && empty !== undefined)
}
