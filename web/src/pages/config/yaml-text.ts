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

/** The text with one value changed, or taken away when undefined; everything else, comments too, stays as it is written. */
export function withValue(text: string, path: ConfigPath, value: unknown): string {
  const document = parseDocument(text)
  if (value === undefined) document.deleteIn(path)
  else document.setIn(path, Array.isArray(value) ? flow(document.createNode(value)) : value)
  return document.toString({ lineWidth: 120, flowCollectionPadding: false })
}

function flow<T>(node: T): T {
  if (typeof node === 'object' && node !== null && 'flow' in node) node.flow = true
  return node
}

/** The text with one more item at the end of a list. */
export function withItem(text: string, path: ConfigPath, item: unknown): string {
  const document = parseDocument(text)
  const list = document.getIn(path)
  const isList = typeof list === 'object' && list !== null && 'items' in list && Array.isArray(list.items)
  if (isList && (list.items as unknown[]).length > 0) document.addIn(path, document.createNode(item))
  else document.setIn(path, document.createNode([item]))
  return document.toString({ lineWidth: 120, flowCollectionPadding: false })
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
