import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'

export interface Column<Row> {
  readonly id: string
  readonly title: string
  /** A track of CSS grid: `120px`, `minmax(90px, 1fr)`. */
  readonly width: string
  readonly align?: 'right'
  /** Where the table is too narrow for all, the column with the largest goes first; never when absent. */
  readonly drop?: number
  /** `has` tells which columns there was room for: what stands in none of its own can be said here. */
  cell(row: Row, has: (column: string) => boolean): ComponentChildren
  /** What it is sorted by; not sortable when absent. */
  order?(row: Row): number | string
}

interface Props<Row> {
  /** What it holds, for screen readers. */
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  id(row: Row): string
  onOpen?(row: Row): void
  /** Ids that are chosen; rows can be chosen when given. */
  readonly chosen?: ReadonlySet<string>
  onChoose?(chosen: ReadonlySet<string>): void
  readonly opened?: string | undefined
  readonly empty?: ComponentChildren
  readonly sort?: { readonly column: string; readonly down?: boolean }
}

const EXTRA = 8

/** A table of any length: only what is in sight is in the page. Arrows move, Enter opens, x chooses. */
export function DataTable<Row>(props: Props<Row>) {
  const { label, rows, columns, id, onOpen, chosen, onChoose, opened, empty } = props
  const box = useRef<HTMLDivElement>(null)
  const [sort, setSort] = useState<{ column: string; down: boolean } | undefined>(
    props.sort && { column: props.sort.column, down: props.sort.down ?? false },
  )
  const [view, setView] = useState({ top: 0, height: 600, width: 1200, row: 32 })
  const [here, setHere] = useState(-1)

  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const measure = () => {
      const row = Number.parseFloat(getComputedStyle(element).getPropertyValue('--row')) || 32
      setView((before) => ({ ...before, height: element.clientHeight, width: element.clientWidth, row }))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const shown = useMemo(() => columnsFor(columns, view.width), [columns, view.width])
  const has = (id: string) => shown.some((column) => column.id === id)
  const sorted = useMemo(() => {
    const column = columns.find((each) => each.id === sort?.column)
    const order = column?.order
    if (!order || !sort) return rows
    const direction = sort.down ? -1 : 1
    return rows
      .map((row) => ({ row, by: order(row) }))
      .sort((a, b) => compare(a.by, b.by) * direction)
      .map(({ row }) => row)
  }, [rows, columns, sort])

  const template = `${onChoose ? '18px ' : ''}${shown.map(({ width }) => width).join(' ')}`
  const first = Math.max(0, Math.floor(view.top / view.row) - EXTRA)
  const last = Math.min(sorted.length, Math.ceil((view.top + view.height) / view.row) + EXTRA)

  const moveTo = (index: number) => {
    const next = Math.min(Math.max(index, 0), sorted.length - 1)
    setHere(next)
    const element = box.current
    if (!element || next < 0) return
    const top = next * view.row
    const visible = element.clientHeight - view.row
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + view.row > element.scrollTop + visible) element.scrollTop = top + view.row - visible
  }
  const choose = (row: Row) => {
    if (!onChoose || !chosen) return
    const next = new Set(chosen)
    if (!next.delete(id(row))) next.add(id(row))
    onChoose(next)
  }
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor(view.height / view.row) - 2)
    const row = sorted[here]
    const moves: Record<string, () => void> = {
      ArrowDown: () => moveTo(here + 1),
      j: () => moveTo(here + 1),
      ArrowUp: () => moveTo(here - 1),
      k: () => moveTo(here - 1),
      PageDown: () => moveTo(here + page),
      PageUp: () => moveTo(here - page),
      Home: () => moveTo(0),
      End: () => moveTo(sorted.length - 1),
      Enter: () => row && onOpen?.(row),
      x: () => row && choose(row),
    }
    const move = moves[event.key]
    if (!move || (event.target instanceof HTMLButtonElement && event.key === 'Enter')) return
    event.preventDefault()
    event.stopPropagation()
    move()
  }
  useEffect(() => {
    if (here >= sorted.length) setHere(sorted.length - 1)
  }, [sorted.length, here])

  const all = sorted.length > 0 && chosen !== undefined && sorted.every((row) => chosen.has(id(row)))
  const rowId = (index: number) => `${label.replaceAll(/\W+/g, '-')}-${index}`
  return (
    <div
      ref={box}
      class="grid"
      role="grid"
      aria-label={label}
      aria-rowcount={sorted.length + 1}
      aria-colcount={shown.length + (onChoose ? 1 : 0)}
      aria-multiselectable={onChoose ? 'true' : undefined}
      aria-activedescendant={here >= first && here < last ? rowId(here) : undefined}
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop } = event.currentTarget
        setView((before) => ({ ...before, top: scrollTop }))
      }}
      onKeyDown={pressed}
    >
      <div class="head" role="rowgroup">
        <div class="line" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          {onChoose && (
            <div class="cell" role="columnheader">
              <input
                type="checkbox"
                aria-label="Choose all"
                checked={all}
                onChange={() => onChoose(all ? new Set() : new Set(sorted.map(id)))}
              />
            </div>
          )}
          {shown.map((column) => {
            const active = sort?.column === column.id
            return (
              <div
                key={column.id}
                class={`cell ${column.align ?? ''}`}
                role="columnheader"
                aria-sort={active ? (sort.down ? 'descending' : 'ascending') : undefined}
              >
                {column.order ? (
                  <button
                    type="button"
                    tabIndex={-1}
                    onClick={() => setSort({ column: column.id, down: active ? !sort.down : column.align === 'right' })}
                  >
                    {column.title}
                    {active && <span aria-hidden="true">{sort.down ? '↓' : '↑'}</span>}
                  </button>
                ) : (
                  column.title
                )}
              </div>
            )
          })}
        </div>
      </div>
      {sorted.length === 0 && (
        <div role="rowgroup">
          <div role="row">
            <div role="gridcell">{empty}</div>
          </div>
        </div>
      )}
      <div class="lines" role="rowgroup" style={{ height: `${sorted.length * view.row}px` }}>
        {sorted.slice(first, last).map((row, offset) => {
          const index = first + offset
          const key = id(row)
          return (
            <div
              key={key}
              id={rowId(index)}
              class={`line${onOpen ? ' open' : ''}${index === here || key === opened ? ' here' : ''}`}
              role="row"
              tabIndex={-1}
              aria-rowindex={index + 2}
              aria-selected={chosen ? chosen.has(key) : undefined}
              style={{ gridTemplateColumns: template, top: `${index * view.row}px` }}
              onClick={(event) => {
                if (event.target instanceof Element && event.target.closest('button, a, input')) return
                setHere(index)
                onOpen?.(row)
              }}
            >
              {onChoose && (
                <div class="cell" role="gridcell" tabIndex={-1}>
                  <input
                    type="checkbox"
                    tabIndex={-1}
                    aria-label={`Choose ${key}`}
                    checked={chosen?.has(key) ?? false}
                    onChange={() => choose(row)}
                  />
                </div>
              )}
              {shown.map((column) => (
                <div
                  key={column.id}
                  class={`cell ${column.align ?? ''}`}
                  data-column={column.id}
                  role="gridcell"
                  tabIndex={-1}
                >
                  {column.cell(row, has)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}

const GAP = 12
const EDGES = 24 + 18

/** The columns that there is room for. */
function columnsFor<Row>(columns: readonly Column<Row>[], width: number): readonly Column<Row>[] {
  let shown = columns
  const wide = () => shown.reduce((sum, each) => sum + GAP + Number(/(\d+)px/.exec(each.width)?.[1] ?? 0), EDGES)
  while (wide() > width) {
    const droppable = shown.filter(({ drop }) => drop !== undefined)
    const least = droppable.reduce<Column<Row> | undefined>(
      (a, b) => (a && (a.drop ?? 0) >= (b.drop ?? 0) ? a : b),
      undefined,
    )
    if (!least) break
    shown = shown.filter((each) => each !== least)
  }
  return shown
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}
