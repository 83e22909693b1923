import type { WebSocket } from 'ws'
import type { Clock } from '../lib/clock.js'
import type { CorruptForm } from './fault.js'
import type { FaultEngine, FaultyConnection } from './fault-engine.js'
import type { FrameLabel, Link, Session, SocketManners } from './venue.js'

/** A client that reads slower than this is dropped, as venues do. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024
const HUGE_BYTES = 8 * 1024 * 1024
/** Symbols remembered per connection, for faults that choose connections by what they carry. */
const MAX_SYMBOLS = 10_000

export interface SocketLinkOptions {
  readonly exchange: string
  readonly number: number
  readonly manners: SocketManners
  readonly faults: FaultEngine
  readonly clock: Clock
  /** Counts a message of the client towards what its address may send; false when that is too much. */
  mayHear?(): boolean
  /** The client broke a limit and is dropped. */
  tooMany?(): void
}

/** A client's socket, seen by the venue as a `Link` and by faults as a `FaultyConnection`. */
export class SocketLink implements Link, FaultyConnection {
  readonly exchange: string
  readonly number: number
  /** Frames given to the socket. */
  sent = 0
  private readonly options: SocketLinkOptions
  private readonly symbols = new Set<string>()
  private socket: WebSocket | undefined
  private session: Session | undefined
  /** Frames from before the socket was open. */
  private early: { readonly text: string; readonly label: FrameLabel | undefined }[] = []
  /** Frames that wait for a delay to pass, in order. */
  private late: { readonly dueNs: bigint; readonly frames: readonly (string | Uint8Array)[] }[] = []
  /** A frame that its successor overtakes. */
  private held: string | undefined
  private hanging = 0
  private cancels: (() => void)[] = []
  private closing: { readonly code: number; readonly reason: string } | undefined

  constructor(options: SocketLinkOptions) {
    this.options = options
    this.exchange = options.exchange
    this.number = options.number
  }

  /** Takes over an open socket; `session` hears what comes in. */
  attach(socket: WebSocket, session: Session): void {
    const { faults, clock, manners } = this.options
    this.socket = socket
    this.session = session
    let answeredAt = clock.mono()
    const recent: bigint[] = []
    const heard = (): boolean => {
      if (this.hanging > 0) return false
      if (inTime(recent, manners.messagesPerSecond, clock.mono()) && this.options.mayHear?.() !== false) return true
      this.options.tooMany?.()
      this.close(1008, 'Too many requests')
      return false
    }
    socket.on('message', (data, isBinary) => {
      if (!heard()) return
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Uint8Array)
      session.receive(isBinary ? '' : bytes.toString('utf8'))
    })
    socket.on('ping', (data) => {
      if (heard()) socket.pong(data)
    })
    socket.on('pong', () => {
      answeredAt = clock.mono()
      heard()
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      for (const cancel of this.cancels) cancel()
      this.cancels = []
      this.late = []
      faults.leave(this)
      session.closed()
    })
    faults.join(this)
    const { pingEveryMs, pongWithinMs, lifetimeMs } = manners
    if (pingEveryMs !== undefined)
      this.every(pingEveryMs, () => {
        const silentMs = Number(clock.mono() - answeredAt) / 1e6
        if (pongWithinMs !== undefined && silentMs > pingEveryMs + pongWithinMs) this.cut()
        else if (this.hanging === 0) socket.ping(String(Date.now()))
      })
    if (lifetimeMs !== undefined) this.after(lifetimeMs, () => this.close(1001, ''))
    for (const { text, label } of this.early) this.send(text, label)
    this.early = []
    if (this.closing) socket.close(this.closing.code, this.closing.reason)
  }

  send(text: string, label?: FrameLabel): void {
    if (!this.socket) {
      this.early.push({ text, label })
      return
    }
    if (label?.symbol !== undefined && this.symbols.size < MAX_SYMBOLS) this.symbols.add(label.symbol)
    if (this.hanging > 0) return
    const found = this.options.faults.frameFault(this, label)
    switch (found?.name) {
      case 'lose':
        return
      case 'repeat':
        this.pass([text, text])
        return
      case 'reorder':
        if (this.held === undefined) this.held = text
        else this.pass([text])
        return
      case 'corrupt':
        this.pass([corrupted(text, found.fault.form ?? 'truncated')])
        return
      case 'checksum':
        this.pass([label?.spoiled?.() ?? text])
        return
      case undefined:
        this.pass([text])
    }
  }

  warn(): void {
    this.session?.warn?.()
  }

  maintenance(begins: boolean): void {
    this.session?.maintenance?.(begins)
  }

  close(code: number, reason: string): void {
    if (this.socket) this.socket.close(code, reason)
    else this.closing = { code, reason }
  }

  carries(symbol: string): boolean {
    return this.symbols.has(symbol)
  }

  cut(): void {
    this.socket?.terminate()
  }

  hang(ms: number): void {
    this.hanging++
    this.socket?.pause()
    this.after(ms, () => {
      this.hanging--
      if (this.hanging === 0) this.socket?.resume()
    })
  }

  private pass(frames: readonly (string | Uint8Array)[]): void {
    const { clock, faults } = this.options
    const held = this.held
    if (held !== undefined) this.held = undefined
    const all = held === undefined ? frames : [...frames, held]
    const delayMs = faults.delayMs(this)
    if (delayMs === 0 && this.late.length === 0) {
      for (const frame of all) this.write(frame)
      return
    }
    const now = clock.mono()
    const last = this.late.at(-1)?.dueNs ?? 0n
    const due = now + BigInt(Math.round(delayMs * 1e6))
    this.late.push({ dueNs: due > last ? due : last, frames: all })
    if (this.late.length === 1) this.after(delayMs, () => this.flushLate())
  }

  private flushLate(): void {
    const now = this.options.clock.mono()
    while (this.late[0] && this.late[0].dueNs <= now)
      for (const frame of this.late.shift()?.frames ?? []) this.write(frame)
    const next = this.late[0]
    if (next) this.after(Math.max(1, Number(next.dueNs - now) / 1e6), () => this.flushLate())
  }

  private write(frame: string | Uint8Array): void {
    const { socket } = this
    if (!socket || this.hanging > 0) return
    this.sent++
    socket.send(frame)
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) this.cut()
  }

  private after(ms: number, callback: () => void): void {
    const cancel = this.options.clock.after(ms, () => {
      const at = this.cancels.indexOf(cancel)
      if (at >= 0) this.cancels.splice(at, 1)
      callback()
    })
    this.cancels.push(cancel)
  }

  private every(ms: number, callback: () => void): void {
    this.cancels.push(this.options.clock.every(ms, callback))
  }
}

/** Counts something that happens `now`; false where more than `limit` of it happen within a second. */
export function inTime(recent: bigint[], limit: number | undefined, now: bigint): boolean {
  if (limit === undefined) return true
  recent.push(now)
  if (recent.length <= limit) return true
  const oldest = recent.shift() ?? 0n
  return now - oldest >= 1_000_000_000n
}

function corrupted(text: string, form: CorruptForm): string | Uint8Array {
  switch (form) {
    case 'truncated':
      return text.slice(0, Math.ceil(text.length / 2))
    case 'binary':
      return Buffer.from(text).map((byte) => byte ^ 0xff)
    case 'text':
      return '<html>502 Bad Gateway</html>'
    case 'huge':
      return `${text.slice(0, -1)},"${'x'.repeat(HUGE_BYTES)}"`
  }
}
