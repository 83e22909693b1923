/** A text with its variables filled in. */
export interface Expanded {
  readonly text: string
  /** The variables that were used. */
  readonly used: readonly string[]
  /** Those that are not set, or set to nothing. */
  readonly missing: readonly string[]
  /** `${` without a proper name and `}`: where it stands in the text. */
  readonly malformed?: number
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Replaces `${NAME}` by the variable's value; `$${` stands for a plain `${`. Values are not expanded again. */
export function expandVariables(text: string, environment: Environment): Expanded {
  if (!text.includes('${')) return { text, used: [], missing: [] }
  const used: string[] = []
  const missing: string[] = []
  let malformed: number | undefined
  const expanded = text.replace(
    /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{/g,
    (match, name: string | undefined, at: number) => {
      if (match === '$${') return '${'
      if (name === undefined) {
        malformed ??= at
        return match
      }
      used.push(name)
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined
      if (value === undefined || value === '') missing.push(name)
      return value ?? ''
    },
  )
  return { text: expanded, used, missing, ...(malformed === undefined ? {} : { malformed }) }
}
