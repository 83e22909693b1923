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

interface ChannelProps {
  /** What the exchange has. */
  readonly offered: readonly string[]
  readonly value: readonly string[]
  onValue(value: string[]): void
}

/** The channels of an exchange, each on or off; candles of a length (`ohlc:1h`) stand in the place of those of a minute. */
export function ChannelChips({ offered, value, onValue }: ChannelProps) {
  const own = (channel: string) => value.filter((each) => each.split(':')[0] === channel)
  const shown = offered.flatMap((channel) => (own(channel).length > 0 ? own(channel) : [channel]))
  return (
    <div class="field" role="group" aria-label="Channels">
      <span class="name">Channels</span>
      <div class="chips">
        {[...new Set([...shown, ...value])].map((channel) => {
          const on = value.includes(channel)
          return (
            <button
              key={channel}
              type="button"
              class="chip"
              aria-pressed={on}
              onClick={() => onValue(on ? value.filter((each) => each !== channel) : [...value, channel])}
            >
              {channel}
            </button>
          )
        })}
      </div>
    </div>
  )
}

/** One more item of a list, or the list with its first. */
export function appendTo(onSet: FormProps['onSet'], path: ConfigPath, length: number, item: unknown): void {
  if (length === 0) onSet(path, [item])
  else onSet([...path, length], item)
}
