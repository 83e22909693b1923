import { readFile } from 'node:fs/promises'
import { type Clock, systemClock } from '../lib/clock.js'
import { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import { binance } from './binance/venue.js'
import { binanceCoinm, binanceUsdm } from './binance-futures/venue.js'
import { bitfinex } from './bitfinex/venue.js'
import { bitmex } from './bitmex/venue.js'
import { bybit } from './bybit/venue.js'
import { coinbase } from './coinbase/venue.js'
import { coinbaseAdvanced } from './coinbase-advanced/venue.js'
import { coins, MOST_COINS } from './coins.js'
import { parseFaultScript } from './fault.js'
import { concerns, FaultEngine } from './fault-engine.js'
import { kraken } from './kraken/venue.js'
import { Market } from './market.js'
import { okx } from './okx/venue.js'
import { openPlayer, type PlayOptions } from './player.js'
import { EmulatorServer } from './server.js'
import { LineFile, noTruth, type Truth, writtenTruth } from './truth.js'
import type { Venue, VenueKind } from './venue.js'

/** Every venue that can be emulated. */
export const VENUES: readonly VenueKind[] = [
  binance,
  binanceUsdm,
  binanceCoinm,
  kraken,
  bitfinex,
  coinbase,
  coinbaseAdvanced,
  bybit,
  bitmex,
  okx,
]

const TICK_MS = 20
/** How the past is gone through. */
/** See pastInMemory. */
const MOST_PAST_EVENTS = 10e6
const PAST_STEP: Nanos = 1_000_000_000n

export interface EmulatorOptions {
  /** 0 takes a free one. */
  readonly port: number
  readonly seed?: string
  /** Mean market events per second and instrument. */
  readonly rate?: number
  /** Instruments per exchange. */
  readonly instruments?: number
  /** Ids; all that can be emulated when absent. */
  readonly exchanges?: readonly string[]
  /** Where to write what really happened, as ndjson. */
  readonly truth?: string
  /** A script of faults, ndjson. */
  readonly faults?: string
  /** Where to write the faults that were carried out, as ndjson. */
  readonly faultLog?: string
  /** How long the markets have been running when it starts, seconds: the past that REST serves, kept whole. */
  readonly past?: number
  /** A recording to repeat, instead of seeded markets. */
  readonly play?: PlayOptions
  /** Every exchange ends each connection after this long, instead of after the time that is its own. */
  readonly lifetimeMs?: number
  readonly clock?: Clock
}

export interface Emulator {
  readonly port: number
  /** Ends every connection, writes the files to their end; rejects where a file is not complete. May be called twice. */
  close(): Promise<void>
}

interface Running {
  readonly venue: Venue
  /** Of a seeded market; a recording has none. */
  readonly market: Market | undefined
  readonly truth: Truth
}

/** Starts emulated exchanges on 127.0.0.1. Throws USAGE for options that make no sense, PORT_IN_USE when the port is taken. */
export async function startEmulator(options: EmulatorOptions, signal?: AbortSignal): Promise<Emulator> {
  const kinds = chosenKinds(options.exchanges)
  const count = inRange('--instruments', options.instruments ?? 10, 1, MOST_COINS)
  const rate = inRange('--rate', options.rate ?? 20, 0, 10_000)
  pastInMemory(inRange('--past', options.past ?? 0, 0, 10 * 365 * 86_400) * kinds.length * count * rate)
  const recorded = options.play && [await openPlayer(options.play)]
  const script =
    options.faults === undefined
      ? []
      : parseFaultScript(await faultScript(options.faults), (recorded ?? kinds).map(exchangeOf))
  signal?.throwIfAborted()
  const clock = options.clock ?? systemClock()
  const files: LineFile[] = []
  const file = (path: string | undefined) => {
    if (path === undefined) return undefined
    const opened = new LineFile(path, clock)
    files.push(opened)
    return (line: string) => opened.write(line)
  }
  try {
    const writeTruth = file(options.truth)
    const faults = new FaultEngine(clock, file(options.faultLog), (fault) => {
      for (const { venue, market } of running)
        if (concerns(fault, venue.exchange)) market?.burst(fault.count, fault.symbol)
    })
    const startWall = clock.wall()
    const began = startWall - BigInt(Math.round((options.past ?? 0) * 1000)) * 1_000_000n
    const kept = options.past ? { kept: Number.POSITIVE_INFINITY } : {}
    const startMono = clock.mono()
    let now: Nanos = began
    const counts = { turns: 0, trades: 0 }
    const seeded = (kind: VenueKind): Running => {
      const { exchange } = kind
      const specs = kind.instruments(coins(count))
      const seed = `${options.seed ?? '1'} ${exchange}`
      const market = new Market(specs, { seed, rate, stepNs: kind.stepNs, start: began, ...kept })
      const truth = writeTruth ? writtenTruth(exchange, writeTruth) : noTruth
      for (const instrument of market.instruments) truth.quote(instrument, began)
      const venue = kind.open({
        market,
        seed,
        clock,
        truth,
        now: () => now,
        rejects: (channel, symbol) => faults.rejects(exchange, channel, symbol),
        page: (rows) => faults.page(exchange, rows),
        delisted: (symbol) => faults.delisted(exchange, symbol),
      })
      return { venue, market, truth }
    }
    const running: readonly Running[] =
      recorded?.map((venue) => ({ venue, market: undefined, truth: noTruth })) ?? kinds.map(seeded)
    const server = new EmulatorServer({
      venues: running.map(({ venue }) => venue),
      faults,
      clock,
      ...(options.lifetimeMs === undefined ? {} : { lifetimeMs: options.lifetimeMs }),
      state: () => ({
        seed: options.seed ?? '1',
        rate,
        instruments: count,
        started: String(startWall),
        now: String(now),
        ...counts,
        ...Object.assign({}, ...running.map(({ venue }) => venue.state?.())),
      }),
    })
    const happen = () => {
      for (const { venue, market, truth } of running) {
        market?.advance(now, (turn) => {
          counts.turns++
          counts.trades += turn.trades.length
          venue.happened(turn)
          truth.quote(turn.instrument, turn.time)
        })
        venue.tick(now)
      }
    }
    for (; now < startWall; now += PAST_STEP) happen()
    const port = await server.listen(options.port)
    const stopTicking = clock.every(TICK_MS, () => {
      // Time is the start plus what has passed on the monotonic clock: it never goes back, whatever is done to the wall clock.
      now = startWall + (clock.mono() - startMono)
      happen()
    })
    faults.schedule(script)
    let closed: Promise<void> | undefined
    const close = () => {
      closed ??= (async () => {
        stopTicking()
        faults.close()
        await server.close()
        for (const each of files) each.close()
        for (const { failed } of files) if (failed) throw failed
      })()
      return closed
    }
    signal?.addEventListener('abort', () => void close().catch(() => {}), { once: true })
    if (signal?.aborted) await close()
    return { port, close }
  } catch (error) {
    for (const each of files) each.close()
    throw error
  }
}

function chosenKinds(wanted: readonly string[] | undefined): readonly VenueKind[] {
  if (wanted === undefined) return VENUES
  return [...new Set(wanted)].map((exchange) => {
    const kind = VENUES.find((each) => each.exchange === exchange)
    if (kind) return kind
    throw new CollectorError('USAGE', `No exchange ${exchange} can be emulated.`, {
      remedy: `Give --exchanges some of: ${VENUES.map(exchangeOf).join(', ')}.`,
    })
  })
}

function exchangeOf(kind: { readonly exchange: string }): string {
  return kind.exchange
}

function inRange(option: string, value: number, from: number, to: number): number {
  if (Number.isFinite(value) && value >= from && value <= to) return value
  throw new CollectorError('USAGE', `${option} is ${value}.`, { remedy: `Give a number from ${from} to ${to}.` })
}

/** The past is kept whole, about 200 bytes an event, and made before the first answer, about 200,000 events a second. */
function pastInMemory(events: number): void {
  if (events <= MOST_PAST_EVENTS) return
  throw new CollectorError('USAGE', `--past would make about ${Math.round(events / 1e6)} million events of the past.`, {
    remedy: `Choose fewer --exchanges or --instruments, a lower --rate or a shorter --past: at most ${MOST_PAST_EVENTS / 1e6} million.`,
  })
}

async function faultScript(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new CollectorError('USAGE', `Cannot read the fault script ${path}.`, {
      remedy: 'Give the path of a file with one fault a line.',
      cause: error,
    })
  }
}
