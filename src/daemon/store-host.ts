import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { Backoff } from '../lib/backoff.js'
import type { Clock } from '../lib/clock.js'
import { asCollectorError, CollectorError } from '../model/error.js'
import type { Instrument } from '../model/instrument.js'
import type { StoredRun } from '../store/catalog.js'
import type { RecorderStore } from './recorder.js'

/** One life of the store thread. */
export interface StoreThread extends Omit<RecorderStore, 'connect'> {
  /** The thread serves a client at the other end of this port. */
  serve(port: MessagePort): void
}

export interface StoreHostOptions {
  readonly clock: Clock
  readonly random: () => number
  /** Starts the thread; `onExit` hears when it ends without having been closed. */
  open(onExit: (reason: string) => void): Promise<StoreThread>
  onError(error: CollectorError): void
}

/**
 * The store over the lives of its thread (durability O3). When the thread dies another is started, after a while that grows with each failure; calls made
 * meanwhile wait for it. What was submitted and not committed went with the dead one: `onRestart` tells, so that it is derived again.
 */
export class StoreHost implements RecorderStore {
  readonly #options: StoreHostOptions
  readonly #backoff: Backoff
  #current: Promise<StoreThread>
  #bornAt: bigint
  #closing = false
  #restarted: () => void = () => {}

  private constructor(options: StoreHostOptions) {
    this.#options = options
    this.#backoff = new Backoff({ random: options.random })
    this.#bornAt = options.clock.mono()
    this.#current = options.open((reason) => this.#died(reason))
  }

  /** Throws what keeps the first thread from opening. */
  static async open(options: StoreHostOptions): Promise<StoreHost> {
    const host = new StoreHost(options)
    await host.#current
    return host
  }

  /** Called each time another thread has opened. */
  onRestart(listener: () => void): void {
    this.#restarted = listener
  }

  #died(reason: string): void {
    if (this.#closing) return
    const { clock, onError } = this.#options
    onError(new CollectorError('PROCESS_CRASHED', `the store thread died and is started again: ${reason}`))
    const lived = Number(clock.mono() - this.#bornAt) / 1e6
    this.#current = this.#again(lived)
    this.#current.then(
      () => this.#restarted(),
      () => {},
    )
  }

  async #again(lived: number): Promise<StoreThread> {
    const { clock, open, onError } = this.#options
    for (let wait = this.#backoff.next(lived); ; wait = this.#backoff.next()) {
      await new Promise<void>((resolve) => {
        clock.after(wait, resolve)
      })
      if (this.#closing) throw new CollectorError('PROCESS_STOPPED', 'the store is closed')
      try {
        this.#bornAt = clock.mono()
        return await open((reason) => this.#died(reason))
      } catch (error) {
        onError(asCollectorError(error, 'STORE_FAILED'))
      }
    }
  }

  /** A call that may be made again: when the thread died under it, the next one gets it. */
  async #repeat<T>(call: (thread: StoreThread) => Promise<T>): Promise<T> {
    for (;;) {
      const life = this.#current
      const thread = await life
      try {
        return await call(thread)
      } catch (error) {
        // Its end is heard a moment after its port closed.
        await new Promise<void>((resolve) => {
          this.#options.clock.after(0, resolve)
        })
        if (this.#closing || this.#current === life) throw error
      }
    }
  }

  allocateLane(): Promise<number> {
    return this.#repeat((thread) => thread.allocateLane())
  }

  reserveConnections(count: number): Promise<number> {
    return this.#repeat((thread) => thread.reserveConnections(count))
  }

  laneState() {
    return this.#repeat((thread) => thread.laneState())
  }

  backedUpLanes() {
    return this.#repeat((thread) => thread.backedUpLanes())
  }

  closeLane(lane: number): Promise<void> {
    return this.#repeat((thread) => thread.closeLane(lane))
  }

  loadInstruments(exchange: string) {
    return this.#repeat((thread) => thread.loadInstruments(exchange))
  }

  saveInstruments(exchange: string, list: readonly Instrument[]): Promise<void> {
    return this.#repeat((thread) => thread.saveInstruments(exchange, list))
  }

  wantedSince() {
    return this.#repeat((thread) => thread.wantedSince())
  }

  endWanted(datasets: readonly string[]): Promise<void> {
    return this.#repeat((thread) => thread.endWanted(datasets))
  }

  newRun(): Promise<number> {
    return this.#repeat((thread) => thread.newRun())
  }

  saveRun(run: StoredRun): Promise<void> {
    return this.#repeat((thread) => thread.saveRun(run))
  }

  forgetRuns(before: number, states: readonly string[]): Promise<void> {
    return this.#repeat((thread) => thread.forgetRuns(before, states))
  }

  gaps() {
    return this.#repeat((thread) => thread.gaps())
  }

  /** Not made again by itself: the next thread has nothing of what was to be committed. */
  async commit(): Promise<unknown> {
    return await (await this.#current).commit()
  }

  async publish(options: { readonly all?: boolean }, signal?: AbortSignal): Promise<unknown> {
    return await (await this.#current).publish(options, signal)
  }

  /** A port for another thread; it closes when the store's thread dies. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#current.then(
      (thread) => thread.serve(port1),
      () => port1.close(),
    )
    return port2
  }

  async close(): Promise<void> {
    this.#closing = true
    const thread = await this.#current.catch(() => undefined)
    await thread?.close()
  }
}
