import { parseDocument } from 'yaml'
import { isRecord } from '../../api/api-client.js'

export type ConfigPath = readonly (string | number)[]

/** What a text says, for the form; undefined while it is not YAML. */
export function valuesOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const document = parseDocument(text)
  if (document.errors.length > 0) return undefined
  const value: unknown = document.toJS()
  return isRecord(value) ? value : {}
}

export function recordAt(values: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const value = values[key]
  return isRecord(value) ? value : {}
}

export function recordsAt(
  values: Readonly<Record<string, unknown>>,
  key: string,
): readonly Readonly<Record<string, unknown>>[] {
  const value = values[key]
  return Array.isArray(value) ? value.map((each) => (isRecord(each) ? each : {})) : []
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
