interface Props<Value extends string | number> {
  /** What is chosen, for screen readers. */
  readonly label: string
  readonly options: readonly (readonly [value: Value, title: string])[]
  /** None of them is pressed when absent. */
  readonly value: NoInfer<Value> | undefined
  readonly class?: string
  onChoose(value: NoInfer<Value>): void
}

/** One of a few, all in sight. */
export function Segments<Value extends string | number>(props: Props<Value>) {
  const { label, options, value, onChoose } = props
  return (
    <fieldset class={`segments ${props.class ?? ''}`} aria-label={label}>
      {options.map(([each, title]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChoose(each)}>
          {title}
        </button>
      ))}
    </fieldset>
  )
}
