import { applyPatch, diffLines, structuredPatch } from 'diff'
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, parseDocument, type Scalar, visit } from 'yaml'
import { type KeyPath, pathText } from './path.js'
import { ConfigError, type Problem } from './problem.js'
import { HIDDEN, hidden } from './redact.js'
import { respaced } from './respaced.js'

/** One change of a config as it is written. Without a value the key goes. A list grows by an index at its end. */
export interface ConfigChange {
  readonly path: KeyPath
  readonly value?: unknown
}

/**
 * The text with changes made in place: comments, order, quotes and the writer's style stay. Throws CONFIG_INVALID when the text is no YAML or a path
 * leads through something that is no group and no list.
 */
export function editYaml(text: string, changes: readonly ConfigChange[], file = 'config'): string {
  const document = readable(text, file)
  const style = styleOf(text)
  const before = writtenOut(document, style, file)
  for (const { path, value } of changes) {
    try {
      if (value === undefined) removeAt(document, path)
      else if (path.length === 0)
        document.contents = document.createNode(value) as never // any node may be the contents
      else setAt(document, path, value)
    } catch (cause) {
      const message = `${pathText(path)} cannot be set: what stands above it is no group and no list`
      throw new ConfigError(file, [{ path: pathText(path), line: 1, column: 1, message }], { cause })
    }
  }
  return carriedOver(text, before, writtenOut(document, style, file))
}

function writtenOut(document: Document, style: ReturnType<typeof styleOf>, file: string): string {
  try {
    return document.toString(style)
  } catch (cause) {
    // Such as an alias of nothing.
    const message = `not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new ConfigError(file, [{ path: '', line: 1, column: 1, message }], { cause })
  }
}

/**
 * The edited document, with every line that the edit did not touch as it was written: writing a document out spaces lists and comments its own
 * way. `before` and `after`: the document written out before and after the edit; their difference is applied to the text itself.
 */
function carriedOver(text: string, before: string, after: string): string {
  if (before === after) return text
  const patch = structuredPatch('', '', before, after, '', '', { context: 2 })
  const squeezed = (line: string) => line.replace(/\s/g, '')
  const merged = applyPatch(text, patch, {
    autoConvertLineEndings: false,
    compareLine: (_number, line, _operation, content) => squeezed(line) === squeezed(content),
  })
  if (merged === false || !sameValues(merged, after)) return after
  const asWritten = changedLinesRespaced(text, merged)
  return sameValues(asWritten, after) ? asWritten : merged
}

/** Within lines that changed, what stands beside the change keeps its spaces. */
function changedLinesRespaced(text: string, merged: string): string {
  const parts = diffLines(text, merged)
  return parts
    .map(({ removed, added, value }, at) => {
      const before = parts[at - 1]
      return removed ? '' : added && before?.removed ? respaced(before.value, value) : value
    })
    .join('')
}

function sameValues(a: string, b: string): boolean {
  const [left, right] = [parseDocument(a, { merge: false }), parseDocument(b, { merge: false })]
  return left.errors.length === 0 && JSON.stringify(left.toJS()) === JSON.stringify(right.toJS())
}

function setAt(document: Document, path: KeyPath, value: unknown): void {
  const before = document.getIn(path, true)
  // A scalar keeps its comment and its quotes.
  if (isScalar(before) && !before.anchor && (typeof value !== 'object' || value === null)) {
    const plain = before.type === 'PLAIN' && typeof value !== typeof before.value
    before.value = value
    if (plain) delete before.type
    delete (before as Scalar & { source?: string }).source
    return
  }
  const node = document.createNode(value)
  if (isNode(before)) {
    if (before.comment) node.comment = before.comment
    if (before.commentBefore) node.commentBefore = before.commentBefore
    if (before.spaceBefore) node.spaceBefore = true
  }
  const list = document.getIn(path.slice(0, -1), true)
  visit(node, {
    // Lists of plain values are written in one line.
    Seq: (_key, list) => {
      if (list.items.every(isScalar)) list.flow = true
    },
  })
  if (isSeq(list) && list.items.length > 0 && isScalar(node)) node.spaceBefore = false
  document.setIn(path, node)
}

function removeAt(document: Document, path: KeyPath): void {
  document.deleteIn(path)
}

/** How the writer indents and spaces, so that an edit changes what it changes and nothing else. */
function styleOf(text: string) {
  const indent = /^\w[^\n]*:[ \t]*\r?\n(?:\s*(?:#[^\n]*)?\r?\n)*( +)[\w-]/m.exec(text)?.[1]?.length ?? 2
  return {
    lineWidth: 0,
    flowCollectionPadding: /\[ +\S/.test(text),
    indent: indent < 1 || indent > 8 ? 2 : indent,
    indentSeq: !/^( *)[\w-]+:[ \t]*\r?\n\1- /m.test(text),
  }
}

/** The text without its secrets; undefined when it cannot be read, so that nobody could tell where they stand. */
export function redactYaml(text: string): string | undefined {
  const document = parseDocument(text, { prettyErrors: false, merge: false })
  if (document.errors.length > 0) return undefined
  const parts: { readonly from: number; readonly until: number; readonly by: string }[] = []
  for (const { node, path } of scalars(document)) {
    const { value, range } = node
    if (typeof value !== 'string' || !range) continue
    const shown = hidden(value, path)
    if (shown !== value) parts.push({ from: range[0], until: range[1], by: JSON.stringify(shown) })
  }
  return replaced(text, parts)
}

/**
 * A redacted text that somebody edited, with the secrets of the original put back where they were left as they are. Throws CONFIG_INVALID where it
 * cannot be told which secret is meant.
 */
export function restoreSecrets(text: string, original: string, file = 'config'): string {
  if (!text.includes(HIDDEN)) return text
  const before = parseDocument(original, { prettyErrors: false, merge: false })
  const after = parseDocument(text, { prettyErrors: false, merge: false })
  // What cannot be read is refused with its line by whoever checks the whole.
  if (after.errors.length > 0) return text
  const known = scalars(before).flatMap(({ node, path }) => {
    const { value, range } = node
    if (typeof value !== 'string' || !range) return []
    const shown = hidden(value, path)
    return shown === value
      ? []
      : [{ path: pathText(path), key: path.at(-1), shown, source: original.slice(range[0], range[1]) }]
  })
  const parts: { from: number; until: number; by: string }[] = []
  const problems: Problem[] = []
  for (const { node, path } of scalars(after)) {
    const { value, range } = node
    if (typeof value !== 'string' || !range || !value.includes(HIDDEN)) continue
    const same = known.filter(({ shown }) => shown === value)
    const here = same.find((each) => each.path === pathText(path))
    const named = same.filter(({ key }) => key === path.at(-1) || typeof key === 'number')
    const meant = here ?? (new Set(named.map(({ source }) => source)).size === 1 ? named[0] : undefined)
    if (meant) parts.push({ from: range[0], until: range[1], by: meant.source })
    else {
      const lines = text.slice(0, range[0]).split('\n')
      const place = { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
      const message = `${pathText(path)} holds ${HIDDEN}, which stands for no secret of the config; write the value itself`
      problems.push({ path: pathText(path), ...place, message })
    }
  }
  if (problems.length > 0) throw new ConfigError(file, problems)
  return replaced(text, parts)
}

function replaced(
  text: string,
  parts: readonly { readonly from: number; readonly until: number; readonly by: string }[],
): string {
  let result = text
  // From the end, each place once: an anchor is found again under each of its aliases.
  const places = new Map(parts.map((part) => [part.from, part]))
  for (const { from, until, by } of [...places.values()].sort((a, b) => b.from - a.from))
    result = result.slice(0, from) + by + result.slice(until)
  return result
}

const MOST_VALUES = 100_000

/** Every value that stands in the document, with the path of its key; one that an alias repeats is found under each of its paths. */
function scalars(document: Document): { readonly node: Scalar; readonly path: KeyPath }[] {
  const found: { node: Scalar; path: KeyPath }[] = []
  const walk = (node: unknown, path: KeyPath): void => {
    if (found.length > MOST_VALUES || path.length > 20) return
    if (isAlias(node)) walk(node.resolve(document), path)
    else if (isScalar(node)) found.push({ node, path })
    else if (isSeq(node)) node.items.forEach((item, index) => void walk(item, [...path, index]))
    else if (isMap(node))
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : ''
        walk(value, name === '<<' ? path : [...path, name])
      }
  }
  walk(document.contents, [])
  return found
}

function readable(text: string, file: string): Document {
  const document = parseDocument(text, { prettyErrors: false, merge: false })
  const [error] = document.errors
  if (!error) return document
  const lines = text.slice(0, error.pos[0]).split('\n')
  const place = { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
  throw new ConfigError(file, [{ path: '', ...place, message: `not valid YAML: ${error.message}` }])
}
