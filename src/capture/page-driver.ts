import type { StagedFile } from '../archives/staged-file.js'
import type { ExchangeAdapter, HistoryRequest, Json } from '../exchanges/exchange.js'
import { CollectorError } from '../model/error.js'
import type { HttpAnswer } from '../net/http.js'
import type { Priority } from '../net/rate-limit.js'
import { grownStretch, type PagePurpose } from './bodies.js'
import type { Wish } from './derived-connection.js'
import type { Lane } from './lane.js'
import type { PageOutcome } from './page.js'

export interface PageDriverPorts {
  adapter(exchange: string): ExchangeAdapter
  /** One REST call within the exchange's budget. Throws a CollectorError for anything but a 2xx answer. */
  ask(exchange: string, path: string, weight: number, priority: Priority, signal: AbortSignal): Promise<HttpAnswer>
  /** An answer turned out to be a refusal after all. */
  refused(exchange: string, error: CollectorError): void
  nextConnection(): number
}

interface Fetched extends Omit<PageOutcome, 'grown'> {
  readonly bytes: number
  readonly grown: Json | undefined
}

/** A page may begin several stretches, each named by a frame number of its own: pages are numbered so far apart. */
const NUMBERS_PER_PAGE = 64

/** Drives histories: asks for a page, journals the answer and hands back what derivation made of it. The pages of a lane are those of one connection. */
export class PageDriver {
  private readonly ports: PageDriverPorts
  private readonly lane: Lane
  private readonly connection: number
  private asked = 0
  private outcome: PageOutcome | undefined

  constructor(lane: Lane, ports: PageDriverPorts) {
    this.lane = lane
    this.ports = ports
    this.connection = ports.nextConnection()
  }

  /** What the lane wishes; to be handed here. */
  obey(wish: Wish): void {
    if (wish.wish === 'page') this.outcome = wish.outcome
  }

  async page(
    of: Pick<PagePurpose, 'exchange' | 'dataset' | 'channel'>,
    request: HistoryRequest,
    cursor: Json | undefined,
    grown: Json | undefined,
    priority: Priority,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const feed = this.ports.adapter(of.exchange).history?.find(({ channel }) => channel === of.channel)
    if (!feed) throw new CollectorError('UNSUPPORTED', `${of.exchange} serves no past of ${of.channel}`)
    const { path, weight } = feed.page(request, cursor)
    const answer = await this.ports.ask(of.exchange, path, weight, priority, signal)
    const fetched = this.derive(purposeOf(of, request, cursor, grown), path, answer)
    if (fetched.error) this.ports.refused(of.exchange, fetched.error)
    return fetched
  }

  /** A page that is part `n` of a file. `whole`: see `ArchivePart`. */
  async part(
    of: Pick<PagePurpose, 'exchange' | 'dataset' | 'channel'>,
    request: HistoryRequest,
    cursor: Json | undefined,
    grown: Json | undefined,
    { file, part, whole }: { readonly file: StagedFile; readonly part: number; readonly whole: boolean },
  ): Promise<Fetched> {
    const body = await file.part(part)
    const [wall, mono] = [this.lane.clock.wall(), this.lane.clock.mono()]
    const archive = { sha256: file.sha256, part, last: part === file.parts - 1, whole }
    const purpose = { ...purposeOf(of, request, cursor, grown), archive }
    return this.derive(purpose, file.url, { status: 200, body, asked: wall, wall, mono })
  }

  /** Journals an answer; it is derived in the same turn. */
  private derive(
    purpose: PagePurpose,
    url: string,
    answer: Pick<HttpAnswer, 'status' | 'body' | 'asked' | 'wall' | 'mono'>,
  ): Fetched {
    this.outcome = undefined
    const n = this.asked++ * NUMBERS_PER_PAGE
    const { connection } = this
    const { asked, wall, mono, status, body } = answer
    this.lane.record({
      type: 'rest',
      connection,
      n,
      asked,
      wall,
      mono,
      purpose: JSON.stringify(purpose),
      url,
      status,
      body,
    })
    const outcome: PageOutcome | undefined = this.outcome
    if (!outcome) throw new CollectorError('INTERNAL', 'a page was not derived')
    return { ...(outcome as PageOutcome), bytes: body.length }
  }
}

function purposeOf(
  of: Pick<PagePurpose, 'exchange' | 'dataset' | 'channel'>,
  request: HistoryRequest,
  cursor: Json | undefined,
  grown: Json | undefined,
): PagePurpose {
  return {
    what: 'page',
    ...of,
    request: saved(request),
    ...(cursor === undefined ? {} : { cursor: JSON.parse(JSON.stringify(cursor)) }),
    ...(grown === undefined ? {} : { grown: grownStretch.parse(grown) }),
  }
}

function saved(request: HistoryRequest): PagePurpose['request'] {
  const { symbol, restSymbol, from, until, interval, after, before } = request
  return {
    symbol,
    rest: restSymbol,
    from: from.toString(),
    until: until.toString(),
    ...(interval === undefined ? {} : { interval }),
    ...(after === undefined ? {} : { after: after.toString() }),
    ...(before === undefined ? {} : { before: before.toString() }),
  }
}
