import type { ConfigPath } from './yaml-text.js'

export interface FormProps {
  readonly values: Readonly<Record<string, unknown>>
  readonly readOnly: boolean
  /** A value for a place of the config; undefined takes it away, an index at the end of a list makes it longer. */
  onSet(path: ConfigPath, value: unknown): void
}

interface SimpleProps {
  readonly name: string
  readonly type: 'text' | 'number'
  readonly preset: string
  readonly value: unknown
  onValue(value: unknown): void
}

export function SimpleInput({ name, type, preset, value, onValue }: SimpleProps) {
  return (
    <label class="field">
      <span class="name">{name}</span>
      <input
        class="input"
        type="text"
        inputMode={type === 'number' ? 'numeric' : 'text'}
        placeholder={preset}
        value={value === undefined || value === null ? '' : String(value)}
        onChange={(event) => {
          const typed = event.currentTarget.value.trim()
          if (typed === '') onValue(undefined)
          else onValue(type === 'number' || /^\d+$/.test(typed) ? Number(typed) : typed)
        }}
      />
    </label>
  )
}

export function SpanInput({ value, onValue }: Pick<SimpleProps, 'value' | 'onValue'>) {
  return <SimpleInput name="Candle length, seconds" type="number" preset="3600" value={value} onValue={onValue} />
}

/** Several words in one field, apart by commas. */
export function ListInput({
  name,
  value,
  onValue,
}: {
  name: string
  value: readonly string[]
  onValue(value: string[]): void
}) {
  return (
    <label class="field">
      <span class="name">{name}</span>
      <input
        class="input"
        value={value.join(', ')}
        onChange={(event) =>
          onValue(
            event.currentTarget.value
              .split(/[,\s]+/)
              .map((each) => each.trim())
              .filter((each) => each !== ''),
          )
        }
      />
    </label>
  )
}

/** One more item of a list, or the list with its first. */
export function appendTo(onSet: FormProps['onSet'], path: ConfigPath, length: number, item: unknown): void {
  if (length === 0) onSet(path, [item])
  else onSet([...path, length], item)
}
