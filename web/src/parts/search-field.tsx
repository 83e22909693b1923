import { Icon, type IconName } from './icon.js'

interface Props {
  readonly label: string
  readonly value: string
  readonly placeholder?: string
  readonly icon?: IconName
  /** Id of a list of what is known. */
  readonly list?: string
  onInput(value: string): void
}

/** Narrows what is shown to what is typed. */
export function SearchField({ label, value, placeholder = label, icon = 'search', list, onInput }: Props) {
  return (
    <label class="search">
      <Icon name={icon} size={14} />
      <span class="hidden-label">{label}</span>
      <input
        class="input"
        type="search"
        list={list}
        placeholder={placeholder}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  )
}
