import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type Dataset, INTERVALS, type Interval, isInterval } from '../model/dataset.js'

// The data trees of dccd 2 and 3: {exchange}/ohlc/{PAIR}/{interval}/{YYYY}.parquet, {exchange}/trades|orderbook/{PAIR}/{YYYY-MM-DD}.parquet,
// {exchange}/funding/{PAIR}/{YYYY}.parquet, {exchange}/open_interest/{PAIR}/{interval}/{YYYY}.parquet. Version 2 also wrote CSV at these places.

/** A file of such a tree, and which dataset of ours it becomes. */
export interface TreeFile {
  /** Relative to the tree. */
  readonly path: string
  readonly dataset: Dataset
  readonly format: 'parquet' | 'csv'
}

export interface SkippedFile {
  readonly path: string
  readonly reason: string
}

const KIND = {
  ohlc: 'ohlc',
  trades: 'trades',
  orderbook: 'book_snapshots',
  funding: 'funding',
  open_interest: 'open_interest',
} as const

function isTable(text: string | undefined): text is keyof typeof KIND {
  return text !== undefined && Object.hasOwn(KIND, text)
}

/** Perpetuals of Binance are an exchange of their own here. */
function exchangeOf(exchange: string, market: string | undefined, quote: string): string {
  const id = exchange.toLowerCase()
  if (id !== 'binance' || market === undefined) return id
  return quote === 'USD' ? 'binance_coinm' : 'binance_usdm'
}

/** Every data file of a tree, in the order of their names, and what is left alone with the reason. */
export async function predecessorTree(root: string): Promise<{ files: TreeFile[]; skipped: SkippedFile[] }> {
  const files: TreeFile[] = []
  const skipped: SkippedFile[] = []
  const walk = async (folder: string): Promise<void> => {
    for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== '.dccd') await walk(path)
        continue
      }
      const name = relative(root, path).replaceAll('\\', '/')
      const found = classify(name)
      if (typeof found === 'string') skipped.push({ path: name, reason: found })
      else files.push(found)
    }
  }
  await walk(root)
  return { files, skipped }
}

/** What a file is by its place in the tree, or why it is none of it. */
export function classify(path: string): TreeFile | string {
  const [exchange = '', table, slug = '', ...rest] = path.split('/')
  const name = rest.at(-1) ?? ''
  const [, format] = /^\d{4}(?:-\d\d-\d\d)?\.(parquet|csv)$/.exec(name) ?? []
  if (!isTable(table) || (format !== 'parquet' && format !== 'csv')) {
    return /\.(xlsx?|db|sqlite)$/i.test(path)
      ? 'Excel and SQL files are not read: export them to CSV or Parquet at their place in the tree'
      : 'it is not where dccd 2 or 3 keeps data'
  }
  const [, base, quote, market] = /^([^-_]+)-([^-_]+)(?:_(.+))?$/.exec(slug) ?? []
  if (!base || !quote) return `${slug} is no pair`
  if (market !== undefined && market !== 'PERP') return `contracts that end are not named by their date: ${market}`
  const pair = `${base}/${quote}${market ? ':perp' : ''}`
  const of = { exchange: exchangeOf(exchange, market, quote), pair }
  const inInterval = table === 'ohlc' || table === 'open_interest'
  if (rest.length !== (inInterval ? 2 : 1)) return 'it is not where dccd 2 or 3 keeps data'
  if (table !== 'ohlc') return { path, format, dataset: { ...of, kind: KIND[table] } }
  const interval = intervalOf(rest[0] ?? '')
  return interval ? { path, format, dataset: { ...of, kind: 'ohlc', interval } } : `${rest[0]} is no interval`
}

/** `1h`, or `3600s` as dccd wrote what it had no name for. */
function intervalOf(text: string): Interval | undefined {
  if (isInterval(text)) return text
  const [, seconds] = /^(\d+)s?$/.exec(text) ?? []
  return Object.keys(INTERVALS).find(
    (name): name is Interval => isInterval(name) && INTERVALS[name] === Number(seconds),
  )
}
