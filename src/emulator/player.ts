import { basename } from 'node:path'
import { CollectorError } from '../model/error.js'
import type { Nanos } from '../model/time.js'
import { BinancePlayback } from './binance/playback.js'
import { BitfinexPlayback } from './bitfinex/playback.js'
import { nearestAnswer, type RecordedFrame, type Recording, readRecording } from './recording.js'
import { Timeline } from './timeline.js'
import type { HttpAnswer, HttpRequest, Link, Session, SocketManners, Venue } from './venue.js'

export interface PlayOptions {
  /** ndjson, gzipped where the name ends in `.gz`. */
  readonly file: string
  /** Id; the beginning of the file's name when absent. */
  readonly exchange?: string
  /** The first one with frames when absent. */
  readonly capture?: string
  /** Seconds of the recording in one second, 1 when absent. */
  readonly pace?: number | 'max'
}

/** What a playback of one exchange can use. */
export interface PlaybackContext {
  readonly recording: Recording
  /** A client asked for something: frames begin when clients have been quiet for a moment. */
  asked(): void
  /** Whether a frame's time has passed. */
  passed(frame: RecordedFrame): boolean
  /** The recording's clock. */
  position(): Nanos
}

/** How recorded frames of one exchange go to clients that talk its protocol. */
export interface Playback {
  readonly manners: SocketManners
  /** The frames of the recording that are played: those of one connection, or all. */
  readonly frames: readonly RecordedFrame[]
  connect(link: Link, path: string, query: URLSearchParams): Session | undefined
  play(frame: RecordedFrame): void
  /** Answers that are not just looked up. */
  answer(request: HttpRequest): string | undefined
}

type PlaybackKind = new (context: PlaybackContext) => Playback

const PLAYBACKS: Readonly<Record<string, PlaybackKind>> = { binance: BinancePlayback, bitfinex: BitfinexPlayback }

/** A venue that repeats one capture of a recording. Throws USAGE for what cannot be played. */
export async function openPlayer(options: PlayOptions): Promise<Venue> {
  const { pace = 1 } = options
  const exchange = options.exchange ?? basename(options.file).split('.')[0] ?? ''
  const kind = PLAYBACKS[exchange]
  if (!kind)
    throw new CollectorError('USAGE', `Recordings of ${exchange} cannot be played.`, {
      remedy: `Play one of: ${Object.keys(PLAYBACKS).join(', ')}; the file's name begins with the exchange.`,
    })
  if (pace !== 'max' && !(pace > 0))
    throw new CollectorError('USAGE', `--pace is ${pace}.`, { remedy: 'Give a number above 0, or max.' })
  return new Player(exchange, kind, await readRecording(options.file, options.capture), pace)
}

/** One recorded capture as a venue. */
class Player implements Venue {
  readonly exchange: string
  readonly manners: SocketManners
  private readonly recording: Recording
  private readonly playback: Playback
  private readonly timeline: Timeline
  private touched = false

  constructor(exchange: string, kind: PlaybackKind, recording: Recording, pace: number | 'max') {
    this.exchange = exchange
    this.recording = recording
    this.playback = new kind({
      recording,
      asked: () => {
        this.touched = true
      },
      passed: (frame) => this.timeline.passed(frame),
      position: () => this.timeline.position,
    })
    this.manners = this.playback.manners
    this.timeline = new Timeline(this.playback.frames, pace)
  }

  state(): Readonly<Record<string, unknown>> {
    return { capture: this.recording.capture, ...this.timeline.state(), position: String(this.timeline.position) }
  }

  connect(link: Link, path: string, query: URLSearchParams): Session | undefined {
    return this.playback.connect(link, path, query)
  }

  http(request: HttpRequest): HttpAnswer {
    const { path, query } = request
    const body =
      this.playback.answer(request) ?? nearestAnswer(this.recording, path, query, this.timeline.position)?.body
    if (body !== undefined) return json(200, body)
    const text = `The recording has no answer to ${path}${query.size > 0 ? `?${query}` : ''}.`
    return json(404, JSON.stringify({ error: text }))
  }

  refusal(status: number, retryAfterS: number | undefined): HttpAnswer {
    const retry = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
    return json(status, JSON.stringify({ error: 'refused by a fault' }), retry)
  }

  tick(now: Nanos): void {
    if (this.touched) this.timeline.touch(now)
    this.touched = false
    this.timeline.advance(now, (frame) => this.playback.play(frame))
  }

  happened(): void {}
}

function json(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body }
}
